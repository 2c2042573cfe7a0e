//! Stop, restart, update, extend, delete.

use std::time::Duration;

use coder_client::models::WorkspaceStatus;
use coder_testkit::FakeCoder;
use coder_workspaces::{Error, ManageWorkspace, Stuck};

use crate::fake::{client, client_with};

#[tokio::test]
async fn a_workspace_is_stopped_started_and_deleted() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").create();
    let manage = ManageWorkspace::new(&client, id);
    let stopped = manage.stop(|_| {}).await.unwrap();
    assert_eq!(stopped.latest_build.status, WorkspaceStatus::Stopped);
    let started = manage.start(|_| {}).await.unwrap();
    assert_eq!(started.latest_build.build_number, 3);
    let deleted = manage.delete(|_| {}).await.unwrap();
    assert_eq!(deleted.latest_build.status, WorkspaceStatus::Deleted);
    assert!(manage.start(|_| {}).await.is_err());
}

#[tokio::test]
async fn an_update_uses_the_active_version() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").template("devcontainers").create();
    let template = coder.add_template("devcontainers").new_version("v2");
    let updated = ManageWorkspace::new(&client, id).update(|_| {}).await.unwrap();
    assert_eq!(updated.latest_build.template_version_id, template.active_version_id());
    assert!(!updated.outdated);
}

#[tokio::test]
async fn a_build_that_is_under_way_is_waited_for() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").starting().create();
    let stopped = ManageWorkspace::new(&client, id).stop(|_| {}).await.unwrap();
    assert_eq!(stopped.latest_build.build_number, 2);
}

#[tokio::test]
async fn a_workspace_that_somebody_starts_again_is_not_stopped() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let id = coder.add_workspace(&alice, "dev").stopping().create();
    coder.advance(Duration::from_secs(600));
    let client = client_with(&coder, &alice, "GET /api/v2/workspaces/", |_| {});
    coder.start(id);
    coder.advance(Duration::from_secs(600));
    let stopped = ManageWorkspace::new(&client, id).stop(|_| {}).await.unwrap();
    assert_eq!(stopped.latest_build.status, WorkspaceStatus::Stopped);
}

#[tokio::test]
async fn more_time_is_given_to_a_workspace_that_has_a_deadline() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").time_to_live(Duration::from_secs(3600)).create();
    let manage = ManageWorkspace::new(&client, id);
    let first = manage.extend(Duration::from_secs(3600)).await.unwrap();
    let second = manage.extend(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(second.duration_since(first).as_hours(), 1);

    let endless = coder.add_workspace(&alice, "endless").create();
    let error = ManageWorkspace::new(&client, endless).extend(Duration::from_secs(60)).await;
    assert!(matches!(error, Err(Error::Stuck { problem: Stuck::Stopped, .. })));
}
