//! How a person gets a workspace of an entity.

use http::StatusCode;
use serde_json::json;

use crate::support::{House, Page};

const ENTITY: &str = "/entities/component/default/python-project";
const REPOSITORY: &str = "https://github.com/acme/python-project";

#[tokio::test(start_paused = true)]
async fn a_running_workspace_is_opened_with_one_search() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    workspace.parameter("repo_url", REPOSITORY).running().create();
    let page = Page::open(&house, &alice).await;
    let opened = page.ask("POST", &format!("{ENTITY}/open"), "").await;
    assert_eq!(opened.status(), StatusCode::OK, "{}", opened.text());
    assert_eq!(opened.json()["outcome"], "found");
    assert_eq!(page.cost(), ["GET /api/v2/workspaces"]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_workspace_is_started_and_none_is_created() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    workspace.parameter("repo_url", REPOSITORY).stopped().create();
    let page = Page::open(&house, &alice).await;
    let opened = page.ask("POST", &format!("{ENTITY}/open"), "").await;
    assert_eq!(opened.status(), StatusCode::ACCEPTED, "{}", opened.text());
    assert_eq!(opened.json()["outcome"], "started");
    assert_eq!(page.cost().len(), 2);
    assert_eq!(house.coder.count("POST", "/api/v2/users/me/workspaces"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_form_tells_what_is_asked_and_a_workspace_is_created_from_it() {
    let house = House::new();
    let template = house.coder.add_template("shaped");
    template.required_parameter("cpu").preset("Large", &[("cpu", "8")]);
    let catalog =
        crate::support::CATALOG.replace("templateName: 'devcontainers'", "templateName: 'shaped'");
    let house = House::of(house.coder, &catalog);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let form = page.get(&format!("{ENTITY}/form")).await;
    assert_eq!(form.status(), StatusCode::OK, "{}", form.text());
    assert_eq!(form.json()["templateName"], "shaped");
    assert_eq!(form.json()["presets"][0]["name"], "Large");
    let names = |form: &crate::support::Answer| -> Vec<String> {
        let parameters = form.json()["parameters"].as_array().unwrap();
        parameters.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&form).contains(&"cpu".to_owned()), "{}", form.text());
    let cost = page.cost();
    assert_eq!(cost.len(), 4, "{cost:?}");
    let chosen =
        page.post(&format!("{ENTITY}/form"), &json!({ "parameters": { "cpu": "4" } })).await;
    let cpu =
        chosen.json()["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "cpu");
    assert_eq!(cpu.unwrap()["value"], "4", "{}", chosen.text());
    let strange = json!({ "parameters": { "cpu": "4", "cpus": "4" } });
    let form = page.post(&format!("{ENTITY}/form"), &strange).await;
    assert_eq!(form.json()["problems"][0]["name"], "cpus", "{}", form.text());
    page.cost();

    let wanted = json!({ "name": "big", "parameters": { "cpu": "4" } });
    let created = page.post(&format!("{ENTITY}/workspaces"), &wanted).await;
    assert_eq!(created.status(), StatusCode::CREATED, "{}", created.text());
    assert_eq!(created.json()["name"], "big");
    let again = page.post(&format!("{ENTITY}/workspaces"), &wanted).await;
    assert_eq!(again.status(), StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["id"], created.json()["id"]);
}

#[tokio::test(start_paused = true)]
async fn templates_are_listed_with_their_forms() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let templates = page.get("/templates").await;
    assert_eq!(templates.json()["templates"][0]["name"], "devcontainers", "{}", templates.text());
    assert_eq!(page.cost(), ["GET /api/v2/templates"]);
    let id = templates.json()["templates"][0]["id"].as_str().unwrap();
    let form = page.post(&format!("/templates/{id}/form"), &json!({})).await;
    assert_eq!(form.json()["templateId"], id, "{}", form.text());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_missing_is_told_before_and_after() {
    let house = House::new();
    house.coder.add_template("with-github").external_auth("github", "GitHub");
    let catalog = crate::support::CATALOG
        .replace("templateName: 'devcontainers'", "templateName: 'with-github'");
    let house = House::of(house.coder, &catalog);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let form = page.get(&format!("{ENTITY}/form")).await;
    assert_eq!(form.json()["missingAccounts"][0]["name"], "GitHub", "{}", form.text());
    let refused = page.ask("POST", &format!("{ENTITY}/open"), "").await;
    assert_eq!(refused.status(), StatusCode::CONFLICT, "{}", refused.text());
    assert!(refused.message().starts_with("link your account first: GitHub at "));
}
