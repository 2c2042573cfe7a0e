//! What the program prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_coder-conformance")).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// The address of a port where nobody listens any more.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn each_step_is_taken_whatever_became_of_the_one_before() {
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
    for step in ["oauth of 2.36.0", "api of 2.36.0", "off of 2.36.0", "sign in", "search"] {
        let line = format!("{step}: `ada` cannot sign in with the password of the seed file");
        assert!(told.contains(&line), "{step}: {told}");
        assert!(error.contains(step), "{error}");
    }
}

#[test]
fn a_release_that_was_not_recorded_is_a_failure() {
    let seed = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("unrecorded.json");
    let text = serde_json::json!({
        "kind": "fake", "base": format!("http://{}", nobody()), "password": "p", "org": "",
        "users": {}, "templates": {}, "versions": {}, "workspaces": {}, "builds": {},
    });
    std::fs::write(&seed, text.to_string()).unwrap();
    let output = run(&["--world", seed.to_str().unwrap(), "--release", "2.99.0", "--part", "api"]);
    assert_eq!(output.status.code(), Some(1));
    let (told, _) = printed(&output);
    assert_eq!(told, "2.99.0: nothing was recorded of this release\n");
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
