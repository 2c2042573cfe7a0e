//! The API's routes about workspaces, builds and agents.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::Fresh;
use super::{builds, create, knobs, list, logs, metadata, timings};
use crate::model::{AgentState, Build, User, Workspace};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::events::Wire;
use crate::wire::input::{Query, parse_id, parse_time};
use crate::wire::reply::{Answer, Reply};

/// Answers every request below `/api/v2/workspaces`.
pub(crate) fn route_workspaces(
    deployment: &mut Deployment<'_>,
    call: &Call,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let (id, rest) = match (&call.method, rest) {
        (&Method::GET, []) => return list::list(deployment, call, &caller),
        (_, [id, rest @ ..]) => (id_in_path(id)?, rest),
        _ => return Err(Reply::method_not_allowed(&["GET"])),
    };
    let workspace = visible(deployment, &caller, id)?;
    let answer = answer_workspace(deployment, call, &caller, &workspace, rest);
    deployment.note_reader(call, id);
    answer
}

fn answer_workspace(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    rest: &[&str],
) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => {
            let deleted = is_deleted(deployment, workspace);
            if !includes_deleted(call)? && deleted {
                return Err(gone(deployment, workspace));
            }
            Ok(Reply::ok(&workspace.json(deployment, caller.user.id, Fresh::No)))
        }
        (&Method::GET, ["builds"]) => list_builds(deployment, call, workspace),
        (&Method::POST, ["builds"]) => builds::start(deployment, call, caller, workspace),
        (_, ["builds"]) => Err(Reply::method_not_allowed(&["GET", "POST"])),
        _ => knobs::route(deployment, call, caller, workspace, rest),
    }
}

impl Deployment<'_> {
    /// Lets a build go on that awaits a reader, after an answer has told how it goes.
    fn note_reader(&mut self, call: &Call, workspace: Uuid) {
        let now = self.now;
        if call.method == Method::GET
            && let Some(stored) = self.state.workspace_mut(workspace)
        {
            stored.was_read(now);
        }
    }
}

/// Answers everything below `/api/v2/users/{user}/workspace/{name}`, and creates workspaces.
pub(crate) fn route_user(
    deployment: &mut Deployment<'_>,
    call: &Call,
    user: &str,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    if let (&Method::POST, ["workspaces"]) = (&call.method, rest) {
        // Coder finds the owner first, and then tells who may not create for them.
        let owner = match user {
            "me" => caller.user.clone(),
            other => named_user(deployment, other)?,
        };
        return create::create(deployment, call, &caller, &owner);
    }
    let owner = deployment.visible_user(&caller, user)?;
    match (&call.method, rest) {
        (&Method::GET, ["workspace", name]) => {
            let workspace = named(deployment, call, &caller, owner.id, name)?;
            Ok(Reply::ok(&workspace.json(deployment, caller.user.id, Fresh::No)))
        }
        (&Method::GET, ["workspace", name, "builds", number]) => {
            let workspace = named(deployment, call, &caller, owner.id, name)?;
            let number: u32 = number.parse().map_err(|_| no_number(number))?;
            let build = workspace.builds.iter().find(|build| build.number == number);
            let build = build.ok_or_else(|| {
                let message = format!("Workspace \"{name}\" Build {number} does not exist.");
                Reply::error(StatusCode::NOT_FOUND, &message)
            })?;
            Ok(Reply::ok(&build.json(deployment, &workspace, Fresh::No)))
        }
        _ => Err(Reply::no_route()),
    }
}

/// Answers every request below `/api/v2/workspacebuilds/{id}`.
pub(crate) fn route_builds(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let [id, rest @ ..] = rest else { return Err(Reply::no_route()) };
    let id = id_in_path(id)?;
    let found = deployment.state.build(id).map(|(workspace, build)| (workspace.id, build.clone()));
    let (workspace, build) = found.ok_or_else(Reply::not_found)?;
    let workspace = visible(deployment, &caller, workspace)?;
    let answer = answer_build(deployment, call, &caller, &workspace, &build, rest);
    deployment.note_reader(call, workspace.id);
    answer
}

fn answer_build(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    build: &Build,
    rest: &[&str],
) -> Answer {
    let job = build.job(&deployment.settings.pace, deployment.now);
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::ok(&build.json(deployment, workspace, Fresh::No))),
        (&Method::GET, ["parameters"]) => {
            // Coder begins at a random place of this circle, and the fake in the middle.
            let (end, start) = build.parameters.split_at(build.parameters.len() / 2);
            let parameters = start.iter().chain(end);
            let parameters =
                parameters.map(|(name, value)| json!({ "name": name, "value": value }));
            Ok(Reply::ok(&parameters.collect()))
        }
        (&Method::GET, ["resources"]) => {
            let mut resources = build.resources_json(deployment, workspace, &job);
            resources.iter_mut().for_each(leave_out_subdomains);
            Ok(Reply::ok(&resources.into()))
        }
        (&Method::GET, ["logs"]) => logs::of_build(deployment, call, workspace, build),
        (&Method::GET, ["timings"]) => Ok(Reply::ok(&timings::of_build(deployment, build))),
        (&Method::GET, ["state"]) => {
            if caller.user.owner {
                Ok(Reply::empty(StatusCode::OK).with("content-type", "application/json"))
            } else {
                Err(Reply::not_found())
            }
        }
        (&Method::PATCH, ["cancel"]) => builds::cancel(deployment, call, caller, workspace, build),
        (_, ["cancel"]) => Err(Reply::method_not_allowed(&["PATCH"])),
        (_, [] | ["parameters" | "resources" | "logs" | "timings" | "state"]) => {
            Err(Reply::method_not_allowed(&["GET"]))
        }
        _ => Err(Reply::no_route()),
    }
}

/// Answers every request below `/api/v2/workspaceagents/{id}`.
pub(crate) fn route_agents(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let (&Method::GET, [id, rest @ ..]) = (&call.method, rest) else {
        return Err(Reply::no_route());
    };
    let id = id_in_path(id)?;
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
    let (workspace, build, agent, state) = found.ok_or_else(|| {
        let message = "Agent doesn't exist with that id, or you do not have access to it.";
        Reply::error(StatusCode::NOT_FOUND, message)
    })?;
    match rest {
        [] => Ok(Reply::ok(&build.agent_json(deployment, workspace, agent, &state))),
        ["listening-ports"] => listening_ports(&state),
        ["containers"] if state.status != "connected" => Err(not_connected(&state)),
        ["logs" | "startup-logs"] => logs::of_agent(deployment, call, agent.id),
        ["watch-metadata"] => metadata::watch(deployment, call, agent.id, Wire::ServerSent),
        ["watch-metadata-ws"] => metadata::watch(deployment, call, agent.id, Wire::WebSocket),
        _ => Err(Reply::no_route()),
    }
}

/// Answers `GET /api/v2/workspaceagents/{id}/listening-ports` of a connected agent with one port.
fn listening_ports(state: &AgentState) -> Answer {
    if state.lifecycle == "shutting_down" {
        // Coder asks the agent for half a minute.
        return Err(Reply::error_with_detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal error fetching listening ports.",
            "context deadline exceeded",
        ));
    }
    if state.status != "connected" {
        return Err(not_connected(state));
    }
    let port = json!({ "process_name": "node", "network": "tcp", "port": 3000 });
    Ok(Reply::ok(&json!({ "ports": [port] })))
}

/// Refuses a question to an agent that is not connected.
fn not_connected(state: &AgentState) -> Reply {
    let status = state.status;
    Reply::bad_request(&format!(
        "Agent state is \"{status}\", it must be in the \"connected\" state."
    ))
}

/// Parses an id in a path.
fn id_in_path(segment: &str) -> Result<Uuid, Reply> {
    parse_id(segment).map_err(|reason| {
        let message = format!("Invalid UUID \"{segment}\".");
        Reply::error_with_detail(StatusCode::BAD_REQUEST, &message, &reason)
    })
}

/// Returns the user of that id or name, whoever asks.
fn named_user(deployment: &Deployment<'_>, segment: &str) -> Result<User, Reply> {
    let users = &deployment.state;
    let user = match Uuid::try_parse(segment) {
        Ok(id) => users.users.get(&id),
        Err(_) => users.user_named(segment),
    };
    user.cloned().ok_or_else(Reply::not_found)
}

fn no_number(segment: &str) -> Reply {
    let reason = format!("strconv.ParseInt: parsing \"{segment}\": invalid syntax");
    let message = "Failed to parse build number as integer.";
    Reply::error_with_detail(StatusCode::BAD_REQUEST, message, &reason)
}

/// Removes the subdomains of apps, which the list of resources does not know.
fn leave_out_subdomains(resource: &mut Value) {
    let agents = resource.get_mut("agents").and_then(Value::as_array_mut);
    for agent in agents.into_iter().flatten() {
        let apps = agent.get_mut("apps").and_then(Value::as_array_mut);
        for app in apps.into_iter().flatten().filter_map(Value::as_object_mut) {
            app.remove("subdomain_name");
        }
    }
}

/// Returns the workspace of that id, when the caller may see it.
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
    let include_deleted = includes_deleted(call)?;
    deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| workspace.owner == owner && workspace.name.eq_ignore_ascii_case(name))
        .filter(|workspace| include_deleted || !is_deleted(deployment, workspace))
        .filter(|workspace| workspace.is_visible_to(&caller.user) && caller.may("workspace:read"))
        .max_by_key(|workspace| workspace.created_at)
        .cloned()
        .ok_or_else(Reply::not_found)
}

fn is_deleted(deployment: &Deployment<'_>, workspace: &Workspace) -> bool {
    workspace.is_deleted(&deployment.settings.pace, deployment.now)
}

/// Reads `include_deleted` as Go reads a boolean.
fn includes_deleted(call: &Call) -> Result<bool, Reply> {
    match call.query("include_deleted") {
        None => Ok(false),
        Some(text) => boolean(text).ok_or_else(|| {
            Reply::invalid(
                StatusCode::BAD_REQUEST,
                &format!("Invalid boolean value \"{text}\" for \"include_deleted\" query param."),
                [("deleted", "Must be a valid boolean")],
            )
        }),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn gone(deployment: &Deployment<'_>, workspace: &Workspace) -> Reply {
    let parameter = deployment.profile().deleted_parameter;
    let message = format!(
        "Workspace \"{}\" was deleted, you can view this workspace by specifying \
         '?{parameter}=true' and trying again.",
        workspace.id
    );
    Reply::error(StatusCode::GONE, &message)
}

/// Lists the builds of a workspace, the newest first.
fn list_builds(deployment: &Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    let mut query = Query::new(call);
    let (limit, offset) = (query.count("limit"), query.count("offset"));
    let after = query.id("after_id");
    query.finish("Query parameters have invalid values.")?;
    let since = since(call)?;
    let newest_first = workspace.builds.iter().rev();
    let place = match after {
        None => 0,
        Some(id) => {
            let place = newest_first.clone().position(|build| build.id == id);
            place.map(|place| place + 1).ok_or_else(|| {
                let message = format!("Record at \"after_id\" (\"{id}\") does not exist.");
                Reply::bad_request(&message)
            })?
        }
    };
    let builds: Vec<Value> = newest_first
        .skip(place)
        .filter(|build| since.is_none_or(|since| build.created_at > since))
        .skip(offset)
        .take(if limit == 0 { usize::MAX } else { limit })
        .map(|build| build.json(deployment, workspace, Fresh::No))
        .collect();
    Ok(Reply::ok(&builds.into()))
}

/// Reads `since`: builds that are not newer are left out.
fn since(call: &Call) -> Result<Option<Timestamp>, Reply> {
    call.query("since").map(parse_time).transpose().map_err(|reason| {
        let message = "bad `since` format, must be RFC3339";
        Reply::error_with_detail(StatusCode::BAD_REQUEST, message, &reason)
    })
}
