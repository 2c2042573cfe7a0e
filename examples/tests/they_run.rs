//! The examples do what they say, at a fake Coder behind a real socket.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::process::Stdio;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{ReqwestTransport, SystemClock, Transport as _};
use coder_testkit::{FakeCoder, FakeServer, Pace};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Starts a server with a user who has two workspaces, and returns that user's token.
async fn coder() -> (FakeServer, String) {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let alice = server.coder().add_user("alice");
    let payments = "https://github.com/acme/payments.git";
    server.coder().add_workspace(&alice, "pay-dev").parameter("repo", payments).create();
    server.coder().add_workspace(&alice, "scratch").stopped().create();
    (server, alice.session_token.expose().to_owned())
}

/// Returns what an example prints.
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
async fn create_workspace_follows_it_until_it_is_ready() {
    // The build is under way when the example looks for the first time.
    let pace = Pace::every(Duration::from_millis(500));
    let builder = FakeCoder::builder().clock(Arc::new(SystemClock)).pace(pace);
    let server = FakeServer::start(builder).await.unwrap();
    let alice = server.coder().add_user("alice");
    server.coder().add_template("small");
    let coder = (server, alice.session_token.expose().to_owned());
    let example = env!("CARGO_BIN_EXE_create_workspace");
    let printed = output(example, &["small", "dev"], &coder).await;
    assert!(printed.contains("Planning Infrastructure: Terraform has been"), "{printed}");
    assert!(printed.ends_with("dev is ready\n"), "{printed}");
}

#[tokio::test]
async fn push_template_pushes_the_template_that_stands_beside_it() {
    let builder = FakeCoder::builder().clock(Arc::new(SystemClock)).pace(Pace::INSTANT);
    let server = FakeServer::start(builder).await.unwrap();
    let root = server.coder().add_owner("root");
    let coder = (server, root.session_token.expose().to_owned());
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/template");
    let example = env!("CARGO_BIN_EXE_push_template");
    for first in [true, false] {
        let printed = output(example, &["devcontainers", directory], &coder).await;
        assert!(printed.starts_with("uploading the files\nimporting the version "), "{printed}");
        let creates = printed.contains("creating the template devcontainers");
        assert_eq!(creates, first, "{printed}");
        assert!(printed.ends_with(" of devcontainers is active\n"), "{printed}");
    }
    let terraform = std::fs::read_to_string(format!("{directory}/main.tf")).unwrap();
    assert!(terraform.contains(r#"data "coder_parameter" "repo""#), "what docs/workspaces.md says");
}

#[tokio::test]
async fn watch_workspace_says_what_changes() {
    let (server, token) = coder().await;
    let mut watching = Command::new(env!("CARGO_BIN_EXE_watch_workspace"))
        .arg("pay-dev")
        .env("CODER_URL", server.coder().url().as_str())
        .env("CODER_SESSION_TOKEN", &token)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut line = async || lines.next_line().await.unwrap().unwrap();
    assert_eq!(line().await, "pay-dev is running, healthy");
    let alice = server.coder().add_user("alice");
    server.coder().delete(workspace(server.coder(), &alice, "pay-dev").await);
    assert_eq!(line().await, "pay-dev is pending, healthy");
}

/// Returns the id of a workspace.
async fn workspace(
    coder: &FakeCoder,
    user: &coder_testkit::FakeUser,
    name: &str,
) -> coder_client::WorkspaceId {
    let world = coder_core::World::native(coder.clone()).unwrap();
    let client = coder_client::Client::new(&world, coder.url().clone())
        .with_credential(coder_client::Credential::SessionToken(user.session_token.clone()));
    let get = coder_client::operations::GetWorkspaceByName::new("me", name);
    client.send(&get).await.unwrap().id
}

#[tokio::test]
async fn register_oauth2_app_prints_what_a_portal_needs() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let token = server.coder().add_owner("root").session_token.expose().to_owned();
    let example = env!("CARGO_BIN_EXE_register_oauth2_app");
    let arguments = ["portal", "https://portal.test/callback"];
    let printed = output(example, &arguments, &(server, token)).await;
    assert!(printed.contains("client secret: coder_"), "{printed}");
    assert!(printed.contains("/oauth2/authorize\n"), "{printed}");
}

#[tokio::test]
async fn repository_workspaces_finds_those_of_a_repository() {
    let url = "https://github.com/acme/payments/tree/main/docs";
    let example = env!("CARGO_BIN_EXE_repository_workspaces");
    let printed = output(example, &[url], &coder().await).await;
    assert!(printed.contains("pay-dev") && !printed.contains("scratch"), "{printed}");
    assert!(printed.contains("/templates/devcontainers/workspace?"), "{printed}");
}

#[tokio::test]
async fn open_workspace_creates_one_and_finds_it_again() {
    let builder = FakeCoder::builder().clock(Arc::new(SystemClock)).pace(Pace::INSTANT);
    let server = FakeServer::start(builder).await.unwrap();
    let alice = server.coder().add_user("alice");
    server.coder().add_template("devcontainers").required_parameter("repo");
    let coder = (server, alice.session_token.expose().to_owned());
    let example = env!("CARGO_BIN_EXE_open_workspace");
    let payments = ["https://github.com/acme/payments"];
    let printed = output(example, &payments, &coder).await;
    assert!(printed.contains("Terraform has been successfully initialized!"), "{printed}");
    assert!(printed.contains("payments is new\n"), "{printed}");
    assert!(printed.contains("vscode://coder.coder-remote/open?owner=alice"), "{printed}");
    let printed = output(example, &payments, &coder).await;
    assert!(printed.starts_with("payments was running\n"), "{printed}");
}

#[tokio::test]
async fn scaffolder_service_makes_a_workspace_once() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let coder = server.coder();
    coder.add_template("devcontainers").required_parameter("repo");
    coder.add_user("dana");
    let token = coder.add_owner("scaffolder").session_token;
    let mut service = Command::new(env!("CARGO_BIN_EXE_scaffolder_service"))
        .env("CODER_URL", coder.url().as_str())
        .env("CODER_SESSION_TOKEN", token.expose())
        .env("LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(service.stdout.take().unwrap()).lines();
    let service_url = lines.next_line().await.unwrap().unwrap();

    let wish = |repository: &str| {
        let body = json!({"owner": "dana", "name": "payments", "repository": repository});
        Request::post(format!("{service_url}/workspaces"))
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .unwrap()
    };
    let transport = ReqwestTransport::new("scaffolder-test/1.0").unwrap();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = transport.send(wish("https://github.com/acme/payments")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let body = answer.into_body().collect(1 << 20).await.unwrap();
        answers.push(serde_json::from_slice::<Value>(&body).unwrap());
    }
    assert_eq!((&answers[0]["created"], &answers[1]["created"]), (&json!(true), &json!(false)));
    assert_eq!(answers[0]["id"], answers[1]["id"]);
    assert!(answers[0]["url"].as_str().unwrap().ends_with("/@dana/payments"), "{answers:?}");
    let other = transport.send(wish("https://github.com/acme/other")).await.unwrap();
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
