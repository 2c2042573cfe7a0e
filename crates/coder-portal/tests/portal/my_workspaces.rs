//! The list of a person's workspaces, when something is missing from it.

use coder_client::WorkspaceId;
use coder_testkit::{FakeUser, Fault, LogBuffer};
use http::StatusCode;
use tracing::instrument::WithSubscriber as _;

use crate::support::{CATALOG, House, Page};

/// The innermost cause of an error of the fake.
const CAUSE: &str = "the fake was told to break it";
const REPOSITORY: &str = "https://github.com/acme/python-project";

fn add(house: &House, owner: &FakeUser, name: &str) -> WorkspaceId {
    let workspace = house.coder.add_workspace(owner, name).template("devcontainers");
    workspace.parameter("repo_url", REPOSITORY).running().create()
}

fn answer(body: &str) -> Fault {
    Fault::answer(StatusCode::OK, "application/json", body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_list_without_a_count_counts_what_it_has_and_says_that_more_may_be_missing() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = add(&house, &alice, "mine");
    let page = Page::open(&house, &alice).await;
    let one = serde_json::to_value(house.coder.workspace(id)).unwrap();
    let uncounted = serde_json::json!({ "workspaces": [one] });
    house.coder.fail_next(answer(&uncounted.to_string()).on("/api/v2/workspaces"));
    let list = page.get("/workspaces?offset=3").await;
    assert_eq!(list.json()["count"], 4, "{}", list.text());
    assert_eq!(list.json()["partial"], true);
    assert_eq!(list.json()["notices"][0], "coder lists 1 workspaces and does not count them");
}

#[tokio::test(start_paused = true)]
async fn parameters_that_cannot_be_read_are_told_and_read_again() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    add(&house, &alice, "mine");
    house.coder.fail_next(answer(r#"[{"name":"repo_url"}]"#).on("/api/v2/workspacebuilds"));
    let list = page.get("/workspaces").await;
    assert_eq!(list.json()["partial"], true, "{}", list.text());
    let notice = list.json()["notices"][0].as_str().unwrap().to_owned();
    assert!(notice.starts_with("entities of a workspace may be missing: "), "{notice}");
    let again = page.get("/workspaces").await;
    assert_eq!(again.json()["partial"], false, "{}", again.text());
    let refs = &again.json()["workspaces"][0]["entityRefs"];
    assert_eq!(refs[0], "component:default/python-project");
}

#[tokio::test(start_paused = true)]
async fn people_are_told_the_effect_of_an_error_and_the_log_has_its_causes_once() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    for name in ["one", "two", "three"] {
        add(&house, &alice, name);
    }
    let fault = Fault::connection_refused().on("/api/v2/workspacebuilds").times(usize::MAX);
    house.coder.fail_next(fault);
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.writer()).with_ansi(false).finish();
    let list = page.get("/workspaces").with_subscriber(subscriber).await;
    let notices = list.json()["notices"].as_array().unwrap();
    let [notice] = notices.as_slice() else { panic!("one for all: {}", list.text()) };
    let notice = notice.as_str().unwrap();
    assert!(notice.starts_with("the entities of some workspaces are not known: "), "{notice}");
    assert!(!notice.contains(CAUSE), "{notice}");
    let log = log.text();
    let lines = log.lines().filter(|line| line.contains("the entities of some workspaces"));
    assert_eq!(lines.clone().count(), 1, "{log}");
    assert!(lines.clone().all(|line| line.contains(CAUSE)), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_belongs_to_every_kind_of_entity_with_its_repository() {
    let api = "---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: python-api
  annotations: { backstage.io/source-location: 'url:https://github.com/acme/python-project' }
spec: { type: openapi, lifecycle: unknown, owner: pms, definition: '' }
";
    let house = House::with_catalog(&format!("{CATALOG}{api}"));
    let alice = house.coder.add_user("alice");
    add(&house, &alice, "mine");
    let page = Page::open(&house, &alice).await;
    let refs = page.get("/workspaces").await.json()["workspaces"][0]["entityRefs"].clone();
    assert_eq!(
        refs,
        serde_json::json!(["api:default/python-api", "component:default/python-project"])
    );
    let index = page.get("/index/workspaces").await;
    let mut of_index: Vec<_> =
        index.json()["workspaces"][0]["entityRefs"].as_array().unwrap().clone();
    of_index.sort_by_key(ToString::to_string);
    assert_eq!(serde_json::Value::from(of_index), refs);
}
