//! An entity's configuration and its workspaces, as a page asks for them.

use coder_testkit::FakeUser;
use http::StatusCode;

use crate::support::{House, Page};

const ENTITY: &str = "/entities/component/default/python-project";
const REPOSITORY: &str = "https://github.com/acme/python-project";

fn add(house: &House, owner: &FakeUser, name: &str) {
    let workspace = house.coder.add_workspace(owner, name).template("devcontainers");
    workspace.parameter("repo_url", REPOSITORY).running().create();
}

#[tokio::test(start_paused = true)]
async fn the_workspaces_of_an_entity_cost_one_request_to_coder_and_its_configuration_none() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    for name in ["one", "two", "three"] {
        add(&house, &alice, name);
    }
    let page = Page::open(&house, &alice).await;
    let found = page.get(&format!("{ENTITY}/workspaces")).await;
    assert_eq!(found.json()["count"], 3);
    assert_eq!(page.cost(), ["GET /api/v2/workspaces"]);
    let config = page.get(ENTITY).await;
    assert_eq!(config.json()["compatible"], true, "{}", config.text());
    assert_eq!(config.json()["templateName"], "devcontainers");
    assert_eq!(config.json()["params"]["region"], "us-pittsburgh");
    assert!(page.cost().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_coder_has_nothing_for_says_why() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let config = page.get("/entities/component/default/no-repository").await;
    assert_eq!(config.json()["compatible"], false);
    assert_eq!(
        config.json()["incompatible"],
        "the entity has neither a repository nor a `spec.coder`; add the annotation `backstage.io/source-location`, or `spec.coder`"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_created_for_an_entity_that_coder_has_nothing_for() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let entity = "/entities/component/default/no-repository";
    let config = page.get(entity).await;
    for (method, target, body) in [
        ("POST", format!("{entity}/open"), ""),
        ("POST", format!("{entity}/workspaces"), r#"{"name":"notes"}"#),
        ("GET", format!("{entity}/form"), ""),
        ("POST", format!("{entity}/form"), "{}"),
    ] {
        let answer = page.ask(method, &target, body).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{method} {target}: {}", answer.text());
        assert_eq!(config.json()["incompatible"], answer.message(), "{method} {target}");
    }
    assert_eq!(house.coder.count("POST", "/api/v2/users/me/workspaces"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_filtered_by_a_text_and_read_by_pages() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    for name in ["pay-one", "pay-two", "other"] {
        add(&house, &alice, name);
    }
    let page = Page::open(&house, &alice).await;
    let found = page.get(&format!("{ENTITY}/workspaces?q=pay&limit=1&offset=1")).await;
    assert_eq!(found.json()["count"], 2, "{}", found.text());
    assert_eq!(found.json()["workspaces"].as_array().unwrap().len(), 1);
    let mine = page.get("/workspaces?q=pay&limit=1").await;
    assert_eq!(mine.json()["count"], 2, "{}", mine.text());
    assert_eq!(mine.json()["workspaces"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn everyone_means_all_that_the_caller_may_see_and_mine_is_told_apart() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let owner = house.coder.add_owner("olga");
    add(&house, &alice, "hers");
    add(&house, &owner, "own");
    let theirs = |answer: &crate::support::Answer| {
        let workspaces = answer.json()["workspaces"].as_array().unwrap();
        let mut names: Vec<_> = workspaces
            .iter()
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["mine"].as_bool().unwrap()))
            .collect();
        names.sort();
        names
    };
    let target = format!("{ENTITY}/workspaces?owner=everyone");
    let person = Page::open(&house, &alice).await;
    assert_eq!(theirs(&person.get(&target).await), [("hers".to_owned(), true)]);
    let token = owner.session_token.expose();
    let request =
        http::Request::get(format!("/api/coder/v1{target}")).header("coder-session-token", token);
    let all = crate::support::ask(&house.portal, request).await;
    assert_eq!(theirs(&all), [("hers".to_owned(), false), ("own".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_list_from_which_something_may_be_missing_says_so() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let short = coder_testkit::Fault::answer(
        StatusCode::OK,
        "application/json",
        r#"{"workspaces":[],"count":2}"#,
    );
    house.coder.fail_next(short.on("/api/v2/workspaces"));
    let found = page.get(&format!("{ENTITY}/workspaces")).await;
    assert_eq!(found.json()["partial"], true);
    assert_eq!(found.json()["notices"][0], "coder counts 2 workspaces and lists 0");
}

#[tokio::test(start_paused = true)]
async fn my_workspaces_name_their_entities_and_each_build_is_read_once() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    add(&house, &alice, "of-entity");
    let other = house.coder.add_workspace(&alice, "of-nothing").template("devcontainers");
    other.parameter("repo_url", "https://github.com/acme/other").running().create();
    let page = Page::open(&house, &alice).await;
    let list = page.get("/workspaces").await;
    let refs: Vec<_> = list.json()["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["name"].as_str().unwrap(), one["entityRefs"]))
        .collect();
    assert_eq!(
        refs,
        [r#"of-entity ["component:default/python-project"]"#, "of-nothing []"],
        "{}",
        list.text()
    );
    // The first look, when the page was opened, has read the parameters.
    assert_eq!(page.cost(), ["GET /api/v2/workspaces"]);
    let new = house.coder.add_workspace(&alice, "third").template("devcontainers");
    new.parameter("repo_url", REPOSITORY).running().create();
    page.get("/workspaces").await;
    let cost = page.cost();
    assert_eq!(cost.len(), 2, "{cost:?}");
}
