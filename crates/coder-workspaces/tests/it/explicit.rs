//! What a caller names, what is there already, and what this version does not know.

use std::time::Duration;

use coder_client::Client;
use coder_client::operations::CreateWorkspaceBuild;
use coder_workspaces::{EnsureWorkspace, EnsuredWorkspace, OpenWorkspace, WorkspacesError};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::async_test;
use crate::fake::client;
use crate::open::{PAY, Scene, entity, entity_from, scene};
use crate::support::{Coder, fixture};

async fn ensure(client: &Client) -> Result<EnsuredWorkspace, WorkspacesError> {
    EnsureWorkspace::new(&entity(), "payments".parse().unwrap()).run(client).await
}

#[async_test]
async fn a_parameter_that_the_caller_names_and_the_template_has_not_is_refused() {
    for classic in [false, true] {
        let Scene { coder, client, .. } = scene();
        coder.add_template("devcontainers").classic_parameters(classic);
        let entity = entity();
        let mut said = Vec::new();
        for name in ["nope", "Region"] {
            let opened = OpenWorkspace::new(&entity).parameter(name, "eu");
            said.push(opened.run(&client, |_| {}).await.unwrap_err().to_string());
            let ensured = EnsureWorkspace::new(&entity, "payments".parse().unwrap());
            let ensured = ensured.parameter(name, "eu").run(&client).await;
            assert_eq!(ensured.unwrap_err().to_string(), *said.last().unwrap());
        }
        assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 0);
        let told = [
            "parameter `nope`: is not one of the template's; it has: `region`, `repo`",
            "parameter `Region`: is not one of the template's; did you mean `region`?",
        ];
        assert_eq!(said, told);
    }
}

#[async_test]
async fn a_workspace_that_is_there_is_found_although_the_template_has_changed() {
    let Scene { coder, client, .. } = scene();
    ensure(&client).await.unwrap();
    let template = coder.add_template("devcontainers").required_parameter("team");
    assert!(!ensure(&client).await.unwrap().created, "it asks for more");
    let template = template.importing(true);
    assert!(!ensure(&client).await.unwrap().created, "a version is being imported");
    template.importing(false).deprecated("use another one");
    assert!(!ensure(&client).await.unwrap().created, "it is deprecated");
    let entity = entity();
    let opened = OpenWorkspace::new(&entity).new_name("payments".parse().unwrap());
    assert_eq!(opened.run(&client, |_| {}).await.unwrap().workspace.name, "payments");
    assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 1);
}

#[async_test]
async fn a_workspace_that_is_being_deleted_is_called_so() {
    let Scene { coder, alice, client } = scene();
    let dev = coder.add_workspace(&alice, "payments").parameter("repo", PAY).create();
    client.send(&CreateWorkspaceBuild::delete(dev)).await.unwrap();
    assert_snapshot!(ensure(&client).await.unwrap_err(), @"the workspace `payments` is being deleted; try again when it is gone");
    coder.advance(Duration::from_secs(600));
    assert!(ensure(&client).await.unwrap().created);
}

#[async_test]
async fn a_deprecated_template_is_told_with_its_message_however_it_is_named() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("old").deprecated("use `devcontainers`");
    for name in ["old", "default/old"] {
        let entity = entity_from(name);
        let error = OpenWorkspace::new(&entity).run(&client, |_| {}).await.unwrap_err();
        let told = format!("the template `{name}` is deprecated: use `devcontainers`");
        assert_eq!(error.to_string(), told);
    }
}

#[async_test]
async fn a_version_that_is_imported_for_too_long_is_told_with_what_to_do() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("devcontainers").importing(true);
    assert_snapshot!(ensure(&client).await.unwrap_err(), @"coder still imports the active version of the template `devcontainers`; try again in a minute");
}

#[async_test]
async fn a_list_that_lacks_what_coder_counts_is_not_an_empty_one() {
    for page in [json!({}), json!({ "workspaces": null, "count": 7 }), json!({ "count": 0 })] {
        let told = page.to_string();
        let coder = Coder::new(move |_| (200, page.clone()));
        let opened = OpenWorkspace::new(&entity()).run(&coder.client(), |_| {}).await;
        assert_eq!(coder.asked().len(), 1, "nothing is created after {told}: {opened:?}");
    }
    let coder = Coder::new(|_| (200, json!({ "workspaces": null, "count": 7 })));
    let error = OpenWorkspace::new(&entity()).run(&coder.client(), |_| {}).await.unwrap_err();
    assert!(matches!(error, WorkspacesError::Incomplete(_)), "{error}");
}

#[async_test]
async fn what_this_version_does_not_know_is_not_ready() {
    let blocks = json!([{ "id": uuid(), "run_on_start": true, "start_blocks_login": true }]);
    let changes: [fn(&mut Value); 3] = [
        |agent| agent["status"] = "warming_up".into(),
        |agent| agent["lifecycle_state"] = "provisioning".into(),
        |agent| agent["name"] = Value::Null,
    ];
    for change in changes {
        let mut workspace = fixture("workspace_running");
        let agent = &mut workspace["latest_build"]["resources"][0]["agents"][0];
        agent["scripts"] = blocks.clone();
        change(agent);
        let coder = Coder::new(move |url| match url.path() {
            "/api/v2/workspaces" => (200, json!({ "count": 1, "workspaces": [workspace] })),
            path if path.ends_with("/logs") => (200, json!([])),
            _ => (200, workspace.clone()),
        });
        let entity = entity();
        let wish = OpenWorkspace::new(&entity).wait_limit(Duration::ZERO);
        let error = wish.run(&coder.client(), |_| {}).await.expect_err("not ready");
        assert!(error.to_string().contains("is not there yet: "), "{error}");
    }
}

fn uuid() -> &'static str {
    "5c91f94f-facd-4d54-b1a0-35901278f339"
}

#[async_test]
async fn an_administrator_learns_whose_account_is_missing() {
    let Scene { coder, .. } = scene();
    coder.add_template("devcontainers").external_auth("github", "GitHub");
    let root = client(&coder, &coder.add_owner("root"));
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).owner("alice");
    assert_snapshot!(wish.run(&root).await.unwrap_err(), @"`alice` must link an account first: GitHub at https://coder.test/external-auth/github");
}
