//! Calls of routes that have no operation.

use std::time::Duration;

use coder_client::{Call, ClientError, Operation};
use coder_core::TransportErrorKind;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::async_test;
use crate::support::{Script, answer, failed, json};

#[derive(Debug, Deserialize, PartialEq)]
struct SshKey {
    public_key: String,
}

#[async_test]
async fn a_call_carries_what_it_was_given_and_reads_what_it_was_asked_for() {
    let script = Script::new([json(200, r#"{"public_key":"ssh-ed25519 AAAA","more":1}"#)]);
    let call = Call::<SshKey>::put(["users", "a b", "gitsshkey"])
        .query("dry run", true)
        .query("dry run", "&")
        .json(&json!({"kind": "ed25519"}));
    let key = script.client().send(&call).await.unwrap();
    assert_eq!(key, SshKey { public_key: "ssh-ed25519 AAAA".to_owned() });
    let request = &script.requests()[0];
    assert_eq!(request.method(), Method::PUT);
    assert_eq!(
        request.uri().to_string(),
        "https://coder.test/api/v2/users/a%20b/gitsshkey?dry+run=true&dry+run=%26"
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.body(), r#"{"kind":"ed25519"}"#);
}

#[async_test]
async fn bytes_go_as_they_are_and_a_path_may_be_beside_the_api() {
    let script = Script::new([answer(204, &[], "")]);
    let call = Call::<()>::post(["upload"]).at_root().body("application/x-tar", "tar");
    script.client().send(&call).await.unwrap();
    let request = &script.requests()[0];
    assert_eq!(request.uri().to_string(), "https://coder.test/upload");
    assert_eq!(request.headers()["content-type"], "application/x-tar");
    assert_eq!(request.body(), "tar");
}

#[async_test]
async fn an_answer_without_content_is_nothing_and_no_content_where_some_is_expected_is_an_error() {
    let script = Script::new([answer(204, &[], ""), answer(204, &[], ""), answer(200, &[], "")]);
    let client = script.client();
    client.send(&Call::<()>::delete(["a"])).await.unwrap();
    assert_eq!(client.send(&Call::<Option<SshKey>>::get(["a"])).await.unwrap(), None);
    let error = client.send(&Call::<SshKey>::get(["a"])).await.unwrap_err();
    assert!(matches!(error, ClientError::NotJson(_)), "{error:?}");
}

#[async_test]
async fn an_error_of_coder_is_the_same_error_as_for_an_operation() {
    let script = Script::new([json(404, r#"{"message":"Resource not found."}"#)]);
    let error = script.client().send(&Call::<()>::get(["a"])).await.unwrap_err();
    assert!(error.is_not_found());
}

#[async_test]
async fn only_a_call_that_may_be_repeated_is_repeated() {
    let lost = || failed(TransportErrorKind::Interrupted);
    let script = Script::new([lost(), lost(), answer(200, &[], "")]);
    let client = script.client();
    client.send(&Call::<()>::post(["a"])).await.unwrap_err();
    client.send(&Call::<()>::post(["a"]).repeatable(true)).await.unwrap();
    assert!(script.slept() < Duration::from_secs(10));
    assert_eq!(script.requests().len(), 3);
}

#[test]
fn no_segment_leaves_the_path_and_no_debug_text_tells_a_query_or_a_body() {
    let deployment = "https://coder.test/below".parse().unwrap();
    for segment in ["..", ".", "", "a/b"] {
        let request = Call::<()>::get(["users", segment]).request(&deployment);
        assert!(matches!(request, Err(ClientError::Request(_))), "{segment}");
    }
    let call = Call::<()>::post(["users"]).query("token", "secret").json("secret");
    assert_eq!(format!("{call:?}"), "Call(POST /api/v2/users)");
}
