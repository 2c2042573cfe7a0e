//! The plugin's status of a workspace, and how often it asks again.

use coder_client::models::Workspace;
use coder_testkit::recordings::Json;
use coder_workspaces::{Availability, agent_statuses, icon_letter, poll_after};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::suite::{Outcome, hold};

#[test]
fn availability() {
    hold("availability", run);
}

fn run(input: &Json) -> Outcome {
    // Past every schedule and deadline in the recordings.
    let now: Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
    let availability = |workspace: &Workspace| Availability::new(workspace, now);
    let result = match (input.get("workspace"), input.get("workspaces")) {
        (Some(workspace), _) => {
            let workspace = workspace_of(workspace)?;
            let available = availability(&workspace);
            json!({
                "availability": available.state,
                "label": available.state.label(),
                "statusLightOn": available.state.is_lit(),
                "agentStatuses": agent_statuses(&workspace),
                "refetchIntervalMs": available.poll_after.map_or(json!(false), |after| {
                    json!(after.as_millis() as u64)
                }),
                "iconFallbackLetter": icon_letter(&workspace.name),
            })
        }
        (None, Some(workspaces)) => {
            let each = |list: &[Json]| -> Result<Vec<Availability>, String> {
                list.iter().map(|item| Ok(availability(&workspace_of(item)?))).collect()
            };
            let available = workspaces.as_list().map(each).transpose()?;
            let states: Vec<Value> =
                available.iter().flatten().map(|one| json!(one.state)).collect();
            json!({
                "refetchIntervalMs": poll_after(available.as_deref()).as_millis() as u64,
                "availability": states,
            })
        }
        (None, None) => panic!("no workspaces"),
    };
    Ok(Json::parse(&result.to_string()))
}

fn workspace_of(json: &Json) -> Result<Workspace, String> {
    serde_json::from_value(json.to_value()).map_err(|_| "Unreadable".to_owned())
}
