//! The requests to Coder that a route takes, as `docs/http.md` tells them.

use std::time::Duration;

use coder_client::WorkspaceId;
use coder_testkit::FakeUser;
use http::StatusCode;
use serde_json::json;

use crate::index::PAYMENTS;
use crate::support::{CATALOG, House, Page};

const ENTITY: &str = "/entities/component/default/python-project";
const REPOSITORY: &str = "https://github.com/acme/python-project";

/// Makes a portal whose template has static parameters or dynamic ones.
fn house(is_classic: bool) -> House {
    let house = House::new();
    let template = house.coder.add_template("devcontainers").classic_parameters(is_classic);
    template.parameter("cpu", "2").preset("Large", &[("cpu", "8")]);
    house
}

fn add(house: &House, owner: &FakeUser) -> WorkspaceId {
    let workspace = house.coder.add_workspace(owner, "mine").template("devcontainers");
    workspace.parameter("repo_url", REPOSITORY).running().create()
}

/// Returns what was asked for, with the ids left out.
fn kinds(asked: &[String]) -> Vec<String> {
    let is_id = |segment: &str| segment.len() == 36 && segment.contains('-');
    let kind = |asked: &String| {
        let segments =
            asked.split('/').map(|segment| if is_id(segment) { "{id}" } else { segment });
        segments.collect::<Vec<_>>().join("/").replace("/api/v2", "")
    };
    asked.iter().map(kind).collect()
}

async fn open_a_new_one(page: &Page<'_>, house: &House) -> Vec<String> {
    let opened = page.ask("POST", &format!("{ENTITY}/open"), "").await;
    assert_eq!(opened.json()["outcome"], "created", "{}", opened.text());
    let cost = kinds(&page.cost());
    let id: WorkspaceId = opened.json()["workspace"]["id"].as_str().unwrap().parse().unwrap();
    house.coder.delete(id);
    house.coder.advance(Duration::from_secs(60));
    house.coder.forget_requests();
    cost
}

#[tokio::test(start_paused = true)]
async fn a_new_workspace_of_a_known_version_costs_a_search_its_template_its_form_and_its_creation()
{
    let house = house(false);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let search = "GET /workspaces";
    let template = "GET /templates";
    let form = "POST /templateversions/{id}/dynamic-parameters/evaluate";
    let create = "POST /users/me/workspaces";
    let first = open_a_new_one(&page, &house).await;
    let accounts = "GET /templateversions/{id}/external-auth";
    assert_eq!(first, [search, template, form, accounts, create]);
    assert_eq!(open_a_new_one(&page, &house).await, [search, template, form, create]);
}

#[tokio::test(start_paused = true)]
async fn a_new_workspace_costs_two_requests_when_its_form_was_read_within_the_last_minute() {
    for is_classic in [false, true] {
        let house = house(is_classic);
        let alice = house.coder.add_user("alice");
        let page = Page::open(&house, &alice).await;
        page.get(&format!("{ENTITY}/form")).await;
        house.coder.advance(Duration::from_secs(59));
        page.cost();
        let cost = open_a_new_one(&page, &house).await;
        assert_eq!(cost, ["GET /workspaces", "POST /users/me/workspaces"], "{is_classic}");

        page.post(&format!("{ENTITY}/form"), &json!({ "preset": "Large" })).await;
        page.cost();
        let body = json!({ "name": "named", "preset": "Large" });
        let made = page.post(&format!("{ENTITY}/workspaces"), &body).await;
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text());
        let by_name = "GET /users/me/workspace/named";
        assert_eq!(kinds(&page.cost()), [by_name, "POST /users/me/workspaces"], "{is_classic}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_read_of_a_template_saves_nobody_else_a_question() {
    let house = House::with_catalog(&format!("{CATALOG}{PAYMENTS}"));
    let (alice, olga) = (house.coder.add_user("alice"), house.coder.add_user("olga"));
    let of_alice = Page::open(&house, &alice).await;
    of_alice.get(&format!("{ENTITY}/form")).await;
    let page = Page::open(&house, &olga).await;
    assert_eq!(open_a_new_one(&page, &house).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_has_changed_since_its_form_was_read_is_read_again_when_coder_refuses() {
    for is_classic in [false, true] {
        let house = house(is_classic);
        let alice = house.coder.add_user("alice");
        let page = Page::open(&house, &alice).await;
        page.get(&format!("{ENTITY}/form")).await;
        house.coder.add_template("devcontainers").deprecated("use the new one");
        page.cost();
        let refused = page.ask("POST", &format!("{ENTITY}/open"), "").await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{}", refused.text());
        assert_eq!(
            refused.message(),
            "the template `devcontainers` is deprecated: use the new one"
        );
        assert!(kinds(&page.cost()).contains(&"POST /users/me/workspaces".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_workspace_of_a_known_version_with_static_parameters_costs_no_form() {
    let house = house(true);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    assert_eq!(open_a_new_one(&page, &house).await.len(), 5);
    assert_eq!(
        open_a_new_one(&page, &house).await,
        ["GET /workspaces", "GET /templates", "POST /users/me/workspaces"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_is_created_by_its_name_is_looked_for_once() {
    let house = house(false);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let create = async |name: &str, preset: Option<&str>| {
        let body = json!({ "name": name, "preset": preset });
        let made = page.post(&format!("{ENTITY}/workspaces"), &body).await;
        assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text());
        kinds(&page.cost())
    };
    assert_eq!(create("first", Some("Large")).await.len(), 6, "and the presets, and the accounts");
    for (name, preset) in [("second", None), ("third", Some("Large"))] {
        house.coder.advance(Duration::from_secs(60));
        let form = "POST /templateversions/{id}/dynamic-parameters/evaluate";
        let by_name = format!("GET /users/me/workspace/{name}");
        let made = create(name, preset).await;
        assert_eq!(made, [&*by_name, "GET /templates", form, "POST /users/me/workspaces"]);
    }
    // The values of the third one count for a minute, and others are asked about.
    let create_it = "POST /users/me/workspaces";
    assert_eq!(
        create("fourth", Some("Large")).await,
        ["GET /users/me/workspace/fourth", create_it]
    );
    assert_eq!(create("fifth", None).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_form_of_a_known_version_costs_its_template_and_its_parameters() {
    let house = house(false);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    page.get(&format!("{ENTITY}/form")).await;
    assert_eq!(page.cost().len(), 4);
    page.post(&format!("{ENTITY}/form"), &json!({ "parameters": { "cpu": "4" } })).await;
    let form = "POST /templateversions/{id}/dynamic-parameters/evaluate";
    assert_eq!(kinds(&page.cost()), ["GET /templates", form]);
}

#[tokio::test(start_paused = true)]
async fn another_account_that_is_needed_is_asked_for_each_time() {
    let house = House::new();
    house.coder.add_template("with-github").external_auth("github", "GitHub");
    let catalog = CATALOG.replace("templateName: 'devcontainers'", "templateName: 'with-github'");
    let house = House::of(house.coder, &catalog);
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    for _ in 0..2 {
        let refused = page.ask("POST", &format!("{ENTITY}/open"), "").await;
        assert_eq!(refused.status(), StatusCode::CONFLICT, "{}", refused.text());
        assert!(kinds(&page.cost()).contains(&"GET /templateversions/{id}/external-auth".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn each_route_about_a_workspace_costs_what_the_documentation_tells() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice);
    let page = Page::open(&house, &alice).await;
    let cost = async |method: &str, below: &str, body: &str| {
        let answer = page.ask(method, &format!("/workspaces/{id}{below}"), body).await;
        assert!(answer.status().is_success(), "{below}: {}", answer.text());
        page.cost().len()
    };
    for (method, below, body, expected) in [
        ("GET", "", "", 1),
        ("GET", "/log", "", 2),
        // This release tells about the caller only, so who that is is asked for too.
        ("GET", "/accounts", "", 3),
        ("POST", "/start", "", 1),
        ("PUT", "/favorite", "", 2),
        ("DELETE", "/favorite", "", 2),
        ("PUT", "/dormant", "", 2),
        ("DELETE", "/dormant", "", 2),
        ("POST", "/stop", "", 2),
    ] {
        assert_eq!(cost(method, below, body).await, expected, "{method} {below}");
    }
    house.coder.advance(Duration::from_secs(60));
    assert_eq!(cost("POST", "/stop", "").await, 1);
    assert_eq!(cost("POST", "/start", "").await, 2);
    house.coder.advance(Duration::from_secs(60));
    assert_eq!(cost("POST", "/update", "").await, 1);
    assert_eq!(cost("DELETE", "?expectedName=mine", "").await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_workspaces_of_an_entity_cost_one_request() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    add(&house, &alice);
    let page = Page::open(&house, &alice).await;
    for owner in ["me", "everyone"] {
        page.get(&format!("{ENTITY}/workspaces?owner={owner}")).await;
        assert_eq!(kinds(&page.cost()), ["GET /workspaces"]);
    }
}
