//! Calls that end when Coder has taken the request, names that are confirmed, and the form for a new
//! workspace.

use std::time::Duration;

use coder_testkit::{FakeCoder, Pace};
use coder_workspaces::{
    CreationForm, ManageWorkspace, NotReady, OpenOutcome, OpenWorkspace, TemplateVersionCache,
    Wait, WorkspacesError,
};
use indexmap::IndexMap;

use crate::async_test;
use crate::fake::client;
use crate::open::{entity, scene};

/// Makes a deployment whose builds take their time.
fn slow() -> FakeCoder {
    FakeCoder::builder().pace(Pace::every(Duration::from_secs(60))).build()
}

#[async_test]
async fn a_call_that_waits_until_it_has_asked_returns_a_build_under_way() {
    let coder = slow();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").running().create();
    let manage = ManageWorkspace::new(&client, id).wait(Wait::UntilAsked);
    let asked = manage.stop(|_| {}).await.unwrap();
    assert_eq!(asked.latest_build.transition.as_str(), "stop");
    assert!(asked.latest_build.job.completed_at.is_none());
    assert_eq!(coder.count("GET", &format!("/api/v2/workspaces/{id}")), 1);

    let busy = manage.start(|_| {}).await.unwrap_err();
    assert!(
        matches!(busy, WorkspacesError::NotReady { problem: NotReady::Busy, .. }),
        "another build comes first: {busy}"
    );
}

#[async_test]
async fn a_restart_that_was_asked_for_is_ended_by_the_same_call_without_the_limit() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").running().create();
    let manage = ManageWorkspace::new(&client, id);
    let asked = manage.clone().wait(Wait::UntilAsked).restart(|_| {}).await.unwrap();
    assert_eq!(asked.latest_build.build_number, 2, "the stop");
    let done = manage.restart(|_| {}).await.unwrap();
    assert_eq!(done.latest_build.build_number, 3, "one start, and no second stop");
}

#[async_test]
async fn a_workspace_of_another_name_is_not_changed() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let client = client(&coder, &alice);
    let id = coder.add_workspace(&alice, "dev").running().create();
    let manage = ManageWorkspace::new(&client, id).expected_name("prod");
    let refused = manage.delete(|_| {}).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the workspace `prod` is called `dev` by now; look at it again before you change it"
    );
    assert!(manage.extend(Duration::from_secs(60)).await.is_err());
    assert_eq!(coder.workspace(id).latest_build.build_number, 1);
    ManageWorkspace::new(&client, id).expected_name("dev").stop(|_| {}).await.unwrap();
}

#[async_test]
async fn opening_ends_when_the_new_workspace_was_asked_for() {
    let scene = scene();
    let entity = entity();
    let open = OpenWorkspace::new(&entity).wait(Wait::UntilAsked);
    let opened = open.run(&scene.client, |_| {}).await.unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Created);
    let read = format!("/api/v2/workspaces/{}", opened.workspace.id);
    assert_eq!(scene.coder.count("GET", &read), 0);
}

#[async_test]
async fn a_form_shows_the_values_of_the_entity_of_the_preset_and_of_the_person() {
    let scene = scene();
    let template = scene.coder.add_template("devcontainers");
    template.parameter("cpu", "2").preset("Large", &[("cpu", "8"), ("region", "us")]);
    let (config, user) = (entity(), scene.coder.user(&scene.alice).id);
    let cache = TemplateVersionCache::default();
    let chosen = IndexMap::from([("region".to_owned(), "asia".to_owned())]);
    let form = CreationForm::read(&scene.client, &config, user, Some("Large"), &chosen, &cache)
        .await
        .unwrap();
    let value = |name: &str| {
        let found = form.parameters.iter().find(|parameter| parameter.name == name);
        found.and_then(|parameter| parameter.value.clone())
    };
    assert_eq!(value("cpu").as_deref(), Some("8"), "{:?}", form.parameters);
    assert_eq!(value("region").as_deref(), Some("asia"));
    assert!(value("repo").is_some());
    assert!(form.problems.is_empty() && form.missing_accounts.is_empty());
    let unknown =
        CreationForm::read(&scene.client, &config, user, Some("Huge"), &chosen, &cache).await;
    assert!(unknown.unwrap_err().to_string().starts_with("the template has no preset `Huge`"));
}

#[async_test]
async fn a_form_of_a_template_with_static_parameters_has_them_too() {
    let scene = scene();
    scene.coder.add_template("devcontainers").classic_parameters(true);
    let (config, user) = (entity(), scene.coder.user(&scene.alice).id);
    let cache = TemplateVersionCache::default();
    let none = IndexMap::new();
    let form = CreationForm::read(&scene.client, &config, user, None, &none, &cache);
    let form = form.await.unwrap();
    let names: Vec<_> = form.parameters.iter().map(|one| one.name.as_str()).collect();
    assert!(names.contains(&"repo") && names.contains(&"region"), "{names:?}");
    assert_eq!(scene.coder.count("POST", "dynamic-parameters"), 0);
}
