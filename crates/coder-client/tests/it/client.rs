//! Sending: credentials, retries, and every kind of answer.

use std::time::Duration;

use crate::async_test;
use crate::door::Door;
use crate::support::{Answer, Script, answer, failed, fixture, json};
use bytes::Bytes;
use coder_client::operations::{
    CreateWorkspaceBuild, GetBuildInfo, GetUser, GetWorkspace, ListWorkspaces,
};
use coder_client::{ClientError, Credential, Operation, RequestError};
use coder_core::{DeploymentUrl, RetryPolicy, Secret, TransportErrorKind};
use coder_testkit::FakeCoder;
use http::{Request, Response};
use serde_json::Value;

#[async_test]
async fn a_credential_travels_in_its_header_and_only_where_it_is_needed() {
    let script = Script::new([
        json(200, fixture("user.json")),
        json(200, fixture("user.json")),
        json(200, fixture("buildinfo.json")),
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

    fn request(&self, _deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        Ok(Request::get("https://evil.test/icon.png").body(Bytes::new()).unwrap())
    }

    fn parse(&self, _response: Response<Bytes>) -> Result<(), ClientError> {
        Ok(())
    }
}

#[async_test]
async fn a_credential_never_leaves_the_deployments_origin() {
    let script = Script::default();
    let client = script.client().with_credential(Credential::Bearer(Secret::new("canary")));
    let error = client.send(&Elsewhere).await.unwrap_err();
    assert!(matches!(error, ClientError::Request(RequestError::ForeignOrigin)));
    assert!(script.requests().is_empty());
}

#[async_test]
async fn a_redirect_is_an_error_that_names_its_origin_only() {
    let location = [("location", "https://sso.test/login?token=canary")];
    let script = Script::new([answer(302, &location, "")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    insta::assert_snapshot!(error, @"coder's answer is a redirect to `https://sso.test`; check the deployment's URL, and whether a single-sign-on proxy stands in front of it");
}

#[async_test]
async fn reading_is_tried_again_after_a_broken_connection_and_a_proxys_error() {
    let script = Script::new([
        failed(TransportErrorKind::Interrupted),
        answer(502, &[("content-type", "text/html")], "<html>bad gateway"),
        json(200, fixture("user.json")),
    ]);
    assert_eq!(script.client().send(&GetUser::me()).await.unwrap().username, "dana");
    assert_eq!(script.slept(), Duration::from_millis(200 + 400));
}

#[async_test]
async fn the_pause_is_as_long_as_coder_asks() {
    let script =
        Script::new([answer(429, &[("retry-after", "3")], "{}"), json(200, fixture("user.json"))]);
    script.client().send(&GetUser::me()).await.unwrap();
    assert_eq!(script.slept(), Duration::from_secs(3));
}

#[async_test]
async fn a_pause_beyond_the_budget_is_the_callers_to_wait() {
    let script = Script::new([answer(429, &[("retry-after", "60")], "{}")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert!(error.is_rate_limited() && error.is_transient());
    assert_eq!(script.slept(), Duration::ZERO);
    insta::assert_snapshot!(error, @"coder limits the rate of requests; try again in 60 seconds");
}

#[async_test]
async fn a_batch_waits_for_as_long_as_coder_asks() {
    let limited = || answer(429, &[("retry-after", "60")], "{}");
    let script = Script::new([limited(), limited(), json(200, fixture("user.json"))]);
    let client = script.client().with_retry(RetryPolicy::BATCH);
    let client = client.with_deadline(Duration::from_secs(660));
    client.send(&GetUser::me()).await.unwrap();
    assert_eq!(script.slept(), Duration::from_secs(120));
}

#[async_test]
async fn nothing_that_a_peer_says_breaks_a_line_or_fills_the_log() {
    let evil = "a\n2026-01-01 INFO signed in \u{1b}[2J\u{202e}".to_owned() + &"x".repeat(10_000);
    let json_text = serde_json::json!({
        "message": evil, "detail": evil, "error": evil,
        "validations": vec![serde_json::json!({ "field": evil, "detail": evil }); 1000],
    });
    let headers = [("content-type", "text/html"), ("x-coder-request-id", &*"y".repeat(10_000))];
    for said in [json(400, &json_text.to_string()), answer(400, &headers, evil)] {
        let error = Script::new([said]).client().send(&GetUser::me()).await.unwrap_err();
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(['\n', '\u{1b}', '\u{202e}']), "{shown}");
            assert!(shown.chars().count() < 25 * 210 + 300, "{}", shown.len());
            assert!(!shown.contains(&"x".repeat(201)) && !shown.contains(&"y".repeat(201)));
        }
    }
}

#[async_test]
async fn each_operation_has_a_limit_for_its_answer() {
    let long = |bytes| answer(200, &[], " ".repeat(bytes));
    assert!(GetUser::me().max_answer() <= 1024 * 1024 && GetBuildInfo.max_answer() <= 1024 * 1024);
    let cut = |error: ClientError| match error {
        ClientError::Transport(error) => error.kind() == TransportErrorKind::TooLarge,
        other => panic!("{other:?}"),
    };
    let script = Script::new([long(GetUser::me().max_answer() + 1)]);
    assert!(cut(script.client().send(&GetUser::me()).await.unwrap_err()));
    let script = Script::new([long(ListWorkspaces::default().max_answer() + 1)]);
    assert!(cut(script.client().send(&ListWorkspaces::default()).await.unwrap_err()));
}

#[async_test]
async fn an_operation_has_one_deadline_for_all_its_tries() {
    let script = Script::new([failed(TransportErrorKind::Interrupted)]);
    let client = script.client().with_deadline(Duration::from_secs(7));
    script.hang_when_nothing_is_prepared();
    let error = client.send(&GetUser::me()).await.unwrap_err();
    insta::assert_snapshot!(coder_core::with_causes(&error), @"coder could not be reached: no answer in time: nothing came within 7s");
    assert!(!error.is_outcome_unknown(), "it only reads");
    assert_eq!(script.requests().len(), 2);
}

#[async_test]
async fn a_try_that_is_silent_has_failed_and_the_next_one_may_succeed() {
    let script = Script::new([failed(TransportErrorKind::Interrupted)]);
    script.hang_when_nothing_is_prepared();
    let client = script.client().with_timeout(Duration::from_secs(1));
    let begun = script.slept();
    let error = client.send(&GetUser::me()).await.unwrap_err();
    insta::assert_snapshot!(coder_core::with_causes(&error), @"coder could not be reached: no answer in time: nothing came within 1s");
    assert_eq!(script.requests().len(), 3, "each try of the policy was made");
    assert!(script.slept() - begun < Duration::from_secs(10));
}

#[async_test]
async fn a_batch_waits_as_long_as_coder_asks() {
    let limited = || answer(429, &[("retry-after", "60")], "{}");
    let user = fixture("user.json");
    let script = Script::new([limited(), limited(), json(200, user)]);
    let client = script.client();
    assert!(matches!(client.send(&GetUser::me()).await, Err(ClientError::RateLimited { .. })));
    let script = Script::new([limited(), limited(), json(200, user)]);
    script.client().with_retry(RetryPolicy::BATCH).send(&GetUser::me()).await.unwrap();
}

#[async_test]
async fn an_absurd_pause_is_an_hour() {
    let asked = [("retry-after", "18446744073709551615")];
    let script =
        Script::new([answer(429, &[("retry-after", "2")], "{}"), answer(429, &asked, "{}")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[async_test]
async fn a_build_is_not_asked_for_twice_when_the_first_answer_was_lost() {
    let start =
        CreateWorkspaceBuild::start("9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap());
    let script = Script::new([failed(TransportErrorKind::Interrupted)]);
    let error = script.client().send(&start).await.unwrap_err();
    assert!(error.may_have_been_processed());

    let build = serde_json::from_str::<Value>(fixture("workspace_pending_created.json")).unwrap();
    let build = build["latest_build"].to_string();
    let script = Script::new([failed(TransportErrorKind::Connect), json(201, &build)]);
    script.client().send(&start).await.unwrap();
    assert_eq!(script.requests().len(), 2);
}

#[async_test]
async fn a_caller_may_do_without_retries() {
    let script = Script::new([failed(TransportErrorKind::Timeout)]);
    let client = script.client().with_retry(RetryPolicy::NEVER);
    assert!(matches!(client.send(&GetUser::me()).await, Err(ClientError::Transport(_))));
}

#[async_test]
async fn a_login_page_is_shown_for_what_it_is() {
    let headers = [("content-type", "text/html; charset=utf-8")];
    let page = "\n<!doctype html>\n<title>Sign in</title>\n".to_owned() + &"x".repeat(1000);
    let script = Script::new([answer(200, &headers, page)]);
    let error = script.client().send(&ListWorkspaces::default()).await.unwrap_err();
    insta::assert_snapshot!(error, @"did not receive JSON from coder, but status 200 with `text/html; charset=utf-8` that begins with `<!doctype html> <title>Sign in</title> xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`; check the deployment's URL, and whether a login page or proxy stands in front of it");
}

#[async_test]
async fn the_start_of_an_answer_that_may_hold_a_token_is_not_kept() {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let script = Script::new([answer(200, &headers, "access_token=canary")]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[async_test]
async fn an_answer_of_another_shape_is_told_with_its_operation_its_place_and_the_release() {
    let mut workspace: Value = serde_json::from_str(fixture("workspace_running.json")).unwrap();
    workspace["owner_id"] = 7.into();
    let json = ("content-type", "application/json");
    let release = ("x-coder-build-version", "v2.36.0+8f1c2d3");
    let script = Script::new([answer(200, &[json, release], workspace.to_string())]);
    let get = GetWorkspace::new("9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap());
    let error = script.client().send(&get).await.unwrap_err();
    insta::assert_snapshot!(error, @"coder's answer to `GetWorkspace` is not as expected at `owner_id`: a number instead of a UUID; the release is 2.36.0");
}

#[async_test]
async fn an_item_that_cannot_be_read_is_told_beside_the_others() {
    let mut list: Value = serde_json::from_str(fixture("workspaces_list.json")).unwrap();
    let all = list["workspaces"].as_array().unwrap().len();
    list["workspaces"][1].as_object_mut().unwrap().remove("name");
    list["workspaces"][0]["latest_build"]["build_number"] = "two".into();
    let script = Script::new([json(200, &list.to_string())]);
    let page = script.client().send(&ListWorkspaces::default()).await.unwrap();
    assert_eq!((page.workspaces.len(), page.workspaces.received()), (all - 1, all));
    let unreadable = page.workspaces.unreadable();
    assert_eq!(unreadable.len(), 1);
    insta::assert_snapshot!(unreadable[0], @"`[1].name`: nothing instead of a text");
}

#[async_test]
async fn both_error_dialects_are_understood() {
    let errors: serde_json::Map<String, Value> =
        serde_json::from_str(fixture("errors.json")).unwrap();
    let mut said = String::new();
    for (name, error) in errors {
        let status = u16::try_from(error["status"].as_u64().unwrap()).unwrap();
        let headers: Vec<(&str, &str)> = error["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let script = Script::new([answer(status, &headers, error["body"].to_string())]);
        let client = script.client().with_retry(RetryPolicy::NEVER);
        let error = client.send(&GetUser::me()).await.unwrap_err();
        said += &format!("{name}: {error}\n");
    }
    insta::assert_snapshot!(said, @r#"
    api_audience: coder answered 403: Token audience validation failed
    api_bad_format: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: Invalid API key format: incorrect amount of API key parts, expected 2 got 1
    api_bad_search: coder answered 400: Invalid workspace search query.; `q`: Query element "param:repo=https://x" can only contain 1 ':'
    api_bad_secret: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: API key secret is invalid.
    api_body_too_large: coder answered 413: Request body too large: Maximum request body size is 4194304 bytes.
    api_build_active: coder answered 409: A workspace build is already active.
    api_conflict_name: coder answered 409: Workspace "payments-api" already exists.; `name`: This value is already in use and should be unique.
    api_expired: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: API key expired at "2026-08-20 09:31:42.118204 +0000 UTC".
    api_external_auth: coder answered 403: External authentication is required to create a workspace with this template: The workspace owner must authenticate with the following external auth providers: GitHub.; `external_auth`: primary-github
    api_forbidden: coder answered 403: Forbidden: You don't have permission to view this content. If you believe this is a mistake, please contact your administrator or try signing in with different credentials.
    api_gone: coder answered 410: Workspace "fec94b8c-d8e6-456c-a165-bac80b11b3c2" was deleted, you can view this workspace by specifying '?include_deleted=true' and trying again.
    api_no_token: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: Cookie "coder_session_token" or query parameter must be provided.
    api_not_found: coder answered 404: Resource not found or you do not have access to this resource
    api_rate_limited: coder limits the rate of requests; try again in 60 seconds
    api_route_not_found: `GetUser` is not available at this coder: it came later, is switched off, or is not part of this build
    api_suspended: coder answered 401: User is not active (status = "suspended"). Contact an admin to reactivate your account.
    api_unknown_key: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: API key is invalid.
    api_validation: coder answered 400: Validation failed.; `name`: Validation failed for tag "workspace_name" with value: "bad name"
    dcr_bad_metadata: coder answered 400: invalid redirect_uris: redirect URI at index 0 must use https scheme for non-localhost URLs (invalid_client_metadata)
    dcr_disabled: `GetUser` is not available at this coder: Dynamic client registration is disabled on this deployment (invalid_request)
    oauth_bad_code: coder answered 400: The authorization code is invalid or expired (invalid_grant)
    oauth_bad_refresh: coder answered 400: The refresh token is invalid or expired (invalid_grant)
    oauth_bad_resource: coder answered 400: The resource parameter is invalid (invalid_target)
    oauth_bad_verifier: coder answered 400: The PKCE code verifier is invalid (invalid_grant)
    oauth_conflicting_auth: coder answered 400: Conflicting client credentials between Authorization header and request body (invalid_request)
    oauth_excess_param_pre_2_38: coder answered 400: The request is missing required parameters or is otherwise malformed (invalid_request)
    oauth_experiment_off_pre_2_38: `GetUser` is not available at this coder: OAuth2 Provider functionality requires enabling the 'oauth2' experiment.
    oauth_invalid_client: coder answered 401: The client credentials are invalid (invalid_client)
    oauth_malformed_verifier: coder answered 400: The code_verifier parameter must be 43 to 128 characters from the unreserved character set [A-Za-z0-9-._~] (RFC 7636 §4.1) (invalid_request)
    oauth_missing_client_id: coder answered 400: Missing client_id parameter (invalid_request)
    oauth_missing_param: coder answered 400: Missing required parameter: code (invalid_request)
    oauth_provider_off_2_38: `GetUser` is not available at this coder: it came later, is switched off, or is not part of this build
    oauth_rate_limited_2_38: coder limits the rate of requests
    oauth_unsupported_grant: coder answered 400: The grant type is missing or unsupported (unsupported_grant_type)
    "#);
}

#[async_test]
async fn each_refusal_has_its_predicate() {
    type Predicate = fn(&ClientError) -> bool;
    let cases: [(u16, &str, Predicate); 7] = [
        (401, r#"{"message": "API key is invalid."}"#, ClientError::is_unauthorized),
        (401, "not json at all", ClientError::is_unauthorized),
        (403, r#"{"message": "Forbidden."}"#, ClientError::is_forbidden),
        (404, r#"{"message": "Resource not found"}"#, ClientError::is_not_found),
        (404, r#"{"message": "Route not found."}"#, ClientError::is_unsupported),
        (409, r#"{"message": "A workspace build is already active."}"#, ClientError::is_conflict),
        (410, r#"{"message": "Workspace is gone."}"#, ClientError::is_gone),
    ];
    for (status, body, predicate) in cases {
        let script = Script::new([answer(status, &[], body.to_owned())]);
        let error = script.client().send(&GetUser::me()).await.unwrap_err();
        assert!(predicate(&error), "{status} {body}");
        assert!(!error.is_transient());
    }
}

#[async_test]
async fn a_message_cannot_forge_a_line_of_a_log() {
    let script = Script::new([json(400, r#"{"message": "bad\nERROR all is lost"}"#)]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    assert_eq!(error.to_string(), "coder answered 400: bad ERROR all is lost");
}

/// Makes answers of a status that mean something at Coder, but that something else has given.
fn of_a_stranger(status: u16) -> [Answer; 4] {
    [
        answer(status, &[("content-type", "text/plain")], "404 page not found"),
        answer(status, &[], ""),
        json(status, "{}"),
        json(status, r#"{"status": 404, "path": "/"}"#),
    ]
}

#[async_test]
async fn only_coder_s_own_answer_says_that_something_is_gone_or_in_the_way() {
    let client = |said| Script::new([said]).client().with_retry(RetryPolicy::NEVER);
    let verdicts = |error: &ClientError| {
        [error.is_not_found(), error.is_gone(), error.is_conflict(), error.is_too_early()]
    };
    for (place, status) in [404, 410, 409, 425].into_iter().enumerate() {
        for said in of_a_stranger(status) {
            let error = client(said).send(&GetUser::me()).await.unwrap_err();
            assert_eq!(verdicts(&error), [false; 4], "{error}");
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            assert_eq!(error.is_inconclusive(), matches!(status, 404 | 410), "{error}");
        }
        let said = json(status, r#"{"message": "Resource not found."}"#);
        let error = client(said).send(&GetUser::me()).await.unwrap_err();
        assert!(verdicts(&error)[place] && !error.is_inconclusive(), "{error}");
    }
}

#[async_test]
async fn an_error_inside_of_coder_says_nothing_about_what_was_asked() {
    let inconclusive = async |status, body: &str| {
        let client = Script::new([json(status, body)]).client().with_retry(RetryPolicy::NEVER);
        client.send(&GetUser::me()).await.unwrap_err().is_inconclusive()
    };
    let broken = r#"{"message": "Internal error.", "detail": "pq: connection refused"}"#;
    let refused = r#"{"message": "Internal error.", "detail": "unauthorized: rbac: forbidden"}"#;
    assert!(inconclusive(500, broken).await);
    assert!(!inconclusive(500, refused).await, "that is a refusal");
    assert!(!inconclusive(400, broken).await);
    assert!(inconclusive(429, broken).await && inconclusive(503, broken).await);
}

#[async_test]
async fn an_answer_that_is_too_large_is_called_so() {
    let script = Script::new([answer(200, &[], " ".repeat(GetUser::me().max_answer() + 1))]);
    let error = script.client().send(&GetUser::me()).await.unwrap_err();
    insta::assert_snapshot!(error, @"coder's answer is larger than is read");
}

#[async_test]
async fn an_owner_asks_beyond_the_rate_limit_where_the_operator_agrees() {
    let door = Door::to(FakeCoder::builder().rate_limits(true)).await;
    let owner = door.client(&door.coder.add_owner("root")).with_retry(RetryPolicy::NEVER);
    let bypass = owner.clone().with_rate_limit_bypass();
    for _ in 0..513 {
        bypass.send(&GetUser::me()).await.unwrap();
    }
    for _ in 0..512 {
        owner.send(&GetUser::me()).await.unwrap();
    }
    assert!(owner.send(&GetUser::me()).await.unwrap_err().is_rate_limited());
}
