//! Who else may use a workspace, and its ports.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rights::check_rights;
use crate::Version;
use crate::model::{PortShare, Workspace};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

static ACL: Shape = Shape {
    name: "UpdateWorkspaceACL",
    fields: &[field("user_roles", Kind::Map), field("group_roles", Kind::Map)],
};
static PORT: Shape = Shape {
    name: "UpsertWorkspaceAgentPortShareRequest",
    fields: &[
        field("agent_name", Kind::Text),
        field("port", Kind::Integer),
        field("share_level", Kind::Named("codersdk.WorkspaceAgentPortShareLevel")),
        field("protocol", Kind::Named("codersdk.WorkspaceAgentPortShareProtocol")),
    ],
};

/// Answers every request for `/api/v2/workspaces/{id}/acl`.
pub(crate) fn acl(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    if deployment.settings.version < Version::V2_29 {
        return Err(Reply::no_route());
    }
    match call.method {
        Method::GET => {
            let users = workspace.shared_with.iter().map(|(user, role)| {
                let state = &deployment.state;
                let (username, name) = (state.username(*user), state.shown_name(*user));
                json!({ "id": user, "username": username, "name": name, "role": role })
            });
            Ok(Reply::ok(&json!({ "users": users.collect::<Vec<_>>(), "group": [] })))
        }
        Method::PATCH => share(deployment, call, caller, workspace),
        Method::DELETE => {
            check_rights(caller, workspace)?;
            if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
                stored.shared_with.clear();
            }
            Ok(Reply::no_content().with("content-type", "application/json; charset=utf-8"))
        }
        _ => Err(Reply::method_not_allowed(&["DELETE", "GET", "PATCH"])),
    }
}

fn share(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    check_rights(caller, workspace)?;
    let body = ACL.read(call)?;
    let changes = changes(deployment, &body).map_err(|detail| {
        let fields = [("user_roles", detail)];
        let message = "Invalid request to update workspace ACL";
        Reply::invalid(StatusCode::BAD_REQUEST, message, fields)
    })?;
    if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
        for (user, role) in changes {
            stored.shared_with.retain(|(known, _)| *known != user);
            if !role.is_empty() {
                stored.shared_with.push((user, role));
            }
        }
    }
    Ok(Reply::no_content())
}

/// Reads users and the roles that they get; an empty role takes a user off the list.
fn changes(deployment: &Deployment<'_>, body: &Input) -> Result<Vec<(Uuid, String)>, String> {
    let roles = body.value("user_roles").and_then(Value::as_object).into_iter().flatten();
    let change = |(user, role): (&String, &Value)| {
        let role = role.as_str().unwrap_or_default();
        if !matches!(role, "admin" | "use" | "") {
            return Err(format!("role \"{role}\" is not a valid workspace role"));
        }
        let id = Uuid::try_parse(user).map_err(|_| format!("{user} is not a valid UUID."))?;
        if deployment.state.users.contains_key(&id) {
            Ok((id, role.to_owned()))
        } else {
            Err(format!("user with ID {id} does not exist"))
        }
    };
    roles.map(change).collect()
}

/// Answers every request for `/api/v2/workspaces/{id}/port-share`.
pub(crate) fn ports(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    match call.method {
        Method::GET => {
            let shares = workspace.port_shares.iter().map(|share| share.json(workspace.id));
            Ok(Reply::ok(&json!({ "shares": shares.collect::<Vec<_>>() })))
        }
        Method::POST => {
            check_rights(caller, workspace)?;
            let share = PortShare::read(call)?;
            share.check(workspace)?;
            let json = share.json(workspace.id);
            if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
                stored.port_shares.retain(|known| !known.is_same_port(&share));
                stored.port_shares.push(share);
            }
            Ok(Reply::ok(&json))
        }
        Method::DELETE => {
            check_rights(caller, workspace)?;
            let share = PortShare::read(call)?;
            share.check_agent(workspace)?;
            if !workspace.port_shares.iter().any(|known| known.is_same_port(&share)) {
                return Err(Reply::error(StatusCode::NOT_FOUND, "Port share not found."));
            }
            if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
                stored.port_shares.retain(|known| !known.is_same_port(&share));
            }
            Ok(Reply::empty(StatusCode::OK))
        }
        _ => Err(Reply::method_not_allowed(&["DELETE", "GET", "POST"])),
    }
}

impl PortShare {
    fn read(call: &Call) -> Result<Self, Reply> {
        let body = PORT.read(call)?;
        let text = |field: &str| body.text(field).unwrap_or_default().to_owned();
        Ok(Self {
            agent: text("agent_name"),
            port: body.integer("port").unwrap_or_default(),
            level: text("share_level"),
            protocol: body.text("protocol").unwrap_or("http").to_owned(),
        })
    }

    fn check(&self, workspace: &Workspace) -> Result<(), Reply> {
        let refusal = |message: &str, field: &str| {
            Reply::invalid(StatusCode::BAD_REQUEST, message, [(field, message)])
        };
        if !matches!(self.level.as_str(), "authenticated" | "organization" | "public") {
            return Err(refusal("Port sharing level not allowed.", "share_level"));
        }
        if !matches!(self.protocol.as_str(), "http" | "https") {
            return Err(refusal("Port protocol not allowed.", "protocol"));
        }
        self.check_agent(workspace)
    }

    fn check_agent(&self, workspace: &Workspace) -> Result<(), Reply> {
        let agents = workspace.latest().map(|build| build.agents.as_slice()).unwrap_or_default();
        if agents.iter().any(|agent| agent.plan.name == self.agent) {
            Ok(())
        } else {
            Err(Reply::bad_request("Agent not found."))
        }
    }

    fn is_same_port(&self, other: &Self) -> bool {
        (&self.agent, self.port) == (&other.agent, other.port)
    }

    fn json(&self, workspace: Uuid) -> Value {
        json!({
            "workspace_id": workspace,
            "agent_name": self.agent,
            "port": self.port,
            "share_level": self.level,
            "protocol": self.protocol,
        })
    }
}
