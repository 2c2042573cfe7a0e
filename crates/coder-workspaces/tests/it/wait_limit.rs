//! How long the engine waits for a Coder that does not answer, and for what it waits.

use std::time::Duration;

use coder_client::ClientError;
use coder_testkit::Fault;
use coder_workspaces::{
    ManageWorkspace, OpenOutcome, OpenWorkspace, OpenedWorkspace, Progress, WorkspacesError,
};
use http::Method;

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
