//! The main job, from sign-in to sign-out.

use coder_testkit::Fault;
use http::StatusCode;
use serde_json::json;

use crate::support::{CATALOG, House, ask, visitor};

const ENTITY: &str = "/api/coder/v1/entities/component/default/python-project/workspaces";

#[tokio::test(start_paused = true)]
async fn a_person_signs_in_and_sees_the_workspaces_of_an_entity() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    for (name, repository) in [
        ("mine", "https://github.com/acme/python-project.git"),
        ("other", "https://github.com/acme/other"),
    ] {
        let workspace = house.coder.add_workspace(&alice, name).template("devcontainers");
        workspace.parameter("repo_url", repository).running().create();
    }
    let browser = house.signed_in(&alice).await;

    let refreshed = browser.ajax(&house, "GET", "/api/auth/coder/refresh?env=production").await;
    let identity = &refreshed.json()["backstageIdentity"]["identity"];
    assert_eq!(identity["userEntityRef"], "user:default/alice");
    assert_eq!(identity["ownershipEntityRefs"], json!(["user:default/alice", "group:default/pms"]));

    let entities = browser.ajax(&house, "GET", "/api/coder/v1/entities").await.json().clone();
    let names: Vec<&str> = entities["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["no-repository", "python-project"]);

    house.coder.forget_requests();
    let found = browser.ajax(&house, "GET", ENTITY).await;
    assert_eq!(found.status(), StatusCode::OK);
    assert_eq!(house.coder.count("GET", "/api/v2/workspaces"), 1, "one search, not one per key");
    let found = found.json();
    let names: Vec<&str> = found["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|workspace| workspace["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["mine"]);
    assert_eq!(found["workspaces"][0]["availability"], "online");
    assert_eq!(found["workspaces"][0]["links"]["dashboard"], "https://coder.test/@alice/mine");
    // Where the apps are was asked for, and is known from now on.
    assert_eq!(
        found["workspaces"][0]["links"]["agents"][0]["apps"][0]["url"],
        "https://code-server--mine--alice.apps.coder.test/"
    );
    house.coder.forget_requests();
    assert_eq!(browser.ajax(&house, "GET", ENTITY).await.status(), StatusCode::OK);
    assert_eq!(house.coder.requests().len(), 1);
    let creation = found["creationUrl"].as_str().unwrap();
    assert!(
        creation.starts_with("https://coder.test/templates/devcontainers/workspace?mode=auto&"),
        "{creation}"
    );
    assert!(creation.contains("param.region=us-pittsburgh"), "{creation}");

    let out = browser.ajax(&house, "POST", "/api/auth/coder/logout?env=production").await;
    assert_eq!(out.status(), StatusCode::OK);
    assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 1);
    let refreshed = browser.ajax(&house, "GET", "/api/auth/coder/refresh?env=production").await;
    assert_eq!(refreshed.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn nobody_reads_workspaces_without_saying_who_they_are() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    for target in ["/api/coder/v1/entities", ENTITY] {
        let stranger = visitor().ajax(&house, "GET", target).await;
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{target}");
        let cookie_only = ask(&house.portal, browser.request("GET", target)).await;
        assert_eq!(cookie_only.status(), StatusCode::UNAUTHORIZED, "{target}");
        let foreign = browser.request("GET", target).header("origin", "https://evil.example");
        let foreign =
            ask(&house.portal, foreign.header("x-requested-with", "XMLHttpRequest")).await;
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{target}");
        assert!(!foreign.headers().contains_key("access-control-allow-origin"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_is_named_twice_is_refused_by_every_route() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    for target in [
        "/api/coder/v1/entities?env=production&env=staging",
        "/api/coder/v1/link?env=production&env=staging",
        "/api/auth/coder/refresh?env=production&env=staging",
    ] {
        let refused = browser.ajax(&house, "GET", target).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{target}");
        let message = "the parameter `env` is given more than once; give it once";
        assert_eq!(refused.message(), message, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_answers_401_is_asked_again_with_a_fresh_token() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let refused = Fault::answer(
        StatusCode::UNAUTHORIZED,
        "application/json",
        r#"{"message":"You are signed out or your session has expired."}"#,
    );
    house.coder.fail_next(refused.clone().on("/api/v2/workspaces"));
    let found = browser.ajax(&house, "GET", ENTITY).await;
    assert_eq!(found.status(), StatusCode::OK, "{:?}", found.body());

    house.coder.fail_next(refused.on("/api/v2/workspaces").times(2));
    let found = browser.ajax(&house, "GET", ENTITY).await;
    assert_eq!(found.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(found.message(), "Coder asks you to sign in again");
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_is_down_is_no_empty_list() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    for fault in [Fault::connection_refused(), Fault::bad_gateway(), Fault::login_page()] {
        house.coder.fail_next(fault.clone().on("/api/v2/workspaces").times(3));
        let found = browser.ajax(&house, "GET", ENTITY).await;
        assert_eq!(found.status(), StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
        while browser.ajax(&house, "GET", ENTITY).await.status() != StatusCode::OK {}
    }
}

#[tokio::test(start_paused = true)]
async fn an_entity_without_a_repository_says_why_it_has_no_workspaces() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let target = ENTITY.replace("python-project", "no-repository");
    let found = browser.ajax(&house, "GET", &target).await.json().clone();
    assert_eq!(found["workspaces"], json!([]));
    assert!(
        found["notices"][0].as_str().unwrap().contains("backstage.io/source-location"),
        "{found}"
    );
    assert!(found["creationUrl"].is_string(), "one can still create a workspace");
}

#[tokio::test(start_paused = true)]
async fn an_annotation_that_cannot_be_read_is_told_with_what_to_write() {
    for (written, problem) in [
        (
            "https://github.com/acme/payments",
            "write it like `url:https://github.com/acme/payments`",
        ),
        ("github.com/acme/payments", "write it like `url:"),
        ("url:", "write it like `url:"),
        ("url", "write it like `url:"),
        (":https://github.com/acme/payments", "write it like `url:"),
        ("http://git.example.com/acme/payments", "write it like `url:"),
        ("url: javascript:alert(1)", "a `javascript:` URL is no location"),
    ] {
        let catalog = CATALOG.replace(
            "  name: no-repository\n",
            &format!(
                "  name: no-repository\n  annotations: {{ backstage.io/source-location: '{written}' }}\n"
            ),
        );
        let house = House::with_catalog(&catalog);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        let target = ENTITY.replace("python-project", "no-repository");
        let answer = browser.ajax(&house, "GET", &target).await;
        let found = answer.json();
        let told = found["notices"][0].as_str().unwrap();
        let annotation = "the annotation `backstage.io/source-location` cannot be read: ";
        assert!(told.starts_with(annotation) && told.contains(problem), "{written}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_is_not_in_the_catalog_is_named() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let target = ENTITY.replace("python-project", "nothing");
    let found = browser.ajax(&house, "GET", &target).await;
    assert_eq!(found.status(), StatusCode::NOT_FOUND);
    assert_eq!(found.message(), "there is no entity 'component:default/nothing' in the catalog");
}
