//! The API's routes about workspaces, builds and agents.

use std::cmp::Reverse;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::Fresh;
use super::lifecycle::Job;
use super::{Build, Workspace, builds, create, knobs, list, logs, metadata};
use crate::authentication::Caller;
use crate::call::Call;
use crate::events::Wire;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;
use crate::templates::parse_id;

/// Everything below `/api/v2/workspaces`.
pub(crate) fn route_workspaces(
    deployment: &mut Deployment<'_>,
    call: &Call,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let (id, rest) = match (&call.method, rest) {
        (&Method::GET, []) => return list::list(deployment, call, &caller),
        (_, [id, rest @ ..]) => (parse_id(id)?, rest),
        _ => return Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
    };
    let workspace = visible(deployment, &caller, id)?;
    match (&call.method, rest) {
        (&Method::GET, []) => {
            if is_deleted(deployment, &workspace) && !includes_deleted(call) {
                return Err(gone(&workspace));
            }
            Ok(Reply::ok(&workspace.json(deployment, caller.user.id, Fresh::No)))
        }
        (&Method::GET, ["builds"]) => list_builds(deployment, call, &workspace),
        (&Method::POST, ["builds"]) => builds::start(deployment, call, &caller, &workspace),
        _ if is_deleted(deployment, &workspace) => Err(gone(&workspace)),
        _ => knobs::route(deployment, call, &caller, &workspace, rest),
    }
}

/// What is below `/api/v2/users/{user}/workspace/{name}`, and the creation of workspaces.
pub(crate) fn route_user(
    deployment: &mut Deployment<'_>,
    call: &Call,
    user: &str,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let owner = deployment.visible_user(&caller, user)?;
    match (&call.method, rest) {
        (&Method::POST, ["workspaces"]) => create::create(deployment, call, &caller, &owner),
        (&Method::GET, ["workspace", name]) => {
            let workspace = named(deployment, call, &caller, owner.id, name)?;
            Ok(Reply::ok(&workspace.json(deployment, caller.user.id, Fresh::No)))
        }
        (&Method::GET, ["workspace", name, "builds", number]) => {
            let workspace = named(deployment, call, &caller, owner.id, name)?;
            let number: u32 = number.parse().map_err(|_| {
                Reply::bad_request(&format!("Failed to parse build number {number:?}."))
            })?;
            let build = workspace.builds.iter().find(|build| build.number == number);
            let build = build.ok_or_else(Reply::not_found)?;
            Ok(Reply::ok(&build.json(deployment, &workspace, Fresh::No)))
        }
        _ => Err(Reply::no_route()),
    }
}

/// Everything below `/api/v2/workspacebuilds/{id}`.
pub(crate) fn route_builds(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let [id, rest @ ..] = rest else { return Err(Reply::no_route()) };
    let id = parse_id(id)?;
    let found = deployment.state.build(id).map(|(workspace, build)| (workspace.id, build.clone()));
    let (workspace, build) = found.ok_or_else(Reply::not_found)?;
    let workspace = visible(deployment, &caller, workspace)?;
    let job = build.job(&deployment.settings.pace, deployment.now);
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::ok(&build.json(deployment, &workspace, Fresh::No))),
        (&Method::GET, ["parameters"]) => {
            let parameters = build.parameters.iter();
            let parameters =
                parameters.map(|(name, value)| json!({ "name": name, "value": value }));
            Ok(Reply::ok(&parameters.collect()))
        }
        (&Method::GET, ["resources"]) => {
            Ok(Reply::ok(&build.resources_json(deployment, &workspace, &job).into()))
        }
        (&Method::GET, ["logs"]) => logs::of_build(deployment, call, &build),
        (&Method::GET, ["timings"]) => Ok(Reply::ok(&timings(deployment, &build, &job))),
        (&Method::PATCH, ["cancel"]) => {
            builds::cancel(deployment, call, &caller, &workspace, &build)
        }
        _ => Err(Reply::no_route()),
    }
}

/// Everything below `/api/v2/workspaceagents/{id}`.
pub(crate) fn route_agents(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let (&Method::GET, [id, rest @ ..]) = (&call.method, rest) else {
        return Err(Reply::no_route());
    };
    let id = parse_id(id)?;
    let deployment = &*deployment;
    let found = deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| workspace.is_visible_to(&caller.user) && caller.may("workspace:read"))
        .filter_map(|workspace| workspace.latest().map(|build| (workspace, build)))
        .flat_map(|(workspace, build)| {
            let agents = build.agents_now(deployment).into_iter();
            agents.map(move |(agent, state)| (workspace, build, agent, state))
        })
        .find(|(_, _, agent, _)| agent.id == id);
    let (workspace, build, agent, state) = found.ok_or_else(Reply::not_found)?;
    match rest {
        [] => Ok(Reply::ok(&agent.json(deployment, workspace, build, &state))),
        ["listening-ports"] if state.status != "connected" => Err(Reply::bad_request(&format!(
            "Agent state is {:?}, it must be in the \"connected\" state.",
            state.status
        ))),
        // Coder asks the agent for half a minute.
        ["listening-ports"] if state.lifecycle == "shutting_down" => Err(Reply::error_with_detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal error fetching listening ports.",
            "context deadline exceeded",
        )),
        ["listening-ports"] => {
            let port = json!({ "process_name": "node", "network": "tcp", "port": 3000 });
            Ok(Reply::ok(&json!({ "ports": [port] })))
        }
        ["logs"] => logs::of_agent(deployment, call, agent.id),
        ["watch-metadata"] => metadata::watch(deployment, call, agent.id, Wire::ServerSent),
        ["watch-metadata-ws"] => metadata::watch(deployment, call, agent.id, Wire::WebSocket),
        _ => Err(Reply::no_route()),
    }
}

/// The workspace of that id, when the caller may see it.
fn visible(deployment: &Deployment<'_>, caller: &Caller, id: Uuid) -> Result<Workspace, Reply> {
    deployment
        .state
        .workspace(id)
        .filter(|workspace| workspace.is_visible_to(&caller.user) && caller.may("workspace:read"))
        .cloned()
        .ok_or_else(Reply::not_found)
}

fn named(
    deployment: &Deployment<'_>,
    call: &Call,
    caller: &Caller,
    owner: Uuid,
    name: &str,
) -> Result<Workspace, Reply> {
    deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| workspace.owner == owner && workspace.name.eq_ignore_ascii_case(name))
        .filter(|workspace| includes_deleted(call) || !is_deleted(deployment, workspace))
        .filter(|workspace| workspace.is_visible_to(&caller.user) && caller.may("workspace:read"))
        .max_by_key(|workspace| workspace.created_at)
        .cloned()
        .ok_or_else(Reply::not_found)
}

fn is_deleted(deployment: &Deployment<'_>, workspace: &Workspace) -> bool {
    workspace.is_deleted(&deployment.settings.pace, deployment.now)
}

fn includes_deleted(call: &Call) -> bool {
    call.query("include_deleted") == Some("true")
}

fn gone(workspace: &Workspace) -> Reply {
    let message = format!(
        "Workspace \"{}\" was deleted, you can view this workspace by specifying \
         '?include_deleted=true' and trying again.",
        workspace.id
    );
    Reply::error(StatusCode::GONE, &message)
}

/// Newest first.
fn list_builds(deployment: &Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    let (limit, offset) = list::page(call)?;
    let builds: Vec<Value> = workspace
        .builds
        .iter()
        .rev()
        .skip(offset)
        .take(if limit == 0 { usize::MAX } else { limit })
        .map(|build| build.json(deployment, workspace, Fresh::No))
        .collect();
    Ok(Reply::ok(&builds.into()))
}

/// How long the steps of a build took.
fn timings(deployment: &Deployment<'_>, build: &Build, job: &Job) -> Value {
    let provisioner: Vec<Value> = match (job.started_at, job.completed_at) {
        (Some(started), Some(ended)) => vec![json!({
            "job_id": build.job,
            "started_at": started.to_string(),
            "ended_at": ended.to_string(),
            "stage": "apply",
            "source": "kubernetes",
            "action": "create",
            "resource": "kubernetes_pod.main",
        })],
        _ => Vec::new(),
    };
    let agents = build.agents_now(deployment);
    // The one that began last comes first.
    let mut scripts: Vec<Value> =
        agents.iter().rev().flat_map(|(agent, state)| agent.script_timings(state)).collect();
    scripts.sort_by_key(|timing| Reverse(timing.text("started_at").map(str::to_owned)));
    let connections: Vec<Value> =
        agents.iter().filter_map(|(agent, state)| agent.connection_timing(state)).collect();
    json!({
        "provisioner_timings": provisioner,
        "agent_script_timings": scripts,
        "agent_connection_timings": connections,
    })
}
