//! How long the engine waits for a Coder that does not answer, and for what it waits.

use std::time::Duration;

use coder_client::ClientError;
use coder_testkit::Fault;
use coder_workspaces::{
    ManageWorkspace, OpenOutcome, OpenWorkspace, OpenedWorkspace, Progress, WorkspacesError,
};
use http::{Method, StatusCode};

use crate::async_test;
use crate::fake::client_with;
use crate::open::{PAY, Scene, entity, line, scene};

/// Opens a workspace that starts, with 90 seconds of wait_limit, while Coder has a fault.
async fn opened(
    faults: impl Fn() -> Fault,
) -> (Result<OpenedWorkspace, WorkspacesError>, Duration) {
    let Scene { coder, alice, .. } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).starting().create();
    let fault = faults();
    let client = client_with(&coder, &alice, "GET /api/v2/workspaces/", move |coder| {
        coder.fail_next(fault);
    });
    let began = coder.clock().now();
    let entity = entity();
    let wish = OpenWorkspace::new(&entity).wait_limit(Duration::from_secs(90));
    let outcome = wish.run(&client, |_| {}).await;
    let waited = coder.clock().now().duration_since(began);
    (outcome, Duration::try_from(waited).unwrap())
}

#[async_test]
async fn an_outage_that_is_shorter_than_the_patience_does_not_matter() {
    for fault in [Fault::connection_refused, Fault::bad_gateway, Fault::request_lost] {
        let (opened, _) = opened(|| fault().times(15)).await;
        assert_eq!(opened.unwrap().outcome, OpenOutcome::Joined, "half a minute of it");
    }
}

#[async_test]
async fn as_long_as_coder_wants_to_be_left_alone_it_is() {
    let (opened, waited) = opened(|| Fault::rate_limited(60)).await;
    assert_eq!(opened.unwrap().outcome, OpenOutcome::Joined);
    assert!(waited >= Duration::from_secs(60), "{waited:?}");
}

#[async_test]
async fn when_the_patience_ends_first_it_is_told_what_coder_said_last() {
    let (refused, waited) = opened(|| Fault::rate_limited(3600)).await;
    assert!(matches!(refused, Err(WorkspacesError::Client(ClientError::RateLimited { .. }))));
    assert!(waited < Duration::from_secs(90), "no answer could come in time: {waited:?}");
    let (lost, waited) = opened(|| Fault::bad_gateway().times(usize::MAX)).await;
    assert!(matches!(lost, Err(WorkspacesError::Client(ClientError::NotJson(_)))));
    assert!(waited <= Duration::from_secs(90), "{waited:?}");
}

#[async_test]
async fn a_start_that_cannot_be_asked_for_is_asked_for_later() {
    let Scene { coder, alice, client } = scene();
    let dev = coder.add_workspace(&alice, "dev").template("any").stopped().create();
    for fault in [Fault::connection_refused().times(9), Fault::rate_limited(60).times(2)] {
        coder.fail_next(fault.method(Method::POST));
        let manage = ManageWorkspace::new(&client, dev);
        manage.start(|_| {}).await.unwrap();
        manage.stop(|_| {}).await.unwrap();
    }
}

#[async_test]
async fn of_a_build_that_was_over_before_no_log_is_told() {
    let Scene { coder, alice, client } = scene();
    let told = async |dev| {
        let mut lines = Vec::new();
        let manage = ManageWorkspace::new(&client, dev);
        let on_progress = |progress: Progress<'_>| {
            if matches!(progress, Progress::Log(_)) {
                lines.push(line(&progress));
            }
        };
        manage.start(on_progress).await.unwrap();
        lines.len()
    };
    let running = coder.add_workspace(&alice, "running").template("any").create();
    assert_eq!(told(running).await, 0);
    let connecting =
        coder.add_workspace(&alice, "connecting").template("any").connecting().create();
    assert_eq!(told(connecting).await, 0);
    let starting = coder.add_workspace(&alice, "starting").template("any").starting().create();
    assert_eq!(told(starting).await, 5, "it is under way");
    let stopped = coder.add_workspace(&alice, "stopped").template("any").stopped().create();
    assert_eq!(told(stopped).await, 5, "it was asked for");
}

/// Makes an error inside of Coder: it cannot reach its database.
fn internal_error() -> Fault {
    let body = r#"{"message": "Internal error.", "detail": "pq: connection refused"}"#;
    Fault::answer(StatusCode::INTERNAL_SERVER_ERROR, "application/json", body)
}

/// The requests of a workspace that is created: search, owner, template, parameters, accounts, and
/// the creation itself.
const STEPS: [(Method, &str); 6] = [
    (Method::GET, "/api/v2/workspaces"),
    (Method::GET, "/api/v2/users/me"),
    (Method::GET, "/api/v2/templates"),
    (Method::POST, "/api/v2/templateversions"),
    (Method::GET, "/api/v2/templateversions"),
    (Method::POST, "/api/v2/users/me/workspaces"),
];

#[async_test]
async fn an_outage_does_not_matter_whenever_it_begins() {
    for (method, path) in STEPS {
        for fault in [
            Fault::bad_gateway().times(8),
            Fault::connection_refused().times(8),
            Fault::rate_limited(60),
            internal_error().times(8),
        ] {
            let Scene { coder, client, .. } = scene();
            coder.fail_next(fault.method(method.clone()).on(path));
            let opened = OpenWorkspace::new(&entity()).run(&client, |_| {}).await;
            let opened = opened.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            assert_eq!(opened.outcome, OpenOutcome::Created);
        }
    }
}

#[async_test]
async fn all_steps_wait_within_the_one_limit_and_tell_that_they_wait() {
    for (method, path) in STEPS {
        let Scene { coder, client, .. } = scene();
        coder.fail_next(internal_error().times(usize::MAX).method(method.clone()).on(path));
        let began = coder.clock().now();
        let mut told = 0;
        let entity = entity();
        let wish = OpenWorkspace::new(&entity).wait_limit(Duration::from_secs(90));
        let count = |progress: Progress<'_>| {
            told += u32::from(matches!(progress, Progress::Unanswered(_)));
        };
        let error = wish.run(&client, count).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "coder answered 500: Internal error: pq: connection refused",
            "{method} {path}"
        );
        let waited = coder.clock().now().duration_since(began).as_secs();
        assert!((40..=90).contains(&waited) && told > 2, "{method} {path}: {waited} s, {told}");
    }
}

#[async_test]
async fn a_proxy_that_has_lost_coder_deletes_nothing() {
    let page = || Fault::answer(StatusCode::NOT_FOUND, "text/plain", "404 page not found");
    let (opened, _) = opened(|| page().times(5)).await;
    assert_eq!(opened.unwrap().outcome, OpenOutcome::Joined);

    let Scene { coder, alice, client } = scene();
    let dev = coder.add_workspace(&alice, "dev").template("any").create();
    let builds = format!("/api/v2/workspaces/{dev}/builds");
    coder.fail_next(page().method(Method::POST).on(&builds));
    ManageWorkspace::new(&client, dev).delete(|_| {}).await.unwrap();
    assert_eq!(coder.workspace(dev).latest_build.status.as_str(), "deleted");

    // What was never reached is not waited for: the URL may be wrong.
    coder.fail_next(page().times(usize::MAX));
    let error = OpenWorkspace::new(&entity()).run(&client, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("check the deployment's URL"), "{error}");
}

#[async_test]
async fn a_build_that_coder_fails_to_order_is_told_with_the_cause() {
    for (fault, cause) in [
        (internal_error(), "coder answered 500: Internal error: pq: connection refused"),
        (
            Fault::answer(StatusCode::OK, "application/json", " ".repeat(9 * 1024 * 1024)),
            "coder's answer is larger than is read",
        ),
    ] {
        let Scene { coder, alice, client } = scene();
        let dev = coder.add_workspace(&alice, "dev").template("any").stopped().create();
        coder.fail_next(fault.times(usize::MAX).method(Method::POST));
        let manage = ManageWorkspace::new(&client, dev).wait_limit(Duration::from_secs(90));
        assert_eq!(manage.start(|_| {}).await.unwrap_err().to_string(), cause);
        assert!(coder.count("POST", &format!("/api/v2/workspaces/{dev}/builds")) < 9);
    }
}
