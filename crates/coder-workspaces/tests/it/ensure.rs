//! One call for automation, which can be repeated.

use coder_client::Client;
use coder_client::models::WorkspaceStatus;
use coder_testkit::{FakeCoder, Fault};
use coder_workspaces::{EnsureWorkspace, EnsuredWorkspace, ManageWorkspace, WorkspacesError};
use http::Method;
use insta::assert_snapshot;

use crate::async_test;
use crate::fake::{client, client_with};
use crate::open::{PAY, Scene, entity, scene};

async fn ensure(client: &Client) -> Result<EnsuredWorkspace, WorkspacesError> {
    let entity = entity();
    EnsureWorkspace::new(&entity, "payments".parse().unwrap()).run(client).await
}

fn created(coder: &FakeCoder) -> usize {
    coder.count("POST", "/api/v2/users/me/workspaces")
}

#[async_test]
async fn the_second_call_finds_what_the_first_one_made() {
    let Scene { coder, alice, client } = scene();
    let first = ensure(&client).await.unwrap();
    assert!(first.created);
    assert_eq!(first.workspace.latest_build.status, WorkspaceStatus::Pending);
    // Another process, which knows nothing of the first call.
    let second = ensure(&crate::fake::client(&coder, &alice)).await.unwrap();
    assert_eq!((second.workspace.id, second.created), (first.workspace.id, false));
    assert_eq!(created(&coder), 1);
}

#[async_test]
async fn an_answer_that_is_lost_makes_no_second_one() {
    for fault in [Fault::answer_lost(), Fault::request_lost(), Fault::bad_gateway()] {
        let Scene { coder, client, .. } = scene();
        coder.fail_next(fault.method(Method::POST).on("/api/v2/users/me/workspaces"));
        assert!(ensure(&client).await.unwrap().created);
        assert!(!ensure(&client).await.unwrap().created);
    }
}

#[async_test]
async fn a_process_that_ends_before_it_hears_anything_has_made_what_the_next_one_finds() {
    let Scene { coder, alice, client } = scene();
    let dying = client_with(&coder, &alice, "POST /api/v2/users/me/workspaces", |coder| {
        coder.fail_next(Fault::answer_lost().method(Method::POST).on("/api/v2/users/me/"));
        coder.fail_next(Fault::sso_redirect().on("/api/v2/users/me/workspace/"));
    });
    assert!(matches!(ensure(&dying).await, Err(WorkspacesError::Client(_))));
    assert!(!ensure(&client).await.unwrap().created);
    assert_eq!(created(&coder), 1);
}

#[async_test]
async fn of_two_calls_at_once_one_creates() {
    let Scene { coder, alice, .. } = scene();
    let rival = coder.add_workspace(&alice, "payments").parameter("repo", PAY).pending();
    let client = client_with(&coder, &alice, "POST /api/v2/users/me/workspaces", move |_| {
        rival.create();
    });
    assert!(!ensure(&client).await.unwrap().created);
}

#[async_test]
async fn what_was_made_is_followed_until_it_is_ready() {
    let Scene { coder, client, .. } = scene();
    let ensured = ensure(&client).await.unwrap();
    let manage = ManageWorkspace::new(&client, ensured.workspace.id);
    let ready = manage.start(|_| {}).await.unwrap();
    assert_eq!(ready.latest_build.build_number, 1);
    let builds = format!("/api/v2/workspaces/{}/builds", ready.id);
    assert_eq!(coder.count("POST", &builds), 0);
}

#[async_test]
async fn an_administrator_s_automation_makes_it_for_somebody_else() {
    let Scene { coder, alice, .. } = scene();
    coder.add_template("devcontainers").external_auth("github", "GitHub");
    let root = client(&coder, &coder.add_owner("root"));
    coder.link_external_auth(&coder.add_owner("root"), "github");
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).owner("alice");
    assert_snapshot!(wish.run(&root).await.unwrap_err(), @"`alice` must link an account first: GitHub at https://coder.test/external-auth/github");
    coder.link_external_auth(&alice, "github");
    let ensured = wish.run(&root).await.unwrap();
    assert_eq!((ensured.workspace.owner_name.as_str(), ensured.created), ("alice", true));
    assert!(!wish.run(&root).await.unwrap().created);
    let nobody = wish.owner("nobody").run(&root).await;
    assert_snapshot!(nobody.unwrap_err(), @"there is no user `nobody` that you may create workspaces for; workspaces for others need the rights of an owner at Coder");
}

#[async_test]
async fn what_is_there_is_found_although_nothing_could_be_created_any_more() {
    let Scene { coder, client, .. } = scene();
    ensure(&client).await.unwrap();
    coder.add_template("devcontainers").external_auth("github", "GitHub");
    assert!(!ensure(&client).await.unwrap().created);
}

#[async_test]
async fn another_workspace_of_the_name_is_not_touched() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "payments").parameter("repo", "https://x.test/a").create();
    assert_snapshot!(ensure(&client).await.unwrap_err(), @"there is another workspace called `payments`; choose another name");
}
