//! Stop, restart, update, extend, delete.

use std::time::Duration;

use coder_client::WorkspaceId;
use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::operations::ListBuildParameters;
use coder_testkit::{FakeCoder, Fault, NewWorkspace, Pace};
use coder_workspaces::{ManageWorkspace, NotReady, Progress, WorkspacesError};
use http::{Method, StatusCode};
use insta::assert_snapshot;

use crate::async_test;
use crate::fake::{client, client_with};
use crate::open::line;

#[async_test]
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

#[async_test]
async fn an_update_uses_the_active_version() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").template("devcontainers").create();
    let template = coder.add_template("devcontainers").new_version("v2");
    let updated = ManageWorkspace::new(&client, id).update(|_| {}).await.unwrap();
    assert_eq!(updated.latest_build.template_version_id, Some(template.active_version_id()));
    assert!(!updated.outdated);
}

#[async_test]
async fn a_start_uses_the_active_version_where_the_template_requires_it() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let template = coder.add_template("devcontainers");
    let [required, free] = ["one", "other"]
        .map(|name| coder.add_workspace(&alice, name).template("devcontainers").stopped().create());
    let template = template.new_version("v2");
    let version_after_start = async |id| {
        let started = ManageWorkspace::new(&client, id).start(|_| {}).await.unwrap();
        started.latest_build.template_version_id
    };
    let active = Some(template.active_version_id());
    assert_ne!(version_after_start(free).await, active);
    template.require_active_version(true);
    assert_eq!(version_after_start(required).await, active);
}

#[async_test]
async fn a_build_that_is_under_way_is_waited_for() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").starting().create();
    let stopped = ManageWorkspace::new(&client, id).stop(|_| {}).await.unwrap();
    assert_eq!(stopped.latest_build.build_number, 2);
}

#[async_test]
async fn what_is_there_or_on_its_way_is_not_asked_for_again() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let running = coder.add_workspace(&alice, "running").create();
    let starting = coder.add_workspace(&alice, "starting").starting().create();
    let stopping = coder.add_workspace(&alice, "stopping").stopping().create();
    let deleted = coder.add_workspace(&alice, "deleted").deleted().create();
    ManageWorkspace::new(&client, running).start(|_| {}).await.unwrap();
    ManageWorkspace::new(&client, running).update(|_| {}).await.unwrap();
    ManageWorkspace::new(&client, starting).start(|_| {}).await.unwrap();
    ManageWorkspace::new(&client, stopping).stop(|_| {}).await.unwrap();
    ManageWorkspace::new(&client, deleted).delete(|_| {}).await.unwrap();
    assert!(coder.requests().iter().all(|request| request.method == "GET"));
}

#[async_test]
async fn a_restart_stops_and_starts() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").create();
    let mut told = Vec::new();
    let restarted = ManageWorkspace::new(&client, id)
        .restart(|progress| told.push(line(&progress)))
        .await
        .unwrap();
    assert_eq!(restarted.latest_build.build_number, 3);
    told.dedup();
    assert_snapshot!(told.join("\n"), @"
    dev is Stopping…: its build is number 1 of 1 in the queue
    log of Setting up: 
    log of Planning Infrastructure: Terraform has been successfully initialized!
    log of Stopping workspace: 
    dev is Stopping…: -
    log of Stopping workspace: Apply complete!
    log of Cleaning Up: 
    dev is Offline: -
    dev is Pending…: its build is number 1 of 1 in the queue
    log of Setting up: 
    log of Planning Infrastructure: Terraform has been successfully initialized!
    log of Starting workspace: 
    dev is Pending…: -
    log of Starting workspace: Apply complete!
    log of Cleaning Up: 
    dev is Pending…: its agent `main` has not connected yet
    dev is Online: -
    ");
}

#[async_test]
async fn a_version_that_wants_another_parameter_gets_it() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").template("devcontainers").create();
    coder.add_template("devcontainers").new_version("v2").required_parameter("team");
    let manage = ManageWorkspace::new(&client, id);
    assert!(matches!(manage.update(|_| {}).await, Err(WorkspacesError::Client(_))));
    let updated = manage.parameter("team", "payments").update(|_| {}).await.unwrap();
    assert!(!updated.outdated);
    let build = ListBuildParameters::new(updated.latest_build.id);
    let parameters = client.send(&build).await.unwrap();
    assert!(parameters.iter().any(|one| one.name == "team" && one.value == "payments"));
}

#[async_test]
async fn somebody_else_s_start_of_the_old_version_is_no_update() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let id = coder.add_workspace(&alice, "dev").outdated().stopped().create();
    let client = client_with(&coder, &alice, "POST", move |coder| coder.start(id));
    let updated = ManageWorkspace::new(&client, id).update(|_| {}).await.unwrap();
    assert!(!updated.outdated);
}

#[async_test]
async fn an_update_whose_build_fails_says_so_and_leaves_it_as_it_is() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").outdated().create();
    let template = coder.add_template("devcontainers").builds_fail("no such image", None);
    let manage = ManageWorkspace::new(&client, id);
    assert_snapshot!(manage.update(|_| {}).await.unwrap_err(), @"the workspace `dev` was not built: its last start failed: no such image");
    template.builds_succeed();
    assert!(!manage.update(|_| {}).await.unwrap().outdated);
}

#[async_test]
async fn a_build_that_coder_refuses_for_want_of_an_account_names_it() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").stopped().create();
    let body = r#"{"message": "External authentication is required.",
        "validations": [{"field": "external_auth", "detail": "github"}]}"#;
    let refusal = Fault::answer(StatusCode::FORBIDDEN, "application/json", body);
    coder.fail_next(refusal.method(Method::POST));
    let error = ManageWorkspace::new(&client, id).start(|_| {}).await.unwrap_err();
    assert_snapshot!(error, @"the workspace `dev` was not built: coder answered 403: External authentication is required.; `external_auth`: github; `alice` must link an account first: github at https://coder.test/external-auth/github");
}

#[async_test]
async fn a_build_whose_answer_is_lost_is_not_asked_for_twice() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").create();
    let builds = format!("/api/v2/workspaces/{id}/builds");
    let manage = ManageWorkspace::new(&client, id);
    coder.fail_next(Fault::answer_lost().method(Method::POST).on(&builds));
    manage.stop(|_| {}).await.unwrap();
    assert_eq!(coder.count("POST", &builds), 1);
    coder.fail_next(Fault::request_lost().method(Method::POST).on(&builds));
    manage.start(|_| {}).await.unwrap();
    assert_eq!(coder.count("POST", &builds), 3);
    coder.fail_next(Fault::answer_lost().method(Method::POST).on(&builds));
    let deleted = manage.delete(|_| {}).await.unwrap();
    assert_eq!(deleted.latest_build.build_number, 4);
}

#[async_test]
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

#[async_test]
async fn waiting_until_ready_ends_in_every_case_and_asks_for_nothing() {
    type Setup = fn(NewWorkspace) -> NewWorkspace;
    let cases: [(&str, Setup); 12] = [
        ("running", |it| it.running()),
        ("starting", |it| it.starting()),
        ("queued", |it| it.queued(2, 3)),
        ("the start script failed", |it| it.startup_failed()),
        ("the build failed", |it| it.failed("quota exceeded")),
        ("the build was canceled", |it| it.canceled()),
        ("stopped", |it| it.stopped()),
        ("on its way to be stopped", |it| it.stopping()),
        ("deleted", |it| it.deleted()),
        ("no agents", |it| it.agents(&[])),
        ("agents never connect", |it| it.agents_never_connect()),
        ("agents are lost", |it| it.agents_lost()),
    ];
    let mut told = String::new();
    for (name, setup) in cases {
        let coder = FakeCoder::new();
        let alice = coder.add_user("alice");
        let id = setup(coder.add_workspace(&alice, "dev")).create();
        let client = client(&coder, &alice);
        let mut looks = 0;
        let manage = ManageWorkspace::new(&client, id);
        let ready = manage.wait_until_ready(|progress| {
            looks += usize::from(matches!(progress, Progress::Waiting(..)));
        });
        let outcome = match ready.await {
            Ok(workspace) => format!("`{}` is ready", workspace.name),
            Err(error) => error.to_string(),
        };
        assert!(looks > 0, "{name}");
        let changes = coder.requests().into_iter().filter(|asked| asked.method != Method::GET);
        assert_eq!(changes.count(), 0, "{name}");
        told += &format!("{name}: {outcome}\n");
    }
    assert_snapshot!(told, @r"
    running: `dev` is ready
    starting: `dev` is ready
    queued: the workspace `dev` is not there yet: its build is number 2 of 3 in the queue; look again later
    the start script failed: `dev` is ready
    the build failed: the workspace `dev` was not built: its last start failed: quota exceeded
    the build was canceled: the workspace `dev` was not built: somebody canceled its build; start it again
    stopped: the workspace `dev` is stopped; start it again
    on its way to be stopped: the workspace `dev` is stopped; start it again
    deleted: the workspace `dev` was deleted
    no agents: `dev` is ready
    agents never connect: the workspace `dev` runs, but cannot be used: `main`: agent is taking too long to connect; restart it
    agents are lost: the workspace `dev` runs, but cannot be used: `main`: agent has lost connection; restart it
    ");
}

#[async_test]
async fn a_workspace_that_is_stopped_or_deleted_while_it_is_waited_for_ends_the_wait() {
    type Change = fn(&FakeCoder, WorkspaceId);
    let changes: [(Change, NotReady); 2] = [
        (|coder, id| coder.stop(id), NotReady::Stopped),
        (|coder, id| coder.delete(id), NotReady::Deleted),
    ];
    for (change, expected) in changes {
        let coder = FakeCoder::new();
        let alice = coder.add_user("alice");
        let id = coder.add_workspace(&alice, "dev").connecting().create();
        let client = client(&coder, &alice);
        let mut looks = 0;
        let manage = ManageWorkspace::new(&client, id);
        let ready = manage.wait_until_ready(|_| {
            looks += 1;
            if looks == 2 {
                change(&coder, id);
            }
        });
        let Err(WorkspacesError::NotReady { problem, .. }) = ready.await else { panic!() };
        assert_eq!(problem, expected);
    }
}

#[async_test]
async fn waiting_ends_with_the_wait_limit() {
    let hours = Pace::every(Duration::from_secs(2 * 60 * 60));
    let coder = FakeCoder::builder().pace(hours).build();
    let alice = coder.add_user("alice");
    let id = coder.add_workspace(&alice, "dev").pending().create();
    let client = client(&coder, &alice);
    let begun = coder.clock().now();
    let manage = ManageWorkspace::new(&client, id).wait_limit(Duration::from_secs(60));
    let Err(WorkspacesError::NotReady { problem, .. }) = manage.wait_until_ready(|_| {}).await
    else {
        panic!()
    };
    assert!(matches!(problem, NotReady::TimedOut { .. }), "{problem:?}");
    assert!(coder.clock().now().duration_since(begun).as_secs() < 90);
}

#[async_test]
async fn more_time_is_given_to_a_workspace_that_has_a_deadline() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").time_to_live(Duration::from_secs(3600)).create();
    let manage = ManageWorkspace::new(&client, id);
    let first = manage.extend(Duration::from_secs(3600)).await.unwrap();
    let second = manage.extend(Duration::from_secs(3600)).await.unwrap();
    let deadline = |workspace: Workspace| workspace.latest_build.deadline.unwrap();
    assert_eq!(deadline(second).duration_since(deadline(first)).as_hours(), 1);

    let endless = coder.add_workspace(&alice, "endless").create();
    let error = ManageWorkspace::new(&client, endless).extend(Duration::from_secs(60)).await;
    assert!(matches!(error, Err(WorkspacesError::NotReady { problem: NotReady::NoDeadline, .. })));
    let starting = coder.add_workspace(&alice, "starting").starting().create();
    let error = ManageWorkspace::new(&client, starting).extend(Duration::from_secs(60)).await;
    assert!(
        matches!(error, Err(WorkspacesError::NotReady { problem: NotReady::Busy, .. })),
        "{error:?}"
    );
    let stopped = coder.add_workspace(&alice, "stopped").stopped().create();
    let error = ManageWorkspace::new(&client, stopped).extend(Duration::from_secs(60)).await;
    assert!(matches!(error, Err(WorkspacesError::NotReady { problem: NotReady::Stopped, .. })));
}
