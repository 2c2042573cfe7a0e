//! The small switches of a workspace: its name, autostart, time to live, dormancy, favorites, use.

use http::{Method, StatusCode};
use serde_json::json;

use super::create::{already_exists, time_to_live};
use super::json::Fresh;
use super::rights::check_rights;
use super::sharing;
use super::watch::watch;
use crate::model::{Schedule, Workspace};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::events::Wire;
use crate::wire::input::{Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

static NAME: Shape = Shape {
    name: "UpdateWorkspaceRequest",
    fields: &[ruled("name", Kind::Text, &[Rule::Tag("username", is_username)])],
};
static AUTOSTART: Shape =
    Shape { name: "UpdateWorkspaceAutostartRequest", fields: &[field("schedule", Kind::Text)] };
static TTL: Shape =
    Shape { name: "UpdateWorkspaceTTLRequest", fields: &[field("ttl_ms", Kind::Integer)] };
static AUTOMATIC_UPDATES: Shape = Shape {
    name: "UpdateWorkspaceAutomaticUpdatesRequest",
    fields: &[field("automatic_updates", Kind::Named("codersdk.AutomaticUpdates"))],
};
static DORMANT: Shape =
    Shape { name: "UpdateWorkspaceDormancy", fields: &[field("dormant", Kind::Flag)] };
static EXTEND: Shape = Shape {
    name: "PutExtendWorkspaceRequest",
    fields: &[ruled("deadline", Kind::Time, &[Rule::Required])],
};
static USAGE: Shape = Shape {
    name: "PostWorkspaceUsageRequest",
    fields: &[field("agent_id", Kind::Id), field("app_name", Kind::Text)],
};

/// Routes everything below `/api/v2/workspaces/{id}` that is not about builds.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    rest: &[&str],
) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, ["resolve-autostart"]) => {
            Ok(Reply::ok(&json!({ "parameter_mismatch": false })))
        }
        (&Method::GET, ["watch"]) => follow(deployment, call, caller, workspace, Wire::ServerSent),
        (&Method::GET, ["watch-ws"]) => {
            follow(deployment, call, caller, workspace, Wire::WebSocket)
        }
        (&Method::GET, ["timings"]) => Ok(Reply::ok(&super::timings::none())),
        (_, ["acl"]) => sharing::acl(deployment, call, caller, workspace),
        (_, ["port-share"]) => sharing::ports(deployment, call, caller, workspace),
        (&Method::PATCH, []) => rename(deployment, call, caller, workspace),
        (&Method::PUT, ["favorite"]) => favorite(deployment, caller, workspace, true),
        (&Method::DELETE, ["favorite"]) => favorite(deployment, caller, workspace, false),
        (&Method::PUT, ["autostart"]) => autostart(deployment, call, caller, workspace),
        (&Method::PUT, ["ttl"]) => ttl(deployment, call, caller, workspace),
        (&Method::PUT, ["autoupdates"]) => automatic_updates(deployment, call, caller, workspace),
        (&Method::PUT, ["dormant"]) => dormant(deployment, call, caller, workspace),
        (&Method::PUT, ["extend"]) => extend(deployment, call, caller, workspace),
        (&Method::POST, ["usage"]) => usage(deployment, call, workspace),
        (_, ["favorite"]) => Err(Reply::method_not_allowed(&["DELETE", "PUT"])),
        (_, ["autostart" | "ttl" | "autoupdates" | "dormant" | "extend"]) => {
            Err(Reply::method_not_allowed(&["PUT"]))
        }
        (_, ["usage"]) => Err(Reply::method_not_allowed(&["POST"])),
        (_, ["watch" | "watch-ws" | "timings" | "resolve-autostart"]) => {
            Err(Reply::method_not_allowed(&["GET"]))
        }
        (_, []) => Err(Reply::method_not_allowed(&["GET", "PATCH"])),
        _ => Err(Reply::no_route()),
    }
}

/// Tells whether a name has letters and digits in groups joined by single hyphens; at most 32.
fn is_username(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.split('-').all(|group| {
            !group.is_empty() && group.chars().all(|letter| letter.is_ascii_alphanumeric())
        })
}

fn change(
    deployment: &mut Deployment<'_>,
    workspace: &Workspace,
    change: impl FnOnce(&mut Workspace),
) -> Answer {
    if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
        change(stored);
    }
    Ok(Reply::no_content())
}

fn invalid(message: &str, field: &str, detail: &str) -> Reply {
    Reply::invalid(StatusCode::BAD_REQUEST, message, [(field, detail)])
}

fn follow(
    deployment: &Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    wire: Wire,
) -> Answer {
    wire.send(call, watch(deployment.shared.clone(), workspace.id, caller.user.id, wire))
}

fn rename(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let body = NAME.read(call)?;
    let name = body.text("name").unwrap_or_default();
    if name == workspace.name {
        return Ok(Reply::no_content());
    }
    if !deployment.settings.renames {
        return Err(Reply::bad_request("Workspace renames are not allowed."));
    }
    if workspace.is_deleted(&deployment.settings.pace, deployment.now) {
        let message = format!("Workspace \"{}\" is deleted and cannot be updated.", workspace.name);
        return Err(Reply::error(StatusCode::METHOD_NOT_ALLOWED, &message));
    }
    let only_case = name.eq_ignore_ascii_case(&workspace.name);
    if !only_case && deployment.is_taken(workspace.owner, name) {
        return Err(already_exists(name));
    }
    change(deployment, workspace, |stored| name.clone_into(&mut stored.name))
}

/// Makes a workspace a favorite of its owner, or no favorite any more. Nobody else may do so, not
/// even an owner of the deployment.
fn favorite(
    deployment: &mut Deployment<'_>,
    caller: &Caller,
    workspace: &Workspace,
    favorite: bool,
) -> Answer {
    if workspace.owner != caller.user.id {
        let message = "You can only favorite workspaces that you own.";
        return Err(Reply::error(StatusCode::FORBIDDEN, message));
    }
    change(deployment, workspace, |stored| stored.favorite = favorite)
}

fn autostart(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let body = AUTOSTART.read(call)?;
    let schedule = body.text("schedule").map(Schedule::parse).transpose();
    let schedule =
        schedule.map_err(|reason| invalid("Invalid autostart schedule.", "schedule", &reason))?;
    change(deployment, workspace, |stored| {
        stored.awaits_start = schedule.is_some() && stored.dormant_at.is_none();
        stored.autostart = schedule;
    })
}

fn ttl(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let ttl = time_to_live(TTL.read(call)?.integer("ttl_ms")).map_err(|reason| {
        invalid("Error updating workspace time until shutdown.", "ttl_ms", reason)
    })?;
    change(deployment, workspace, |stored| {
        stored.ttl_ms = ttl;
        // What shall not stop has no deadline any more; another time counts from the next build.
        if let Some(build) = stored.builds.last_mut().filter(|_| ttl.is_none()) {
            build.deadline = None;
        }
    })
}

fn automatic_updates(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let body = AUTOMATIC_UPDATES.read(call)?;
    match body.text("automatic_updates") {
        Some(updates @ ("always" | "never")) => change(deployment, workspace, |stored| {
            updates.clone_into(&mut stored.automatic_updates);
        }),
        _ => Err(invalid("Invalid request", "automatic_updates", "must be always or never")),
    }
}

fn dormant(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let dormant = DORMANT.read(call)?.flag("dormant");
    if dormant == workspace.dormant_at.is_some() {
        return Err(Reply::empty(StatusCode::NOT_MODIFIED));
    }
    let now = deployment.now;
    if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
        stored.dormant_at = dormant.then_some(now);
        stored.awaits_start = false;
        if !dormant {
            stored.last_used_at = now;
        }
    }
    let stored = deployment.state.workspace(workspace.id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&stored.json(deployment, caller.user.id, Fresh::No)))
}

fn extend(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let deadline = EXTEND.read(call)?.time("deadline").unwrap_or_default();
    let build = workspace.latest().ok_or_else(Reply::not_found)?;
    let status = build.status(&deployment.settings.pace, deployment.now);
    if status != "running" || build.deadline.is_none() {
        let message = "Workspace must be started and have a deadline";
        return Err(Reply::error(StatusCode::CONFLICT, message));
    }
    if deadline.duration_since(deployment.now).as_mins() < 30 {
        return Err(Reply::bad_request(
            "Cannot extend workspace: new deadline must be at least 30 minutes in the future",
        ));
    }
    if let Some(stored) = deployment.state.workspace_mut(workspace.id)
        && let Some(build) = stored.builds.last_mut()
    {
        build.deadline = Some(deadline);
    }
    Ok(Reply::ok(&json!({ "message": format!("Deadline updated to {deadline}.") })))
}

fn usage(deployment: &mut Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    USAGE.read_if_any(call)?;
    let now = deployment.now;
    change(deployment, workspace, |stored| stored.last_used_at = now)
}
