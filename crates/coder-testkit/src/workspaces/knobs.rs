//! The small switches of a workspace: autostart, time to live, dormancy, favorites, use.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::json::Fresh;
use super::watch::watch;
use super::{Workspace, sharing};
use crate::authentication::Caller;
use crate::call::Call;
use crate::events::Wire;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// Everything below `/api/v2/workspaces/{id}` that is not about builds.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    rest: &[&str],
) -> Answer {
    if call.method == Method::GET {
        return match rest {
            ["resolve-autostart"] => Ok(Reply::ok(&json!({ "parameter_mismatch": false }))),
            ["acl"] => sharing::acl(deployment, call, workspace),
            ["port-share"] => sharing::ports(deployment, call, workspace),
            ["watch" | "watch-ws"] => {
                let wire = if rest == ["watch"] { Wire::ServerSent } else { Wire::WebSocket };
                let coder = deployment.coder.clone();
                wire.send(call, watch(coder, workspace.id, caller.user.id, wire))
            }
            ["timings"] => Ok(Reply::ok(&json!({
                "provisioner_timings": [],
                "agent_script_timings": [],
                "agent_connection_timings": [],
            }))),
            _ => Err(Reply::no_route()),
        };
    }
    if workspace.owner != caller.user.id && matches!(rest, ["favorite"]) {
        return Err(Reply::error(
            StatusCode::FORBIDDEN,
            "You can only favorite workspaces that you own.",
        ));
    }
    if (workspace.owner != caller.user.id && !caller.user.owner) || !caller.may("workspace:update")
    {
        return Err(Reply::not_found());
    }
    let now = deployment.now;
    let change = |deployment: &mut Deployment<'_>, change: &dyn Fn(&mut Workspace)| {
        if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
            change(stored);
        }
        Ok(Reply::no_content())
    };
    match (&call.method, rest) {
        (&Method::PATCH, []) => Err(Reply::bad_request("Workspace renames are not allowed.")),
        (_, ["acl"]) => sharing::acl(deployment, call, workspace),
        (_, ["port-share"]) => sharing::ports(deployment, call, workspace),
        (&Method::PUT, ["favorite"]) => change(deployment, &|stored| stored.favorite = true),
        (&Method::DELETE, ["favorite"]) => change(deployment, &|stored| stored.favorite = false),
        (&Method::PUT, ["autostart"]) => {
            let schedule = call.json()?.text("schedule").map(str::to_owned);
            change(deployment, &|stored| stored.autostart_schedule.clone_from(&schedule))
        }
        (&Method::PUT, ["ttl"]) => {
            let ttl = call.json()?.get("ttl_ms").and_then(Value::as_i64).filter(|ttl| *ttl > 0);
            change(deployment, &|stored| stored.ttl_ms = ttl)
        }
        (&Method::PUT, ["autoupdates"]) => {
            let updates = call.json()?.text("automatic_updates").unwrap_or("never").to_owned();
            change(deployment, &|stored| stored.automatic_updates.clone_from(&updates))
        }
        (&Method::PUT, ["dormant"]) => {
            let dormant = call.json()?.get("dormant").and_then(Value::as_bool) == Some(true);
            if dormant == workspace.dormant_at.is_some() {
                return Err(Reply::empty(StatusCode::NOT_MODIFIED));
            }
            let _ = change(deployment, &|stored| stored.dormant_at = dormant.then_some(now));
            let stored = deployment.state.workspace(workspace.id).ok_or_else(Reply::not_found)?;
            Ok(Reply::ok(&stored.json(deployment, caller.user.id, Fresh::No)))
        }
        (&Method::PUT, ["extend"]) => extend(deployment, call, workspace),
        (&Method::POST, ["usage"]) => change(deployment, &|stored| stored.last_used_at = now),
        _ => Err(Reply::no_route()),
    }
}

fn extend(deployment: &mut Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    let body = call.json()?;
    let deadline: Timestamp = body
        .text("deadline")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Reply::bad_request("Validation failed."))?;
    let build = workspace.latest().ok_or_else(Reply::not_found)?;
    let status = build.status(&deployment.settings.pace, deployment.now);
    if status != "running" || build.deadline.is_none() {
        return Err(Reply::error(
            StatusCode::CONFLICT,
            "Workspace must be started and have a deadline",
        ));
    }
    if deadline.duration_since(deployment.now).as_mins() < 30 {
        return Err(Reply::bad_request("Cannot extend workspace: new deadline is too soon"));
    }
    if let Some(stored) = deployment.state.workspace_mut(workspace.id)
        && let Some(build) = stored.builds.last_mut()
    {
        build.deadline = Some(deadline);
    }
    Ok(Reply::ok(&json!({ "message": format!("Deadline updated to {deadline}.") })))
}
