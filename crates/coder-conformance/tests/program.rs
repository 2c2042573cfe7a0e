//! What the program prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coder-conformance")).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Returns the address of a port where nobody listens any more.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_server_that_does_not_answer_is_named_with_the_reason() {
    let seed = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nobody.json");
    let text = serde_json::json!({
        "kind": "real", "base": format!("http://{}", nobody()), "password": "p", "org": "",
        "users": { "ada": { "id": "" } }, "templates": {}, "versions": {}, "workspaces": {},
        "builds": {},
    });
    std::fs::write(&seed, text.to_string()).unwrap();
    let output = run(&["--world", seed.to_str().unwrap(), "--release", "2.36.0"]);
    let (told, error) = printed(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("the server: `http://127.0.0.1:"), "{told}");
    assert!(told.contains("refused"), "{told}");
    assert!(told.contains("check `base` in the seed file"), "{told}");
    assert_eq!(error, "error: 1 failed: the server\n");
}

#[test]
fn a_release_that_was_not_recorded_is_a_failure() {
    let fake = Serving::start("unrecorded.json");
    let output = run(&["--world", fake.seed(), "--release", "2.99.0", "--part", "api"]);
    assert_eq!(output.status.code(), Some(1));
    let (told, _) = printed(&output);
    assert_eq!(
        told,
        "2.99.0: nothing was recorded of this release; \
         `--release` takes 2.24.6, 2.29.19, 2.31.14, 2.34.6, 2.36.0\n"
    );
}

#[test]
fn a_server_is_compared_with_its_own_release_and_accepted_differences_are_no_failures() {
    let fake = Serving::start("own.json");
    let output = run(&["--world", fake.seed(), "--part", "api"]);
    let (told, error) = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{told}{error}");
    assert!(told.starts_with("api of 2.36.0: "), "{told}");
}

#[test]
fn a_token_of_the_seed_file_that_is_refused_is_named() {
    let fake = Serving::start("refused.json");
    let mut seed: Value = serde_json::from_slice(&std::fs::read(fake.seed()).unwrap()).unwrap();
    seed["users"]["grace"]["token"] = "of-another-world".into();
    std::fs::write(fake.seed(), seed.to_string()).unwrap();
    let (told, _) = printed(&run(&["--world", fake.seed()]));
    assert_eq!(
        told,
        "the server: the server refuses the token of `grace` in the seed file (401); \
         write the file anew\n"
    );
}

/// A fake that the program serves, which ends with the test.
struct Serving {
    program: Child,
    seed: String,
}

impl Serving {
    fn start(seed: &str) -> Self {
        let port = free_port().to_string();
        let seed = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(seed);
        let seed = seed.to_str().unwrap().to_owned();
        let mut program = Command::new(env!("CARGO_BIN_EXE_coder-conformance"))
            .args(["--fake", "V2_36", "--serve", &port, "--seed", &seed])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains(&format!("at http://127.0.0.1:{port}")), "{ready}");
        Self { program, seed }
    }

    fn seed(&self) -> &str {
        &self.seed
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }
}

/// Returns a port that is free, like the one 1000 above it.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let above = port.checked_add(1000);
        if above.is_some_and(|above| TcpListener::bind(("127.0.0.1", above)).is_ok()) {
            return port;
        }
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let taken = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // The control door is 1000 above it.
        if listener.local_addr().unwrap().port() < 64_000 {
            break listener;
        }
    };
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--fake", "V2_36", "--serve", &port]);
    assert_eq!(output.status.code(), Some(1));
    let (told, _) = printed(&output);
    assert!(
        told.starts_with(&format!("serving the fake: cannot listen on port {port} of 127.0.0.1: ")),
        "{told}"
    );
    assert!(told.contains("choose a PORT of which both are free"), "{told}");
}

#[test]
fn somebody_who_is_added_again_has_done_nothing_yet() {
    let fake = Serving::start("added.json");
    let seed: Value = serde_json::from_slice(&std::fs::read(fake.seed()).unwrap()).unwrap();
    let say = |line: &str| -> Value {
        let mut door = TcpStream::connect(seed["control"].as_str().unwrap()).unwrap();
        writeln!(door, "{line}").unwrap();
        let mut answer = String::new();
        BufReader::new(door).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    let first = say("add ivan");
    assert_eq!(say("suspend ivan"), serde_json::json!({}));
    let second = say("add ivan");
    assert_ne!(first["id"], second["id"]);
    assert!(second["token"].is_string(), "ivan signs in again: {second}");
    for (line, error) in
        [("add ada", "`ada` is in the world already"), ("suspend nobody", "there is no `nobody`")]
    {
        assert_eq!(say(line)["error"], error);
    }
}
