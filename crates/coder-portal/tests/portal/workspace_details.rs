//! One workspace: its agents, its ports, its logs, its accounts.

use std::time::Duration;

use coder_testkit::Fault;
use http::StatusCode;

use crate::support::{House, Page};

#[tokio::test(start_paused = true)]
async fn a_workspace_is_shown_with_its_agents_and_one_request() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = house.coder.add_workspace(&alice, "mine").template("devcontainers").running().create();
    let page = Page::open(&house, &alice).await;
    let shown = page.get(&format!("/workspaces/{id}")).await;
    assert_eq!(shown.json()["agents"][0]["status"], "connected", "{}", shown.text());
    assert_eq!(shown.json()["links"]["agents"][0]["name"], shown.json()["agents"][0]["name"]);
    assert_eq!(page.cost(), [format!("GET /api/v2/workspaces/{id}")]);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_the_latest_build_is_read_on_after_a_line() {
    let house = House::new();
    house.coder.add_template("logged").build_log(&["Planning"], &["Applying", "Done"]);
    let alice = house.coder.add_user("alice");
    let id = house.coder.add_workspace(&alice, "mine").template("logged").running().create();
    let page = Page::open(&house, &alice).await;
    let log = page.get(&format!("/workspaces/{id}/log")).await;
    assert_eq!(log.json()["ended"], true, "{}", log.text());
    let lines = log.json()["lines"].as_array().unwrap().clone();
    assert!(lines.iter().any(|line| line["text"] == "Applying"), "{}", log.text());
    assert_eq!(page.cost().len(), 2);
    let last_but_one = lines[lines.len() - 2]["id"].clone();
    let rest = page.get(&format!("/workspaces/{id}/log?after={last_but_one}")).await;
    assert_eq!(rest.json()["lines"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_an_agent_is_read_by_those_of_its_own_workspace_only() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let new = |name| house.coder.add_workspace(&alice, name).template("devcontainers").running();
    let (id, other) = (new("mine").create(), new("other").create());
    let page = Page::open(&house, &alice).await;
    let shown = page.get(&format!("/workspaces/{id}")).await;
    let agent = shown.json()["agents"][0]["id"].as_str().unwrap().to_owned();
    let log = page.get(&format!("/workspaces/{id}/agents/{agent}/log")).await;
    assert_eq!(log.status(), StatusCode::OK, "{}", log.text());
    let foreign = page.get(&format!("/workspaces/{other}/agents/{agent}/log")).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    assert_eq!(foreign.message(), "the workspace `other` has no such agent");
}

#[tokio::test(start_paused = true)]
async fn ports_and_missing_accounts_are_told() {
    let house = House::new();
    house.coder.add_template("with-github").external_auth("github", "GitHub");
    let alice = house.coder.add_user("alice");
    let id = house.coder.add_workspace(&alice, "mine").template("with-github").running().create();
    let page = Page::open(&house, &alice).await;
    let ports = page.get(&format!("/workspaces/{id}/ports")).await;
    assert_eq!(ports.status(), StatusCode::OK, "{}", ports.text());
    assert_eq!(page.cost().len(), 2);
    let accounts = page.get(&format!("/workspaces/{id}/accounts")).await;
    assert_eq!(accounts.json()["missing"][0]["name"], "GitHub", "{}", accounts.text());
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_does_not_answer_is_named_as_the_cause_before_the_route_runs_out_of_time() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let id = house.coder.add_workspace(&alice, "mine").template("devcontainers").running().create();
    let page = Page::open(&house, &alice).await;
    let fault = Fault::bad_gateway().on("/api/v2/workspaces").times(usize::MAX);
    house.coder.fail_next(fault);
    let agent = "00000000-0000-4000-8000-000000000001";
    for below in ["", "/ports", "/accounts", "/log", &format!("/agents/{agent}/log")] {
        let target = format!("/workspaces/{id}{below}");
        // The clock of the server goes with the paused clock of its tasks.
        let clock = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                house.coder.advance(Duration::from_secs(1));
            }
        };
        let answer = tokio::select! {
            answer = page.get(&target) => answer,
            () = clock => unreachable!("a clock does not end"),
        };
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{below}");
        assert!(answer.message().contains("502"), "{below}: {}", answer.message());
    }
}
