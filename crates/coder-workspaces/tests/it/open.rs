//! Open, start or create: every way that can go.

use std::time::Duration;

use coder_client::Client;
use coder_client::operations::{CancelBuild, GetWorkspace};
use coder_config::{CoderSpec, Repository, ScmIntegrations, WorkspacesConfig};
use coder_testkit::{FakeCoder, FakeUser, Fault};
use coder_workspaces::{
    Availability, AvailabilityState, EntityWorkspacesConfig, NextAction, NotReady, OpenOutcome,
    OpenWorkspace, OpenedWorkspace, Progress, WorkspacesError, missing_accounts,
};
use http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::async_test;
use crate::fake::{client, client_with};

pub(crate) const PAY: &str = "https://github.com/acme/pay";

pub(crate) struct Scene {
    pub(crate) coder: FakeCoder,
    pub(crate) alice: FakeUser,
    pub(crate) client: Client,
}

/// Makes a deployment with a template, and a user who has nothing yet.
pub(crate) fn scene() -> Scene {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("devcontainers").required_parameter("repo").parameter("region", "eu");
    let client = client(&coder, &alice);
    Scene { coder, alice, client }
}

pub(crate) fn entity() -> EntityWorkspacesConfig {
    entity_from("devcontainers")
}

pub(crate) fn entity_from(template: &str) -> EntityWorkspacesConfig {
    let mut config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
    config.repo_url_param_keys = vec!["git_repo".to_owned(), "repo".to_owned()];
    let mut spec = CoderSpec::default();
    spec.template = Some(template.parse().unwrap());
    let repository = Repository::from_url(PAY, &ScmIntegrations::default()).unwrap();
    EntityWorkspacesConfig::resolve(&config, Some(&spec), Some(&repository))
}

async fn open(client: &Client) -> Result<OpenedWorkspace, WorkspacesError> {
    OpenWorkspace::new(&entity()).run(client, |_| {}).await
}

#[async_test]
async fn a_running_workspace_is_used_as_it_is() {
    let Scene { coder, alice, client } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).create();
    let opened = open(&client).await.unwrap();
    assert_eq!((opened.workspace.id, opened.outcome), (id, OpenOutcome::Found));
    assert_eq!(coder.requests().len(), 1);
}

#[async_test]
async fn a_stopped_workspace_is_started_and_followed() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopped().create();
    let mut told = Vec::new();
    let opened = OpenWorkspace::new(&entity())
        .run(&client, |progress| told.push(line(&progress)))
        .await
        .unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Started);
    told.dedup();
    assert_snapshot!(told.join("\n"), @"
    searching
    reusing dev
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

pub(crate) fn line(progress: &Progress<'_>) -> String {
    match progress {
        Progress::Searching => "searching".to_owned(),
        Progress::Reusing(workspace) => format!("reusing {}", workspace.name),
        Progress::Creating(name) => format!("creating {name}"),
        Progress::Log(line) => format!("log of {}: {}", line.stage, line.output),
        Progress::Waiting(workspace, availability) => format!(
            "{} is {}: {}",
            workspace.name,
            availability.state.label(),
            availability.reason.as_deref().unwrap_or("-")
        ),
        _ => "something new".to_owned(),
    }
}

#[async_test]
async fn a_workspace_that_is_starting_is_waited_for() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).pending().create();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Joined);
    assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 0);
}

#[async_test]
async fn a_workspace_that_is_stopping_is_started_once_it_is_stopped() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopping().create();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Started);
}

#[async_test]
async fn a_start_that_is_being_canceled_is_asked_for_again() {
    let Scene { coder, alice, client } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).starting().create();
    let build = client.send(&GetWorkspace::new(id)).await.unwrap().latest_build.id;
    client.send(&CancelBuild::new(build)).await.unwrap();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Started);
}

#[async_test]
async fn when_somebody_else_starts_it_first_their_build_is_joined() {
    let Scene { coder, alice, .. } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopped().create();
    let client = client_with(&coder, &alice, "POST", move |coder| coder.start(id));
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Joined);
    let builds = format!("/api/v2/workspaces/{id}/builds");
    assert_eq!(coder.count("POST", &builds), 1);
}

#[async_test]
async fn without_a_workspace_one_is_created_from_the_template() {
    let Scene { coder, client, .. } = scene();
    let mut told = Vec::new();
    let opened = OpenWorkspace::new(&entity())
        .parameter("region", "us")
        .run(&client, |progress| told.push(line(&progress)))
        .await
        .unwrap();
    assert_eq!((opened.workspace.name.as_str(), opened.outcome), ("pay", OpenOutcome::Created));
    told.dedup();
    assert_snapshot!(told.join("\n"), @"
    searching
    creating pay
    pay is Pending…: its build is number 1 of 1 in the queue
    log of Setting up: 
    log of Planning Infrastructure: Terraform has been successfully initialized!
    log of Starting workspace: 
    pay is Pending…: -
    log of Starting workspace: Apply complete!
    log of Cleaning Up: 
    pay is Pending…: its agent `main` has not connected yet
    pay is Online: -
    ");
    // The wish can be repeated: now there is one.
    coder.forget_requests();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Found);
    assert_eq!(coder.requests().len(), 1);
}

#[async_test]
async fn a_workspace_of_the_same_name_for_something_else_is_not_touched() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "pay").parameter("repo", "https://github.com/acme/other").create();
    assert_eq!(open(&client).await.unwrap().workspace.name, "pay-2");
    let error = OpenWorkspace::new(&entity())
        .new_name("pay".parse().unwrap())
        .run(&client, |_| {})
        .await
        .unwrap_err();
    assert_snapshot!(error, @"there is another workspace called `pay`; choose another name");
}

#[async_test]
async fn a_new_one_beside_others_is_found_again_by_its_name() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "pay").parameter("repo", PAY).create();
    let wish = entity();
    let wish = OpenWorkspace::new(&wish).new_name("second".parse().unwrap());
    let first = wish.run(&client, |_| {}).await.unwrap();
    assert_eq!((first.workspace.name.as_str(), first.outcome), ("second", OpenOutcome::Created));
    coder.stop(first.workspace.id);
    let again = wish.run(&client, |_| {}).await.unwrap();
    assert_eq!((again.workspace.id, again.outcome), (first.workspace.id, OpenOutcome::Started));
}

#[async_test]
async fn a_workspace_that_is_on_its_way_out_is_not_used() {
    let Scene { coder, alice, client } = scene();
    let id = coder.add_workspace(&alice, "pay").parameter("repo", PAY).create();
    coder.delete(id);
    let opened = open(&client).await.unwrap();
    assert_eq!((opened.workspace.name.as_str(), opened.outcome), ("pay-2", OpenOutcome::Created));
}

#[async_test]
async fn a_log_that_cannot_be_read_does_not_matter() {
    let Scene { coder, client, .. } = scene();
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspacebuilds/").times(100));
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Created);
}

#[async_test]
async fn an_answer_that_is_lost_makes_no_second_workspace() {
    for fault in [Fault::answer_lost(), Fault::request_lost(), Fault::bad_gateway()] {
        let Scene { coder, client, .. } = scene();
        coder.fail_next(fault.method(Method::POST).on("/api/v2/users/me/workspaces"));
        let opened = open(&client).await.unwrap();
        assert_eq!((opened.workspace.name.as_str(), opened.outcome), ("pay", OpenOutcome::Created));
    }
}

#[async_test]
async fn a_build_whose_answer_is_lost_is_not_asked_for_twice() {
    let Scene { coder, alice, client } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopped().create();
    let builds = format!("/api/v2/workspaces/{id}/builds");
    coder.fail_next(Fault::answer_lost().method(Method::POST).on(&builds));
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Started);
    assert_eq!(coder.count("POST", &builds), 1);
}

#[async_test]
async fn an_account_that_is_not_linked_is_named_before_anything_is_created() {
    let Scene { coder, alice, client } = scene();
    coder.add_template("devcontainers").external_auth("primary-github", "GitHub");
    let error = open(&client).await.unwrap_err();
    assert_snapshot!(error, @"link your account first: GitHub at https://coder.test/external-auth/primary-github");
    assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 0);
    coder.link_external_auth(&alice, "primary-github");
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Created);
}

#[async_test]
async fn parameters_are_checked_before_anything_is_created() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("devcontainers").required_parameter("team").rich_parameter(json!({
        "name": "cpu", "type": "number", "validation_min": 2, "validation_max": 16,
    }));
    let wish = entity();
    let wish = OpenWorkspace::new(&wish).parameter("cpu", "64");
    assert_snapshot!(wish.run(&client, |_| {}).await.unwrap_err(), @"parameter `cpu`: Invalid parameter value according to 'validation' block: value 64 is more than the maximum 16; parameter `team`: Required parameter not provided: parameter value is null");
    assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 0);
}

#[async_test]
async fn a_preset_fills_in_what_is_not_said() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("devcontainers").required_parameter("cpu").preset("Large", &[("cpu", "16")]);
    let wish = entity();
    let unknown = OpenWorkspace::new(&wish).preset("Huge").run(&client, |_| {}).await;
    assert_snapshot!(unknown.unwrap_err(), @"the template has no preset `Huge`; it has: `Large`");
    let opened = OpenWorkspace::new(&wish).preset("Large").run(&client, |_| {}).await.unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Created);
}

#[async_test]
async fn a_template_that_cannot_be_used_says_why() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("old").deprecated("use `devcontainers`");
    coder.add_template("twin").organization("platform");
    coder.add_template("twin");
    let mut said = Vec::new();
    for template in ["missing", "default/old", "elsewhere/devcontainers", "twin"] {
        let error = OpenWorkspace::new(&entity_from(template)).run(&client, |_| {}).await;
        said.push(format!("{template}: {}", error.unwrap_err()));
    }
    assert_snapshot!(said.join("\n"), @"
    missing: there is no template `missing` that you may use
    default/old: the template `default/old` is deprecated: use `devcontainers`
    elsewhere/devcontainers: there is no template `elsewhere/devcontainers` that you may use
    twin: several organizations have a template `twin`; name one, like `platform/twin`
    ");
}

#[async_test]
async fn an_agent_that_never_connects_says_so() {
    let Scene { coder, alice, client } = scene();
    let id = coder
        .add_workspace(&alice, "dev")
        .parameter("repo", PAY)
        .agents_never_connect()
        .stopped()
        .create();
    coder.start(id);
    assert_snapshot!(open(&client).await.unwrap_err(), @"the workspace `dev` runs, but cannot be used: `main`: agent is taking too long to connect; restart it");
}

#[async_test]
async fn a_failed_start_script_does_not_keep_anybody_from_working() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).startup_failed().create();
    let opened = open(&client).await.unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Found);
    let now = Availability::new(&opened.workspace, coder.clock().now());
    assert_eq!(now.state, AvailabilityState::Unhealthy);
    assert_snapshot!(now.reason.unwrap(), @"`main`: agent startup script exited with an error; its start script `Startup Script` exited with code 1");
}

#[async_test]
async fn a_workspace_whose_agents_are_lost_is_not_ready_and_not_started_again() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).agents_lost().create();
    assert_snapshot!(open(&client).await.unwrap_err(), @"the workspace `dev` runs, but cannot be used: `main`: agent has lost connection; restart it");
    assert_eq!(coder.requests().len(), 1);
}

#[async_test]
async fn a_build_that_fails_says_why() {
    let Scene { coder, alice, client } = scene();
    let template = coder.add_template("devcontainers");
    template.clone().builds_fail("terraform apply: exit status 1", None);
    assert_snapshot!(open(&client).await.unwrap_err(), @"the workspace `pay` was not built: its last start failed: terraform apply: exit status 1");
    // It is there now. Trying again starts it again, and once the template is mended it works.
    template.clone().builds_fail("quota", Some("INSUFFICIENT_QUOTA"));
    assert_snapshot!(open(&client).await.unwrap_err(), @"the workspace `pay` was not built: its last start failed: the owner's quota does not allow it");
    template.builds_succeed();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Started);
    coder.add_workspace(&alice, "other").create();
    assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 1);
}

#[async_test]
async fn a_workspace_is_opened_with_the_active_version_where_the_template_requires_it() {
    let Scene { coder, alice, client } = scene();
    let template = coder.add_template("devcontainers").require_active_version(true);
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopped().create();
    let active = template.new_version("v2").active_version_id();
    let opened = open(&client).await.unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Started);
    assert_eq!(opened.workspace.latest_build.template_version_id, Some(active));
}

#[async_test]
async fn a_start_that_fails_for_want_of_an_account_names_it() {
    let Scene { coder, alice, client } = scene();
    let template = coder.add_template("devcontainers").external_auth("github", "GitHub");
    let template = template.builds_fail("git clone: could not read Username", None);
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).stopped().create();
    let error = open(&client).await.unwrap_err();
    assert_snapshot!(error, @"the workspace `dev` was not built: its last start failed: git clone: could not read Username; `alice` must link an account first: GitHub at https://coder.test/external-auth/github");
    let workspace = client.send(&GetWorkspace::new(id)).await.unwrap();
    let missing = missing_accounts(&client, &workspace).await.unwrap();
    let now = coder.clock().now();
    let told = Availability::new(&workspace, now).with_missing_accounts(&missing);
    assert_eq!(told.action, NextAction::LinkAccounts);
    assert_snapshot!(told.reason.unwrap(), @"its last start failed: git clone: could not read Username; `alice` must link an account first: GitHub at https://coder.test/external-auth/github");
    // With the account, it is the build's own words again.
    coder.link_external_auth(&alice, "github");
    assert_snapshot!(open(&client).await.unwrap_err(), @"the workspace `dev` was not built: its last start failed: git clone: could not read Username");
    template.builds_succeed();
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Started);
}

#[async_test]
async fn a_workspace_that_is_deleted_meanwhile_is_no_success() {
    let Scene { coder, alice, .. } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).connecting().create();
    let client = client_with(&coder, &alice, "GET /api/v2/workspaces/", move |coder| {
        coder.advance(Duration::from_secs(60));
        coder.delete(id);
    });
    let error = open(&client).await.unwrap_err();
    assert!(
        matches!(error, WorkspacesError::NotReady { problem: NotReady::Deleted, .. }),
        "{error}"
    );
}

#[async_test]
async fn patience_ends() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).queued(3, 7).create();
    let wish = entity();
    let wish = OpenWorkspace::new(&wish).wait_limit(Duration::from_secs(60));
    assert_snapshot!(wish.run(&client, |_| {}).await.unwrap_err(), @"the workspace `dev` is not there yet: its build is number 3 of 7 in the queue; look again later");
}

#[async_test]
async fn when_the_search_fails_nothing_is_created() {
    let Scene { coder, client, .. } = scene();
    coder.fail_next(Fault::sso_redirect().on("/api/v2/workspaces"));
    assert!(matches!(open(&client).await, Err(WorkspacesError::Client(_))));
    assert_eq!(coder.requests().len(), 1);
}

#[async_test]
async fn a_hiccup_while_waiting_does_not_matter() {
    let Scene { coder, alice, client } = scene();
    coder.add_workspace(&alice, "dev").parameter("repo", PAY).pending().create();
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspaces/").times(3));
    assert_eq!(open(&client).await.unwrap().outcome, OpenOutcome::Joined);
}
