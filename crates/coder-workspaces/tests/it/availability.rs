//! Whether a workspace can be used, and why not.

use coder_workspaces::{Availability, AvailabilityState, NextAction};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{fixture, now, workspace};
use crate::test;

fn of(json: Value) -> Value {
    serde_json::to_value(Availability::new(&workspace(json), now())).unwrap()
}

/// Makes a running workspace with one agent, changed.
fn agent(change: impl Fn(&mut Value)) -> Value {
    let mut json = fixture("workspace_running");
    change(&mut json["latest_build"]["resources"][0]["agents"][0]);
    json
}

#[test]
fn a_running_workspace_with_a_connected_agent_is_online() {
    assert_json_snapshot!(of(fixture("workspace_running")), @r#"
    {
      "action": "open",
      "pollAfterSeconds": 60,
      "reason": null,
      "state": "online"
    }
    "#);
}

#[test]
fn a_workspace_one_of_whose_agents_cannot_be_read_is_not_taken_for_one_without_it() {
    assert_json_snapshot!(of(agent(|agent| agent["id"] = 7.into())), @r#"
    {
      "action": "inspect",
      "pollAfterSeconds": 60,
      "reason": "one of its agents could not be read: `[0].id`: a number instead of a UUID",
      "state": "unknown"
    }
    "#);
}

#[test]
fn a_queued_build_says_its_place() {
    assert_json_snapshot!(of(fixture("workspace_pending_queued")), @r#"
    {
      "action": "wait",
      "pollAfterSeconds": 5,
      "reason": "its build is number 3 of 5 in the queue",
      "state": "pending"
    }
    "#);
}

#[test]
fn a_queued_build_leads_where_it_was_asked_to() {
    let state = |transition: &str| {
        let mut json = fixture("workspace_pending_queued");
        json["latest_build"]["transition"] = transition.into();
        of(json)["state"].clone()
    };
    assert_eq!(state("start"), "pending");
    assert_eq!(state("stop"), "stopping");
    assert_eq!(state("delete"), "deleting");
}

#[test]
fn a_queued_build_that_nobody_can_take_says_so() {
    let mut json = fixture("workspace_pending_queued");
    json["latest_build"]["job"]["queue_position"] = 0.into();
    json["latest_build"]["matched_provisioners"]["available"] = 0.into();
    assert_eq!(
        of(json)["reason"],
        "its build waits for a provisioner, and none that fits is available"
    );
}

#[test]
fn a_failed_build_says_why() {
    assert_json_snapshot!(of(fixture("workspace_failed")), @r#"
    {
      "action": "retry",
      "pollAfterSeconds": 60,
      "reason": "its last start failed: terraform apply: exit status 1: Error: pods \"coder-dana-ledger\" is forbidden: exceeded quota: team-quota",
      "state": "failed"
    }
    "#);
    let mut quota = fixture("workspace_failed");
    quota["latest_build"]["job"]["error_code"] = "INSUFFICIENT_QUOTA".into();
    assert_eq!(of(quota)["reason"], "its last start failed: the owner's quota does not allow it");
}

#[test]
fn an_agent_that_never_came_is_trouble() {
    let mut json = agent(|agent| {
        agent["status"] = "timeout".into();
        agent["health"] =
            json!({"healthy": false, "reason": "agent is taking too long to connect"});
        agent["troubleshooting_url"] = "https://wiki.test/agents".into();
    });
    json["health"]["healthy"] = false.into();
    assert_json_snapshot!(of(json), @r#"
    {
      "action": "restart",
      "pollAfterSeconds": 60,
      "reason": "`main`: agent is taking too long to connect; see https://wiki.test/agents",
      "state": "unhealthy"
    }
    "#);
}

#[test]
fn a_failed_start_script_is_trouble_although_the_agent_is_connected() {
    let mut json = agent(|agent| {
        agent["lifecycle_state"] = "start_error".into();
        let reason = "agent startup script exited with an error";
        agent["health"] = json!({"healthy": false, "reason": reason});
    });
    json["health"]["healthy"] = false.into();
    let found = Availability::new(&workspace(json), now());
    assert_eq!(found.state, AvailabilityState::Unhealthy);
    assert!(found.reason.unwrap().contains("startup script exited with an error"));
}

#[test]
fn scripts_that_block_the_login_are_waited_for_and_others_are_not() {
    for (blocks, state) in [(true, AvailabilityState::Pending), (false, AvailabilityState::Online)]
    {
        let json = agent(|agent| {
            agent["lifecycle_state"] = "starting".into();
            agent["scripts"][0]["run_on_start"] = true.into();
            agent["scripts"][0]["start_blocks_login"] = blocks.into();
        });
        assert_eq!(Availability::new(&workspace(json), now()).state, state);
    }
}

#[test]
fn an_agent_of_a_dev_container_does_not_count() {
    let mut json = fixture("workspace_multi_agent");
    json["health"] = json!({"healthy": true, "failing_agents": []});
    for resource in json["latest_build"]["resources"].as_array_mut().unwrap() {
        for agent in resource["agents"].as_array_mut().into_iter().flatten() {
            if agent["parent_id"].is_null() {
                agent["status"] = "connected".into();
            }
        }
    }
    assert_eq!(Availability::new(&workspace(json), now()).state, AvailabilityState::Online);
}

#[test]
fn a_dev_container_that_fails_makes_no_workspace_unhealthy() {
    let with_failing = |ids: &[&str], main_agent: &str| {
        let mut json = fixture("workspace_running");
        let resources = json["latest_build"]["resources"].as_array_mut().unwrap();
        let agents = resources.iter_mut().find_map(|resource| {
            let agents = resource["agents"].as_array_mut()?;
            (!agents.is_empty()).then_some(agents)
        });
        let agents = agents.unwrap();
        let mut sub = agents[0].clone();
        sub["parent_id"] = agents[0]["id"].clone();
        for (agent, id) in [(&mut agents[0], "11"), (&mut sub, "22")] {
            agent["id"] = format!("{id}111111-1111-4111-8111-111111111111").into();
        }
        sub["status"] = "disconnected".into();
        agents[0]["status"] = main_agent.into();
        agents.push(sub);
        let ids: Vec<_> =
            ids.iter().map(|id| format!("{id}111111-1111-4111-8111-111111111111")).collect();
        json["health"] = json!({ "healthy": false, "failing_agents": ids });
        of(json)["state"].clone()
    };
    assert_eq!(with_failing(&["22"], "connected"), "online");
    assert_eq!(with_failing(&["11", "22"], "disconnected"), "unhealthy");
    assert_eq!(with_failing(&["11"], "connected"), "unhealthy");
    // Nobody says which agent fails, or an agent that is not listed does.
    assert_eq!(with_failing(&[], "connected"), "unhealthy");
    assert_eq!(with_failing(&["33"], "connected"), "unhealthy");
}

#[test]
fn a_dormant_workspace_says_when_it_goes() {
    let mut json = fixture("workspace_stopped");
    json["dormant_at"] = "2026-08-01T00:00:00Z".into();
    json["deleting_at"] = "2026-08-23T12:00:00Z".into();
    assert_json_snapshot!(of(json), @r#"
    {
      "action": "wake",
      "pollAfterSeconds": 60,
      "reason": "it was not used for long and will be deleted in 3 days",
      "state": "dormant"
    }
    "#);
}

#[test]
fn a_deleted_workspace_is_not_looked_at_again() {
    let mut json = fixture("workspace_stopped");
    json["latest_build"]["status"] = "deleted".into();
    let found = Availability::new(&workspace(json), now());
    assert_eq!((found.action, found.poll_after), (NextAction::Recreate, None));
}

#[test]
fn a_schedule_that_is_due_soon_is_looked_at_when_it_is_due() {
    let mut json = fixture("workspace_stopped");
    json["next_start_at"] = "2026-08-20T10:00:20Z".into();
    assert_eq!(of(json)["pollAfterSeconds"], 20);
}

#[test]
fn a_status_from_the_future_is_unknown() {
    let mut json = fixture("workspace_stopped");
    json["latest_build"]["status"] = "hibernating".into();
    assert_json_snapshot!(of(json), @r#"
    {
      "action": "inspect",
      "pollAfterSeconds": 60,
      "reason": "coder says its status is `hibernating`",
      "state": "unknown"
    }
    "#);
}
