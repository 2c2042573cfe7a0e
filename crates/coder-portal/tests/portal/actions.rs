//! What people do with a workspace.

use std::time::Duration;

use coder_client::WorkspaceId;
use coder_client::operations::{CreateWorkspaceBuild, ListBuildParameters};
use coder_testkit::{FakeCoder, FakeUser, Fault};
use http::StatusCode;
use serde_json::json;

use crate::support::{CATALOG, House, Page};

fn add(house: &House, owner: &FakeUser, running: bool) -> WorkspaceId {
    let workspace = house.coder.add_workspace(owner, "mine").template("devcontainers");
    let workspace = workspace.parameter("repo_url", "https://github.com/acme/python-project");
    if running { workspace.running() } else { workspace.stopped() }.create()
}

fn house_with_renames() -> House {
    House::of(FakeCoder::builder().workspace_renames(true).build(), CATALOG)
}

#[tokio::test(start_paused = true)]
async fn a_stopped_workspace_is_started_with_two_requests_and_a_running_one_with_none_that_changes()
{
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, false);
    let page = Page::open(&house, &alice).await;
    let started = page.ask("POST", &format!("/workspaces/{id}/start"), "").await;
    assert_eq!(started.status(), StatusCode::ACCEPTED, "{}", started.text());
    assert_eq!(started.json()["availability"], "pending");
    assert_eq!(started.json()["id"], id.to_string());
    let (read, build) =
        (format!("/api/v2/workspaces/{id}"), format!("/api/v2/workspaces/{id}/builds"));
    assert_eq!(page.cost(), [format!("GET {read}"), format!("POST {build}")]);

    house.coder.advance(Duration::from_secs(120));
    let again = page.ask("POST", &format!("/workspaces/{id}/start"), "").await;
    assert_eq!(again.status(), StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["availability"], "online");
    assert_eq!(page.cost(), [format!("GET {read}")]);
}

#[tokio::test(start_paused = true)]
async fn a_running_workspace_is_stopped() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let stopped = page.ask("POST", &format!("/workspaces/{id}/stop?expectedName=mine"), "").await;
    assert_eq!(stopped.status(), StatusCode::ACCEPTED, "{}", stopped.text());
    assert_eq!(stopped.json()["availability"], "stopping");
    assert_eq!(page.cost().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_when_nobody_waits_for_it() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let asked = page.ask("POST", &format!("/workspaces/{id}/restart"), "").await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
    assert_eq!(asked.json()["availability"], "stopping");
    house.coder.advance(Duration::from_secs(60));
    let builds = || house.coder.count("POST", &format!("/api/v2/workspaces/{id}/builds"));
    // The paused clock goes on while nothing else has to be done.
    let started = async {
        while builds() < 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), started).await.unwrap();
    assert_eq!(house.coder.workspace(id).latest_build.transition.as_str(), "start");
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_is_asked_for_many_times_goes_on_once() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    for _ in 0..10 {
        let asked = page.ask("POST", &format!("/workspaces/{id}/restart"), "").await;
        assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
    }
    let looks = || house.coder.count("GET", &format!("/api/v2/workspaces/{id}"));
    let before = looks();
    // The clock is paused, and the workspace does not stop meanwhile.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let looked = looks() - before;
    assert!((1..=12).contains(&looked), "it looks once in 2 seconds, not {looked} times");

    house.coder.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(house.coder.workspace(id).latest_build.transition.as_str(), "start");
    assert_eq!(house.coder.count("POST", &format!("/api/v2/workspaces/{id}/builds")), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_goes_on_is_not_asked_for_with_other_values_nor_joined_by_an_update() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let restart = format!("/workspaces/{id}/restart");
    let values = |cpu: &str| json!({ "parameters": { "cpu": cpu } });
    for _ in 0..2 {
        let asked = page.post(&restart, &values("2")).await;
        assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
    }
    page.cost();
    let other = |action: &str| format!("/workspaces/{id}/{action}");
    for (target, body, said) in [
        (
            restart.clone(),
            values("4"),
            "a restart of this workspace with other values is under way; wait until it runs again, then restart it",
        ),
        (
            other("update"),
            values("2"),
            "a restart of this workspace is under way; wait until it runs again, then update it",
        ),
        (
            other("start"),
            values("2"),
            "a restart of this workspace is under way; wait until it runs again, then start it",
        ),
        (
            other("stop"),
            json!(null),
            "a restart of this workspace is under way; wait until it runs again, then stop it",
        ),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let refused = page.ask("POST", &target, &body).await;
        assert_eq!(refused.status(), StatusCode::CONFLICT, "{}", refused.text());
        assert_eq!(refused.message(), said);
    }
    let changes = || page.cost().into_iter().filter(|asked| asked.starts_with("POST")).count();
    assert_eq!(changes(), 0, "nothing is asked of Coder for those that are refused");
    house.coder.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(changes(), 1, "the restart that goes on starts the workspace");
    assert_eq!(value_of(&house, &alice, id).await, "2");
    // The start that follows is under way no longer, so the next restart is free.
    house.coder.advance(Duration::from_secs(60));
    let asked = page.post(&restart, &values("4")).await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
}

#[tokio::test(start_paused = true)]
async fn of_two_restarts_with_other_values_at_once_one_is_refused() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let restart = format!("/workspaces/{id}/restart");
    let (fault, held) = Fault::hold();
    house.coder.fail_next(fault.on(&format!("/api/v2/workspaces/{id}")));
    let (two, four) =
        (json!({ "parameters": { "cpu": "2" } }), json!({ "parameters": { "cpu": "4" } }));
    let first = page.post(&restart, &two);
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let answer = page.post(&restart, &four).await;
        held.release();
        answer
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status(), StatusCode::ACCEPTED, "{}", first.text());
    assert_eq!(second.status(), StatusCode::CONFLICT, "{}", second.text());
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_goes_on_leaves_alone_what_somebody_else_has_started_meanwhile() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let asked = page.ask("POST", &format!("/workspaces/{id}/restart"), "").await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
    house.coder.advance(Duration::from_secs(60));
    let client = house.coder.client(&alice);
    client.send(&CreateWorkspaceBuild::start(id)).await.unwrap();
    house.coder.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(house.coder.count("POST", &format!("/api/v2/workspaces/{id}/builds")), 2);
    // The action has ended, so another one is free.
    let asked = page.ask("POST", &format!("/workspaces/{id}/stop"), "").await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED, "{}", asked.text());
}

/// Returns the value of the parameter `cpu` in the latest build.
async fn value_of(house: &House, user: &FakeUser, id: WorkspaceId) -> String {
    let build = house.coder.workspace(id).latest_build.id;
    let parameters = house.coder.client(user).send(&ListBuildParameters::new(build)).await.unwrap();
    parameters.into_iter().find(|one| one.name == "cpu").unwrap().value
}

#[tokio::test(start_paused = true)]
async fn an_outdated_workspace_is_updated_to_the_active_version() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.stopped().outdated().create();
    let page = Page::open(&house, &alice).await;
    let updated = page.ask("POST", &format!("/workspaces/{id}/update"), "").await;
    assert_eq!(updated.status(), StatusCode::ACCEPTED, "{}", updated.text());
    assert_eq!(updated.json()["outdated"], false);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_deleted_by_the_name_that_the_person_has_confirmed() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let nameless = page.ask("DELETE", &format!("/workspaces/{id}"), "").await;
    assert_eq!(nameless.status(), StatusCode::BAD_REQUEST);
    let other = page.ask("DELETE", &format!("/workspaces/{id}?expectedName=yours"), "").await;
    assert_eq!(other.status(), StatusCode::CONFLICT);
    assert_eq!(house.coder.count("POST", &format!("/api/v2/workspaces/{id}/builds")), 0);
    let deleted = page.ask("DELETE", &format!("/workspaces/{id}?expectedName=mine"), "").await;
    assert!(deleted.status().is_success(), "{}", deleted.text());
    assert!(
        matches!(deleted.json()["availability"].as_str().unwrap(), "deleting" | "deleted"),
        "{}",
        deleted.text()
    );
    house.coder.advance(Duration::from_secs(60));
    let gone = page.ask("POST", &format!("/workspaces/{id}/start"), "").await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{}", gone.text());
    assert_eq!(gone.message(), "the workspace `mine` was deleted");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_was_renamed_meanwhile_is_left_alone() {
    let house = house_with_renames();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let target = format!("/workspaces/{id}?expectedName=mine");
    let renamed = page.ask("PATCH", &target, r#"{"name":"other"}"#).await;
    assert_eq!(renamed.json()["name"], "other", "{}", renamed.text());
    assert_eq!(page.cost().len(), 2);
    // The same request once more finds what it wants.
    let again = page.ask("PATCH", &target, r#"{"name":"other"}"#).await;
    assert_eq!(again.status(), StatusCode::OK, "{}", again.text());
    for (method, target) in [
        ("POST", format!("/workspaces/{id}/stop?expectedName=mine")),
        ("DELETE", format!("/workspaces/{id}?expectedName=mine")),
        ("PUT", format!("/workspaces/{id}/favorite?expectedName=mine")),
        ("PUT", format!("/workspaces/{id}/dormant?expectedName=mine")),
    ] {
        let refused = page.ask(method, &target, "").await;
        assert_eq!(refused.status(), StatusCode::CONFLICT, "{method} {target}");
        assert_eq!(
            refused.message(),
            "the workspace `mine` is called `other` by now; look at it again before you change it"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_favourite_is_marked_and_unmarked() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, true);
    let page = Page::open(&house, &alice).await;
    let target = format!("/workspaces/{id}/favorite");
    for (method, expected) in [("PUT", true), ("PUT", true), ("DELETE", false), ("DELETE", false)] {
        let marked = page.ask(method, &target, "").await;
        assert_eq!(marked.json()["favorite"], expected, "{}", marked.text());
        let shown = page.get(&format!("/workspaces/{id}")).await;
        assert_eq!(shown.json()["favorite"], expected, "{}", shown.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_workspace_is_put_to_sleep_and_woken() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, false);
    let page = Page::open(&house, &alice).await;
    let target = format!("/workspaces/{id}/dormant");
    for (method, expected) in
        [("PUT", "dormant"), ("PUT", "dormant"), ("DELETE", "offline"), ("DELETE", "offline")]
    {
        let changed = page.ask(method, &target, "").await;
        assert_eq!(changed.json()["availability"], expected, "{}", changed.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_put_off() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.running().time_to_live(Duration::from_secs(2 * 3600)).create();
    let page = Page::open(&house, &alice).await;
    let before = page.get(&format!("/workspaces/{id}")).await.json()["deadline"].clone();
    let extended = page.post(&format!("/workspaces/{id}/extend"), &json!({ "minutes": 60 })).await;
    let deadline = |value: &serde_json::Value| value.as_str().unwrap().parse::<jiff::Timestamp>();
    let later = deadline(&extended.json()["deadline"]).unwrap();
    assert_eq!(later.duration_since(deadline(&before).unwrap()).as_mins(), 60);
}

#[tokio::test(start_paused = true)]
async fn the_change_of_a_deadline_comes_last_so_that_a_refusal_after_it_cannot_repeat_it() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let workspace = house.coder.add_workspace(&alice, "mine").template("devcontainers");
    let id = workspace.running().time_to_live(Duration::from_secs(2 * 3600)).create();
    let page = Page::open(&house, &alice).await;
    let extended = page.post(&format!("/workspaces/{id}/extend"), &json!({ "minutes": 60 })).await;
    assert_eq!(extended.status(), StatusCode::OK, "{}", extended.text());
    let read = format!("GET /api/v2/workspaces/{id}");
    assert_eq!(page.cost(), [read, format!("PUT /api/v2/workspaces/{id}/extend")]);
    let shown = page.get(&format!("/workspaces/{id}")).await;
    assert_eq!(extended.json()["deadline"], shown.json()["deadline"]);
}
