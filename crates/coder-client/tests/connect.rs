//! The first ten lines of a program that uses the client.
#![cfg(all(test, feature = "native", not(target_family = "wasm")))]

use coder_client::operations::{GetUser, ListWorkspaces};
use coder_client::{Client, ConnectError, DeploymentUrl, Proxy, ReqwestTransport, with_causes};
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
    insta::assert_snapshot!(told.map(|error| with_causes(&error)).join("\n"));
}

#[tokio::test]
async fn a_url_that_is_read_already_connects() {
    let url: DeploymentUrl = "https://coder.example.com/below/".parse().unwrap();
    assert_eq!(Client::connect(&url, "t").unwrap().deployment(), &url);
    assert_eq!(Client::connect(url.clone(), "t").unwrap().deployment(), &url);
}

#[tokio::test]
async fn plain_http_off_this_machine_is_allowed_by_name_only() {
    let cluster = || Client::builder().url("http://coder.coder.svc.cluster.local").token("t");
    assert!(matches!(cluster().build(), Err(ConnectError::Url { .. })));
    let client = cluster().dangerously_allow_http(true).build().unwrap();
    assert_eq!(client.deployment().as_str(), "http://coder.coder.svc.cluster.local");
    let wrong = Client::builder().url("coder.example.com").dangerously_allow_http(true).build();
    assert!(matches!(wrong, Err(ConnectError::Url { .. })));
}

#[tokio::test]
async fn a_company_needs_no_second_crate() {
    let proxy = Proxy::new("http://127.0.0.1:1").no_proxy(".svc.cluster.local");
    let transport = ReqwestTransport::builder("test/1.0").proxy(proxy).build().unwrap();
    let url = "https://coder.example.com";
    let client = Client::builder().url(url).token("t").transport(transport).build().unwrap();
    let never = client.with_retry(coder_client::RetryPolicy::NEVER);
    let told = with_causes(&never.send(&GetUser::me()).await.unwrap_err());
    assert!(told.contains("the proxy could not be reached"), "{told}");
}

#[test]
fn outside_of_a_runtime_the_error_says_so() {
    let error = Client::connect("https://coder.example.com", "t").unwrap_err();
    assert!(matches!(error, ConnectError::NoRuntime), "{error}");
}
