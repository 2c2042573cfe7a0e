//! An administrator's commands, beside a running server on a SQLite file.
#![cfg(unix)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::path::Path;
use std::process::{Command, Stdio};

use coder_testkit::FakeCoder;
use http::StatusCode;
use serde_json::Value;
use serving::browsing::PORTAL;
use serving::{House, PEOPLE, Process, SIGN_IN, write_people};

/// Writes a portal where Alice and Bob sign in to Backstage.
fn configure(house: &House, directory: &Path) {
    let config = format!(
        "app: {{ baseUrl: '{PORTAL}' }}
backend: {{ baseUrl: '{PORTAL}', listen: '127.0.0.1:0' }}
auth:
  providers:
    coder:
      development: {{ {}, {SIGN_IN} }}
{PEOPLE}",
        house.application()
    );
    std::fs::write(directory.join("app-config.yaml"), config).unwrap();
    write_people(directory, &["alice", "bob"]);
}

/// Runs a command to its end; returns whether it succeeds, and what it prints and logs.
fn run(directory: &Path, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    for variable in ["STATE_DIRECTORY", "RUST_LOG", "BACKSTAGE_ENV", "NODE_EXTRA_CA_CERTS"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    (output.status.success(), out, err)
}

fn json(directory: &Path, arguments: &[&str]) -> Value {
    let (is_good, out, err) = run(directory, arguments);
    assert!(is_good, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_beside_a_running_server() {
    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    configure(&house, place);
    let (is_good, out, err) = run(place, &["sessions", "list"]);
    assert!(!is_good, "{out}");
    assert!(err.contains("nothing to administer"), "{err}");

    let process = Process::start(place, |_| {});
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    let of_alice =
        [house.signed_in(&process, &alice).await, house.signed_in(&process, &alice).await];
    let of_bob = house.signed_in(&process, &bob).await;
    let listed = json(place, &["sessions", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed:#}");
    let (_, table, _) = run(place, &["sessions", "list", "--user", "alice"]);
    assert_eq!(table.matches("user:default/alice").count(), 2, "{table}");
    assert!(!table.contains("bob"), "{table}");

    let (is_good, out, err) = run(place, &["sessions", "end", "--user", "alice"]);
    assert!(!is_good, "{out}");
    assert!(err.contains("say `--yes`"), "{err}");
    let id: String = listed[0]["session"].as_str().unwrap().chars().take(10).collect();
    let ended = json(place, &["sessions", "end", "--session", &id, "--yes", "--json"]);
    assert_eq!(ended["sessions"], 1);
    let listed = json(place, &["sessions", "list", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed:#}");

    let (is_good, out, err) = run(place, &["sessions", "end", "--user", "alice", "--yes"]);
    assert!(is_good, "{out}{err}");
    assert!(out.contains("no token waits to be revoked at Coder"), "{out}");
    assert!(err.contains("an administrator has ended a session"), "{err}");
    assert_eq!(house.coder().count_pairs(&alice), 0);
    for browser in &of_alice {
        assert_eq!(browser.refresh(&process).await.status(), StatusCode::UNAUTHORIZED);
    }
    let (is_good, _, err) = run(place, &["sessions", "end", "--user", "alice", "--yes"]);
    assert!(!is_good && err.contains("nobody is signed in as `alice`"), "{err}");

    let (is_good, out, err) = run(place, &["sessions", "end", "--all", "--yes"]);
    assert!(is_good, "{out}{err}");
    assert_eq!(of_bob.refresh(&process).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&bob), 0);
    for (arguments, told) in [
        (&["sessions", "list"][..], "nobody is signed in\n"),
        (&["sessions", "list", "--user", "alice"], "nobody is signed in as `alice`\n"),
    ] {
        let (is_good, out, err) = run(place, arguments);
        assert!(is_good && out == told, "{out}{err}");
    }
    assert_eq!(json(place, &["sessions", "list", "--json"]), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_person_who_is_forgotten() {
    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    configure(&house, place);
    let process = Process::start(place, |_| {});
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    let of_alice = house.signed_in(&process, &alice).await;
    let of_bob = house.signed_in(&process, &bob).await;
    assert_eq!(serving::count_rows(place, "coder_auth_persons").await, 2);

    let forgotten = json(place, &["people", "forget", "user:default/alice", "--yes", "--json"]);
    assert_eq!(forgotten["sessions"], 1, "{forgotten:#}");
    assert_eq!(forgotten["persons"], 1, "{forgotten:#}");
    assert_eq!(forgotten["unrevoked"], 0, "{forgotten:#}");
    for table in ["coder_auth_persons", "coder_auth_grants", "coder_auth_sessions"] {
        assert_eq!(serving::count_rows(place, table).await, 1, "{table}: Bob's is left");
    }
    assert_eq!(serving::count_rows(place, "coder_auth_revocations").await, 0);
    assert_eq!(house.coder().count_pairs(&alice), 0);
    assert_eq!(of_alice.refresh(&process).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(of_bob.refresh(&process).await.status(), StatusCode::OK);
    let (is_good, out, _) = run(place, &["people", "forget", &alice.id.to_string(), "--yes"]);
    assert!(is_good && out.starts_with("nothing is kept of `"), "{out}");
    let (is_good, _, err) = run(place, &["people", "forget", "alice", "--yes"]);
    assert!(!is_good && err.contains("found by the user id"), "{err}");
}
