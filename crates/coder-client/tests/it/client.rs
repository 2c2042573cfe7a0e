//! Sending: credentials, retries, and every kind of answer.

use std::time::Duration;

use crate::support::{Answer, Script, answer, fixture, json};
use bytes::Bytes;
use coder_client::operations::{CreateWorkspaceBuild, GetBuildInfo, GetUser, ListWorkspaces};
use coder_client::{Credential, Error, Operation, RequestError};
use coder_core::{DeploymentUrl, RetryPolicy, Secret, TransportError, TransportErrorKind};
use http::{Request, Response};
use serde_json::Value;

fn failed(kind: TransportErrorKind) -> Answer {
    Err(TransportError::new(kind))
}

#[tokio::test]
async fn a_credential_travels_in_its_header_and_only_where_it_is_needed() {
    let script = Script::of([
        json(200, &fixture("user.json")),
        json(200, &fixture("user.json")),
        json(200, &fixture("buildinfo.json")),
    ]);
    let session = Credential::SessionToken(Secret::new("canary"));
    script.client().with_credential(session).send(&GetUser::me()).await.unwrap();
    let client = script.client().with_credential(Credential::Bearer(Secret::new("canary")));
    client.send(&GetUser::me()).await.unwrap();
    client.send(&GetBuildInfo).await.unwrap();

    let [session, bearer, build_info] = script.requests().try_into().unwrap();
    assert_eq!(session.headers()["coder-session-token"], "canary");
    assert!(!session.headers().contains_key("authorization"));
    assert_eq!(bearer.headers()["authorization"], "Bearer canary");
    assert!(!build_info.headers().contains_key("authorization"));
    assert!(!format!("{session:?} {bearer:?} {client:?}").contains("canary"));
}

/// Somebody's own operation, which points elsewhere.
struct Elsewhere;

impl Operation for Elsewhere {
    type Output = ();

    fn request(&self, _deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        Ok(Request::get("https://evil.test/icon.png").body(Bytes::new()).unwrap())
    }

    fn parse(&self, _response: Response<Bytes>) -> Result<(), Error> {
        Ok(())
    }
}

#[tokio::test]
async fn a_credential_never_leaves_the_deployments_origin() {
    let script = Script::default();
    let client = script.client().with_credential(Credential::Bearer(Secret::new("canary")));
    let error = client.send(&Elsewhere).await.unwrap_err();
    assert!(matches!(error, Error::Request(RequestError::ForeignOrigin)));
    assert!(script.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_its_origin_only() {
    let location = [("location", "https://sso.test/login?token=canary")];
    let script = Script::of([answer(302, &location, "")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    insta::assert_snapshot!(error, @"coder's answer is a redirect to `https://sso.test`; check the deployment's URL, and whether a single-sign-on proxy stands in front of it");
}

#[tokio::test]
async fn reading_is_tried_again_after_a_broken_connection_and_a_proxys_error() {
    let script = Script::of([
        failed(TransportErrorKind::Interrupted),
        answer(502, &[("content-type", "text/html")], "<html>bad gateway"),
        json(200, &fixture("user.json")),
    ]);
    assert_eq!(script.client().send(&GetUser::me()).await.unwrap().username, "dana");
    assert_eq!(script.slept(), Duration::from_millis(200 + 400));
}

#[tokio::test]
async fn the_pause_is_as_long_as_coder_asks() {
    let script =
        Script::of([answer(429, &[("retry-after", "3")], "{}"), json(200, &fixture("user.json"))]);
    script.client().send(&GetUser::me()).await.unwrap();
    assert_eq!(script.slept(), Duration::from_secs(3));
}

#[tokio::test]
async fn a_pause_beyond_the_budget_is_the_callers_to_wait() {
    let script = Script::of([answer(429, &[("retry-after", "60")], "{}")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.is_rate_limited() && error.is_transient());
    assert_eq!(script.slept(), Duration::ZERO);
    insta::assert_snapshot!(error, @"coder limits the rate of requests; try again in 60 seconds");
}

#[tokio::test]
async fn a_build_is_not_asked_for_twice_when_the_first_answer_was_lost() {
    let start =
        CreateWorkspaceBuild::start("9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap());
    let script = Script::of([failed(TransportErrorKind::Interrupted)]);
    let error = script.client().send(&start).await.unwrap_err();
    assert!(error.may_have_been_processed());

    let build = serde_json::from_str::<Value>(&fixture("workspace_pending_created.json")).unwrap();
    let build = build["latest_build"].to_string();
    let script = Script::of([failed(TransportErrorKind::Connect), json(201, &build)]);
    script.client().send(&start).await.unwrap();
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_caller_may_do_without_retries() {
    let script = Script::of([failed(TransportErrorKind::Timeout)]);
    let client = script.client().with_retry(RetryPolicy::NEVER);
    assert!(matches!(client.send(&GetUser::me()).await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn a_login_page_is_shown_for_what_it_is() {
    let headers = [("content-type", "text/html; charset=utf-8")];
    let page = "\n<!doctype html>\n<title>Sign in</title>\n".to_owned() + &"x".repeat(1000);
    let script = Script::of([answer(200, &headers, page)]);
    let error = script.client().send(&ListWorkspaces::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"did not receive JSON from coder, but status 200 with `text/html; charset=utf-8` that begins with `<!doctype html> <title>Sign in</title> xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`; check the deployment's URL, and whether a login page or proxy stands in front of it");
}

#[tokio::test]
async fn the_start_of_an_answer_that_may_hold_a_token_is_not_kept() {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let script = Script::of([answer(200, &headers, "access_token=canary")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[tokio::test]
async fn json_of_another_shape_names_the_place() {
    let mut list: Value = serde_json::from_str(&fixture("workspaces_list.json")).unwrap();
    list["workspaces"][1]["latest_build"]["build_number"] = "two".into();
    let script = Script::of([json(200, &list.to_string())]);
    let error = script.client().send(&ListWorkspaces::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"coder's answer is not as expected at `workspaces[1].latest_build.build_number`");
}

#[tokio::test]
async fn both_error_dialects_are_understood() {
    let errors: serde_json::Map<String, Value> =
        serde_json::from_str(&fixture("errors.json")).unwrap();
    let mut said = String::new();
    for (name, error) in errors {
        let status = u16::try_from(error["status"].as_u64().unwrap()).unwrap();
        let headers: Vec<(&str, &str)> = error["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let script = Script::of([answer(status, &headers, error["body"].to_string())]);
        let client = script.client().with_retry(RetryPolicy::NEVER);
        let error = client.send(&GetUser::me()).await.unwrap_err();
        said += &format!("{name}: {error}\n");
    }
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn each_refusal_has_its_predicate() {
    type Predicate = fn(&Error) -> bool;
    let cases: [(u16, &str, Predicate); 7] = [
        (401, r#"{"message": "API key is invalid."}"#, Error::is_unauthorized),
        (401, "not json at all", Error::is_unauthorized),
        (403, r#"{"message": "Forbidden."}"#, Error::is_forbidden),
        (404, r#"{"message": "Resource not found"}"#, Error::is_not_found),
        (404, r#"{"message": "Route not found."}"#, Error::is_unsupported),
        (409, "", Error::is_conflict),
        (410, "", Error::is_gone),
    ];
    for (status, body, predicate) in cases {
        let script = Script::of([answer(status, &[], body.to_owned())]);
        let error = script.client().send(&GetUser::me()).await.unwrap_err();
        assert!(predicate(&error), "{status} {body}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_message_cannot_forge_a_line_of_a_log() {
    let script = Script::of([json(400, r#"{"message": "bad\nERROR all is lost"}"#)]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.to_string(), "coder answered 400: bad ERROR all is lost");
}
