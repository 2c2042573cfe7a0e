//! Every refusal that a person can meet at the routes for pages, letter by letter.

use std::fmt::Write as _;

use coder_testkit::Fault;
use http::StatusCode;

use crate::support::{CATALOG, House, Page, ask};

const ENTITY: &str = "/entities/component/default/python-project";
const ENTITY_WORKSPACES: &str = "/entities/component/default/python-project/workspaces";
const NOWHERE: &str = "/workspaces/00000000-0000-4000-8000-000000000000";

#[tokio::test(start_paused = true)]
async fn what_a_person_asks_for_wrongly_is_told_with_what_to_do() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let bob = house.coder.add_user("bob");
    let template = house.coder.add_template("strict");
    template.required_parameter("cpu").preset("Large", &[("cpu", "8")]);
    house.coder.add_template("old").deprecated("use strict");
    let taken = house.coder.add_workspace(&alice, "taken").template("strict");
    let mine = taken.parameter("cpu", "4").running().create();
    let theirs = house.coder.add_workspace(&bob, "theirs").template("devcontainers").create();
    let component = |name: &str, template: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n\
             spec: {{ type: other, lifecycle: unknown, owner: pms, coder: {{ templateName: {template} }} }}\n"
        )
    };
    let catalog = [
        CATALOG,
        &component("strict", "strict"),
        &component("old", "old"),
        &component("none", "nothing"),
    ]
    .concat();
    let house = House::of(house.coder, &catalog);
    let page = Page::open(&house, &alice).await;
    let long = format!("{{\"name\":\"x\",\"parameters\":{{\"a\":\"{}\"}}}}", "v".repeat(9000));
    let mut told = String::new();
    for (method, target, body) in [
        ("GET", "/entities/component/default/nothing".to_owned(), ""),
        ("GET", "/entities/component/default/".to_owned(), ""),
        ("GET", format!("{ENTITY}/workspaces?owner=all"), ""),
        ("GET", format!("{ENTITY}/workspaces?limit=0"), ""),
        ("GET", format!("{ENTITY}/workspaces?offset=-1"), ""),
        ("GET", format!("{ENTITY}/workspaces?limit=1&limit=2"), ""),
        ("GET", format!("{ENTITY}/workspaces?q=a:b"), ""),
        ("GET", "/workspaces?env=nowhere".to_owned(), ""),
        ("GET", "/workspaces/not-an-id".to_owned(), ""),
        ("GET", NOWHERE.to_owned(), ""),
        ("GET", format!("/workspaces/{theirs}"), ""),
        ("POST", format!("/workspaces/{theirs}/stop"), ""),
        ("POST", format!("/workspaces/{mine}/start"), "{"),
        ("POST", format!("/workspaces/{mine}/start"), r#"{"parameter":{}}"#),
        ("POST", format!("/workspaces/{mine}/extend"), ""),
        ("POST", format!("/workspaces/{mine}/extend"), r#"{"minutes":0}"#),
        ("POST", format!("/workspaces/{mine}/extend"), r#"{"minutes":30}"#),
        ("PATCH", format!("/workspaces/{mine}"), r#"{"name":"no good"}"#),
        ("PATCH", format!("/workspaces/{mine}"), r#"{"name":"other"}"#),
        ("DELETE", format!("/workspaces/{mine}"), ""),
        ("GET", format!("/workspaces/{mine}/log?after=x"), ""),
        ("POST", format!("{ENTITY}/workspaces"), r#"{"name":"new"}"#),
        ("POST", format!("{ENTITY}/workspaces"), r#"{"name":"taken"}"#),
        ("POST", format!("{ENTITY}/workspaces"), &long),
        ("POST", "/entities/component/default/strict/workspaces".to_owned(), r#"{"name":"a"}"#),
        (
            "POST",
            "/entities/component/default/strict/workspaces".to_owned(),
            r#"{"name":"a","parameters":{"cpus":"8"}}"#,
        ),
        ("POST", "/entities/component/default/strict/open".to_owned(), r#"{"preset":"Huge"}"#),
        (
            "POST",
            "/entities/component/default/strict/open".to_owned(),
            r#"{"preset":"Large","parameters":{"cpu":"2"}}"#,
        ),
        ("POST", "/entities/component/default/old/open".to_owned(), ""),
        ("GET", "/entities/component/default/none/form".to_owned(), ""),
        ("POST", "/templates/00000000-0000-4000-8000-000000000000/form".to_owned(), ""),
    ] {
        let answer = page.ask(method, &target, body).await;
        assert!(answer.status().is_client_error(), "{method} {target}: {}", answer.text());
        let shown: String = body.chars().take(60).collect();
        writeln!(told, "{method} {target} {shown}\n  {} {}", answer.status(), answer.message())
            .unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[id]");
    settings.bind(|| insta::assert_snapshot!(told));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_persons_fault_says_whose_it_is() {
    let mut told = String::new();
    let builds = "/api/v2/workspaces/";
    for (fault, on, method, target) in [
        (Fault::connection_refused(), "/api/v2/workspaces", "GET", "/workspaces"),
        (Fault::bad_gateway(), "/api/v2/workspaces", "GET", ENTITY_WORKSPACES),
        (Fault::login_page(), "/api/v2/templates", "GET", "/templates"),
        (Fault::sso_redirect(), "/api/v2/templates", "GET", "/templates"),
        (Fault::rate_limited(7), "/api/v2/authcheck", "POST", "/me"),
        (Fault::api_error(StatusCode::FORBIDDEN, "You may not."), builds, "POST", "{id}/start"),
        (
            Fault::api_error(StatusCode::CONFLICT, "A workspace build is already active."),
            builds,
            "POST",
            "{id}/start",
        ),
        (Fault::api_error(StatusCode::BAD_REQUEST, "No."), builds, "POST", "{id}/start"),
        (
            Fault::api_error(StatusCode::INTERNAL_SERVER_ERROR, "It broke."),
            "/api/v2/templates",
            "GET",
            "/templates",
        ),
    ] {
        let house = House::new();
        let alice = house.coder.add_user("alice");
        let new = house.coder.add_workspace(&alice, "mine").template("devcontainers");
        let id = new.stopped().create();
        let page = Page::open(&house, &alice).await;
        let fault = fault.on(on).method(method.parse().unwrap()).times(usize::MAX);
        house.coder.fail_next(fault);
        let asked = if target == "/me" { "GET" } else { method };
        let answer =
            page.ask(asked, &target.replace("{id}", &format!("/workspaces/{id}")), "").await;
        let wait = answer.retry_after().unwrap_or("-");
        let (status, message) = (answer.status(), answer.message());
        writeln!(told, "{asked} {target}\n  {status} {message} (retry after {wait})").unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test(start_paused = true)]
async fn every_route_that_changes_something_refuses_pages_of_other_sites() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = house.coder.add_workspace(&alice, "mine").template("devcontainers").running().create();
    let browser = house.signed_in(&alice).await;
    house.coder.forget_requests();
    for (method, target) in [
        ("POST", format!("/api/coder/v1/workspaces/{id}/stop")),
        ("DELETE", format!("/api/coder/v1/workspaces/{id}?expectedName=mine")),
        ("PUT", format!("/api/coder/v1/workspaces/{id}/favorite")),
        ("POST", format!("/api/coder/v1{ENTITY}/open")),
    ] {
        let bare = ask(&house.portal, browser.request(method, &target)).await;
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "{method} {target}");
        let foreign = browser.request(method, &target).header("origin", "https://evil.example");
        let foreign =
            ask(&house.portal, foreign.header("x-requested-with", "XMLHttpRequest")).await;
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{method} {target}");
    }
    let changes = house.coder.requests();
    let changes = changes.iter().filter(|request| request.method != http::Method::GET);
    assert_eq!(changes.count(), 0, "Coder was asked for nothing");
}
