//! Presets beside values, which Coder lets lose silently; and two creations of one name at once.

use coder_client::operations::ListBuildParameters;
use coder_client::{BuildId, Client};
use coder_testkit::Fault;
use coder_workspaces::{EnsureWorkspace, EnsuredWorkspace, OpenWorkspace};
use http::{Method, StatusCode};
use insta::assert_snapshot;

use crate::async_test;
use crate::fake::{client, client_with};
use crate::open::{PAY, Scene, entity, scene};

const OTHER: &str = "https://github.com/acme/other";

async fn values(client: &Client, build: BuildId) -> String {
    let mut values: Vec<String> = client
        .send(&ListBuildParameters::new(build))
        .await
        .unwrap()
        .into_iter()
        .map(|parameter| format!("{}={}", parameter.name, parameter.value))
        .collect();
    values.sort();
    values.join(" ")
}

async fn ensure(client: &Client, preset: &str) -> EnsuredWorkspace {
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).preset(preset);
    wish.run(client).await.unwrap()
}

#[async_test]
async fn a_preset_of_another_repository_is_refused() {
    for classic in [false, true] {
        let Scene { coder, client, .. } = scene();
        let template = coder.add_template("devcontainers").classic_parameters(classic);
        template.preset("Other", &[("repo", OTHER)]);
        let entity = entity();
        let opened = OpenWorkspace::new(&entity).preset("Other").run(&client, |_| {}).await;
        let said = opened.unwrap_err().to_string();
        assert_eq!(
            said,
            "the preset `Other` sets `repo` to `https://github.com/acme/other`, but \
             `https://github.com/acme/pay` is wanted; choose another preset, or none"
        );
        let ensured = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).preset("Other");
        assert!(ensured.run(&client).await.is_err());
        assert_eq!(coder.count("POST", "/api/v2/users/me/workspaces"), 0);
    }
}

#[async_test]
async fn a_preset_that_contradicts_a_value_of_the_caller_is_refused() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("devcontainers").preset("Far", &[("region", "us")]);
    let entity = entity();
    let wish = OpenWorkspace::new(&entity).preset("Far").parameter("region", "eu");
    assert_snapshot!(wish.run(&client, |_| {}).await.unwrap_err(), @"the preset `Far` sets `region` to `us`, but `eu` is wanted; choose another preset, or none");
    let wish = OpenWorkspace::new(&entity).preset("Far").parameter("region", "us");
    assert!(wish.run(&client, |_| {}).await.is_ok());
}

#[async_test]
async fn a_preset_may_spell_the_repository_in_its_own_way_and_is_repeatable() {
    for classic in [false, true] {
        let Scene { coder, client, .. } = scene();
        let git = format!("{PAY}.git");
        let template = coder.add_template("devcontainers").classic_parameters(classic);
        template.preset("Ready", &[("repo", &git), ("region", "us")]);
        let first = ensure(&client, "Ready").await;
        assert!(first.created);
        let second = ensure(&client, "Ready").await;
        assert_eq!((second.workspace.id, second.created), (first.workspace.id, false));
        let build = first.workspace.latest_build.id;
        assert_eq!(values(&client, build).await, format!("region=us repo={git}"));
    }
}

#[async_test]
async fn a_workspace_without_the_preset_is_another_one() {
    let Scene { coder, client, .. } = scene();
    coder.add_template("devcontainers").preset("Far", &[("region", "us")]);
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap());
    assert!(wish.run(&client).await.unwrap().created);
    assert_snapshot!(wish.preset("Far").run(&client).await.unwrap_err(), @"there is another workspace called `payments`; choose another name");
}

#[async_test]
async fn of_two_creations_that_overlap_one_has_created_it() {
    let Scene { coder, alice, .. } = scene();
    // What Coder answers to the one that comes second, while the first one is not done.
    let body = r#"{"message": "Internal error creating workspace.", "detail": "insert workspace: pq: duplicate key value violates unique constraint \"workspaces_owner_id_lower_idx\""}"#;
    let duplicate = StatusCode::INTERNAL_SERVER_ERROR;
    let rival = client(&coder, &alice);
    let make = coder.add_workspace(&alice, "payments").parameter("repo", PAY).pending();
    let second = client_with(&coder, &alice, "POST /api/v2/users/me/workspaces", move |coder| {
        make.create();
        let fault = Fault::answer(duplicate, "application/json", body);
        coder.fail_next(fault.method(Method::POST).on("/api/v2/users/me/workspaces"));
    });
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap());
    let second = wish.run(&second).await.unwrap();
    assert!(!second.created, "somebody else has");
    assert_eq!(wish.run(&rival).await.unwrap().workspace.id, second.workspace.id);
}
