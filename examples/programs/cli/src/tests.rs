//! The program's commands at the fake Coder.

use coder_testkit::{FakeCoder, FakeUser};

use super::*;

async fn ws(coder: &FakeCoder, user: &FakeUser, command: &[&str]) -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::try_parse_from([&["ws"], command].concat())?;
    run(&coder.client(user), arguments.command).await
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_created_stopped_started_and_deleted() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("devcontainers").required_parameter("repo");
    let create = ["create", "devcontainers", "dev", "--param", "repo=https://github.com/acme/pay"];
    for command in [&create[..], &["stop", "dev"], &["start", "dev"], &["list"]] {
        ws(&coder, &alice, command).await.unwrap();
    }
    ws(&coder, &alice, &["delete", "dev"]).await.unwrap();
    assert!(ws(&coder, &alice, &["start", "dev"]).await.is_err(), "it is gone");
}

#[test]
fn a_url_needs_its_token_and_a_status_is_one_of_coders() {
    let parse = |arguments: &[&str]| Arguments::try_parse_from([&["ws"], arguments].concat());
    assert!(parse(&["--url", "https://coder.example.com", "list"]).is_err());
    assert!(parse(&["--url", "https://coder.example.com", "--token", "t", "list"]).is_ok());
    assert!(parse(&["list", "--param", "repo"]).is_err());
}
