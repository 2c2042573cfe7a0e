//! All workspaces at a glance, with the rights of the person who asks.

use std::time::Duration;

use coder_testkit::{FakeCoder, FakeUser};
use http::StatusCode;
use serde_json::Value;

use crate::support::{CATALOG, House, Page};

pub(crate) const PAYMENTS: &str = "\
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    backstage.io/source-location: url:https://github.com/acme/payments/
spec: { type: service, lifecycle: production, owner: pms }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: olga }
spec: { memberOf: [pms] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: mallory }
spec: { memberOf: [pms] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: victor }
spec: { memberOf: [pms] }
";

pub(crate) fn add(coder: &FakeCoder, owner: &FakeUser, name: &str, repository: &str) {
    let new = coder.add_workspace(owner, name).template("devcontainers");
    let new = new.parameter("repo_url", &format!("https://github.com/acme/{repository}"));
    new.last_used_at(coder.clock().now()).running().create();
}

/// Returns the names of the workspaces in an answer, in their order.
pub(crate) fn names(answer: &Value) -> Vec<&str> {
    let workspaces = answer["workspaces"].as_array().unwrap();
    workspaces.iter().map(|workspace| workspace["name"].as_str().unwrap()).collect()
}

/// Makes a house with two components, in which Olga, an owner of the deployment, sees everything.
async fn company() -> (House, FakeUser, FakeUser) {
    let house = House::with_catalog(&format!("{CATALOG}{PAYMENTS}"));
    let (olga, alice) = (house.coder.add_owner("olga"), house.coder.add_user("alice"));
    for (owner, name, repository) in [
        (&alice, "pay", "payments"),
        (&olga, "pay", "payments.git"),
        (&olga, "script", "python-project"),
        (&olga, "lost", "paymentz"),
    ] {
        add(&house.coder, owner, name, repository);
    }
    (house, olga, alice)
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_all_entities_cost_one_list_and_each_build_once() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    let counts = page.get("/index/counts").await;
    let counts = counts.json();
    let of = |name: &str| {
        let items = counts["items"].as_array().unwrap();
        let entity_ref = format!("component:default/{name}");
        items.iter().find(|item| item["entityRef"] == *entity_ref).unwrap().clone()
    };
    assert_eq!(of("payments")["count"], 2, "{counts}");
    assert_eq!(of("payments")["mine"], 1);
    assert_eq!(of("payments")["running"], 2);
    assert_eq!(of("payments")["owners"], serde_json::json!(["alice", "olga"]));
    assert_eq!(of("python-project")["count"], 1);
    assert_eq!(counts["partial"], false, "{counts}");
    assert_eq!(counts["scope"], "caller");
    assert_eq!(page.cost().len(), 1 + 4);
    page.get("/index/counts").await;
    assert!(page.cost().is_empty(), "nothing has changed");
    let named = page.get("/index/counts?entities=payments,component:default/nothing").await;
    let named = named.json()["items"].clone();
    assert_eq!(named[1]["count"], 2);
    assert_eq!(
        named[0]["problem"], "the catalog has no entity of this name with a repository",
        "{named}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_of_all_is_filtered_sorted_paged_and_counted_by_kind() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    let list = async |query: &str| page.get(&format!("/index/workspaces?{query}")).await;
    let all = list("").await;
    assert_eq!(names(all.json()), ["pay", "lost", "pay", "script"], "by owner and name");
    assert_eq!(all.json()["facets"]["owner"][0]["value"], "olga", "{}", all.text());
    assert_eq!(all.json()["facets"]["owner"][0]["count"], 3);
    assert_eq!(all.json()["facets"]["entity"][0]["value"], "component:default/payments");
    assert_eq!(names(list("owner=Alice").await.json()), ["pay"]);
    assert_eq!(names(list("entity=payments&owner=olga").await.json()), ["pay"]);
    assert_eq!(names(list("entity=none").await.json()), ["lost"]);
    assert_eq!(
        names(list("entity=none,python-project&sort=name").await.json()),
        ["lost", "script"]
    );
    assert_eq!(names(list("status=stopped").await.json()), [""; 0]);
    assert_eq!(names(list("q=OLGA/s").await.json()), ["script"]);
    let second = list("sort=name&order=desc&limit=1&offset=1").await;
    assert_eq!(names(second.json()), ["pay"]);
    assert_eq!(second.json()["count"], 4);
    for wrong in ["sort=age", "order=up", "limit=501", "offset=-1", "entity=component:"] {
        assert_eq!(list(wrong).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_has_what_the_list_has() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    let csv = page.get("/index/export.csv?entity=payments").await;
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.headers()["content-disposition"], "attachment; filename=\"workspaces.csv\"");
    assert_eq!(csv.headers()["x-index-partial"], "false");
    let lines: Vec<_> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].contains("\"alice\",\"pay\""), "{lines:?}");
    assert!(lines[1].ends_with("\"component:default/payments\""), "{lines:?}");
    let json = page.get("/index/export.json?entity=payments").await;
    assert_eq!(names(json.json()), ["pay", "pay"]);
}

#[tokio::test(start_paused = true)]
async fn the_report_tells_what_has_no_counterpart_and_why() {
    let (house, olga, _) = company().await;
    house.coder.advance(Duration::from_secs(40 * 24 * 3600));
    add(&house.coder, &olga, "fresh", "python-project");
    let page = Page::open(&house, &olga).await;
    let report = page.get("/index/report").await;
    let report = report.json();
    let orphan = &report["workspacesWithoutEntity"]["items"][0];
    assert_eq!(orphan["name"], "lost", "{report}");
    assert_eq!(orphan["reason"], "not-in-catalog");
    assert_eq!(orphan["nearMiss"]["entityRef"], "component:default/payments");
    assert_eq!(orphan["nearMiss"]["difference"], "name");
    assert_eq!(report["staleWorkspaces"]["count"], 4, "{report}");
    assert_eq!(report["entitiesWithoutWorkspaces"]["count"], 0);
    let patient = page.get("/index/report?staleAfterDays=60&limit=1&offset=1").await;
    assert_eq!(patient.json()["staleWorkspaces"]["count"], 0);
    assert_eq!(patient.json()["workspacesWithoutEntity"]["count"], 1);
    assert_eq!(patient.json()["workspacesWithoutEntity"]["items"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_coder_does_not_tell_is_told_with_the_answer() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    let lost = coder_testkit::Fault::rate_limited(3_000).on("/api/v2/workspaces");
    house.coder.fail_next(lost);
    let list = page.get("/index/workspaces").await;
    assert_eq!(list.json()["partial"], true, "{}", list.text());
    assert_eq!(list.json()["readAt"], Value::Null);
    assert_eq!(
        list.json()["notices"][0],
        "coder does not tell its workspaces at present: coder limits the rate of requests; try again in 3000 seconds"
    );
    assert_eq!(page.cost().len(), 1, "Coder is left alone");
    page.get("/index/workspaces").await;
    assert!(page.cost().is_empty());
    house.coder.advance(Duration::from_secs(3_000));
    assert_eq!(page.get("/index/workspaces").await.json()["count"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_coders_that_takes_longer_than_an_answer_is_read_to_its_end() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    page.cost();
    house.coder.fail_next(coder_testkit::Fault::silence().on("/api/v2/workspaces"));
    for _ in 0..2 {
        let early = page.get("/index/workspaces").await;
        assert_eq!(early.json()["readAt"], Value::Null);
    }
    assert_eq!(page.cost(), ["GET /api/v2/workspaces"], "nobody asks for the same page again");
}

#[tokio::test(start_paused = true)]
async fn a_refused_parameter_is_named_wherever_its_field_is() {
    let (house, olga, _) = company().await;
    let page = Page::open(&house, &olga).await;
    let many = vec!["a"; 101].join(",");
    for (query, name) in
        [("sort=x", "sort"), ("limit=5&order=up", "order"), (&format!("owner={many}"), "owner")]
    {
        let refused = page.get(&format!("/index/workspaces?{query}")).await;
        assert_eq!(refused.status(), 400);
        assert!(refused.text().contains(&format!("the parameter `{name}`")), "{}", refused.text());
    }
}
