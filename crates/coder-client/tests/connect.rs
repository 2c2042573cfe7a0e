//! The first ten lines of a program that uses the client.
#![cfg(all(test, feature = "native", not(target_family = "wasm")))]

use coder_client::operations::{GetUser, ListWorkspaces};
use coder_client::{Client, ConnectError};
use coder_testkit::{FakeCoder, FakeServer};

#[tokio::test]
async fn a_url_and_a_token_are_enough() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let alice = server.coder().add_user("alice");
    let url = server.coder().url().as_str();
    let client = Client::connect(url, alice.session_token.clone()).unwrap();
    assert_eq!(client.send(&GetUser::me()).await.unwrap().username, "alice");
    assert!(client.send(&ListWorkspaces::default()).await.unwrap().workspaces.is_empty());
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_told() {
    let told = [
        Client::builder().build().unwrap_err(),
        Client::connect("coder.example.com", "t").unwrap_err(),
        Client::connect("http://coder.example.com", "t").unwrap_err(),
    ];
    insta::assert_snapshot!(told.map(|error| coder_core::with_causes(&error)).join("\n"));
}

#[test]
fn outside_of_a_runtime_the_error_says_so() {
    let error = Client::connect("https://coder.example.com", "t").unwrap_err();
    assert!(matches!(error, ConnectError::NoRuntime), "{error}");
}
