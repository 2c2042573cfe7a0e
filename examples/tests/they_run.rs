//! The examples do what they say, at a fake Coder behind a real socket.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::process::Stdio;

use coder_testkit::{FakeCoder, FakeServer};
use tokio::process::Command;

/// A server with a user who has two workspaces, and that user's token.
async fn coder() -> (FakeServer, String) {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let alice = server.coder().add_user("alice");
    let payments = "https://github.com/acme/payments.git";
    server.coder().add_workspace(&alice, "pay-dev").parameter("repo", payments).create();
    server.coder().add_workspace(&alice, "scratch").stopped().create();
    (server, alice.session_token.expose().to_owned())
}

/// What an example prints.
async fn output(
    example: &str,
    arguments: &[&str],
    (server, token): &(FakeServer, String),
) -> String {
    let output = Command::new(example)
        .args(arguments)
        .env("CODER_URL", server.coder().url().as_str())
        .env("CODER_SESSION_TOKEN", token)
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn list_workspaces_lists_them() {
    let printed = output(env!("CARGO_BIN_EXE_list_workspaces"), &[], &coder().await).await;
    assert!(printed.starts_with("alice has 2 workspaces\n"), "{printed}");
    assert!(printed.contains("pay-dev") && printed.contains("scratch"), "{printed}");
}

#[tokio::test]
async fn repository_workspaces_finds_those_of_a_repository() {
    let url = "https://github.com/acme/payments/tree/main/docs";
    let example = env!("CARGO_BIN_EXE_repository_workspaces");
    let printed = output(example, &[url], &coder().await).await;
    assert!(printed.contains("pay-dev") && !printed.contains("scratch"), "{printed}");
    assert!(printed.contains("/templates/devcontainers/workspace?"), "{printed}");
}
