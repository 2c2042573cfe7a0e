//! Tests code of your own against stubs: one answer for each endpoint of Coder, beside a wiremock
//! mock of your own for a service that is not Coder.
//!
//! ```sh
//! cargo test -p coder-backstage-examples --test mocks_in_a_test
//! ```

use std::error::Error;

use bytes::Bytes;
use coder_client::models::WorkspaceStatus;
use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use coder_core::{ReqwestTransport, Transport as _};
use coder_testkit::wiremock::matchers::{body_json, method, path, query_param};
use coder_testkit::wiremock::{Mock, MockServer, ResponseTemplate};
use coder_testkit::{CoderMock, FakeCoder};
use http::{Request, StatusCode};
use serde_json::json;

/// Tells a chat how many of a person's workspaces have failed: the code under test.
async fn tell_of_failures(client: &Client, chat: &str) -> Result<usize, Box<dyn Error>> {
    let failed = WorkspaceFilter::new().mine().status(&WorkspaceStatus::Failed)?;
    let count = client.send(&ListWorkspaces::new(failed)).await?.workspaces.len();
    if count > 0 {
        let text = json!({ "text": format!("{count} of your workspaces failed") }).to_string();
        let post = Request::post(chat).header("content-type", "application/json");
        let told =
            ReqwestTransport::new("failures/1.0")?.send(post.body(Bytes::from(text))?).await?;
        if !told.status().is_success() {
            return Err("the chat did not take the message".into());
        }
    }
    Ok(count)
}

/// Starts a chat that expects so many messages.
async fn chat(messages: u64) -> MockServer {
    let chat = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hook"))
        .and(body_json(json!({ "text": "1 of your workspaces failed" })))
        .respond_with(ResponseTemplate::new(204))
        .expect(messages)
        .mount(&chat)
        .await;
    chat
}

#[tokio::test]
async fn a_failed_workspace_is_told_to_the_chat_once() {
    // The fake makes the models that the stubs answer with.
    let fake = FakeCoder::new();
    let pay = fake.add_workspace(&fake.add_user("alice"), "pay").create();
    let coder = CoderMock::start().await;
    coder
        .list_workspaces()
        .and(query_param("q", "owner:me status:failed"))
        .ok([fake.workspace(pay)])
        .expect(1)
        .mount()
        .await;
    let chat = chat(1).await;

    let client = Client::connect(coder.url().as_str(), "a-token").unwrap();
    assert_eq!(tell_of_failures(&client, &format!("{}/hook", chat.uri())).await.unwrap(), 1);
}

#[tokio::test]
async fn a_refusal_of_coder_reaches_no_chat() {
    let coder = CoderMock::start().await;
    coder.list_workspaces().api_error(403, "Forbidden.", "").mount().await;
    let chat = chat(0).await;

    let client = Client::connect(coder.url().as_str(), "a-token").unwrap();
    let error = tell_of_failures(&client, &format!("{}/hook", chat.uri())).await.unwrap_err();
    let error: &coder_client::ClientError = error.downcast_ref().unwrap();
    assert_eq!(error.status(), Some(StatusCode::FORBIDDEN));
}
