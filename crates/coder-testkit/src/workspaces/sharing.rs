//! Who else may use a workspace, and its ports.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Workspace;
use crate::Version;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// A port that others may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortShare {
    agent: String,
    port: u64,
    level: String,
    protocol: String,
}

/// `/api/v2/workspaces/{id}/acl`.
pub(crate) fn acl(deployment: &mut Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    if deployment.settings.version < Version::V2_29 {
        return Err(Reply::no_route());
    }
    match call.method {
        Method::GET => {
            let users = workspace.shared_with.iter().map(|(user, role)| {
                json!({ "id": user, "username": deployment.state.username(*user), "role": role })
            });
            Ok(Reply::ok(&json!({ "users": users.collect::<Vec<_>>(), "group": [] })))
        }
        Method::PATCH => {
            let body = call.json()?;
            let roles = body.get("user_roles").and_then(Value::as_object);
            let mut changes = Vec::new();
            for (user, role) in roles.into_iter().flatten() {
                let known =
                    Uuid::try_parse(user).ok().filter(|id| deployment.state.users.contains_key(id));
                match (known, role.as_str()) {
                    (Some(id), Some(role @ ("admin" | "use" | ""))) => {
                        changes.push((id, role.to_owned()));
                    }
                    _ => return Err(Reply::bad_request("Validation failed.")),
                }
            }
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
        Method::DELETE => {
            if let Some(stored) = deployment.state.workspace_mut(workspace.id) {
                stored.shared_with.clear();
            }
            Ok(Reply::no_content())
        }
        _ => Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// `/api/v2/workspaces/{id}/port-share`.
pub(crate) fn ports(deployment: &mut Deployment<'_>, call: &Call, workspace: &Workspace) -> Answer {
    if call.method == Method::GET {
        let shares: Vec<Value> =
            workspace.port_shares.iter().map(|share| share.json(workspace.id)).collect();
        return Ok(Reply::ok(&json!({ "shares": shares })));
    }
    let body = call.json()?;
    let share = PortShare {
        agent: body.text("agent_name").unwrap_or_default().to_owned(),
        port: body.get("port").and_then(Value::as_u64).unwrap_or_default(),
        level: body.text("share_level").unwrap_or_default().to_owned(),
        protocol: body.text("protocol").unwrap_or("http").to_owned(),
    };
    if !workspace.agents.iter().any(|agent| agent.name == share.agent) {
        return Err(Reply::bad_request("Agent not found."));
    }
    let Some(stored) = deployment.state.workspace_mut(workspace.id) else {
        return Err(Reply::not_found());
    };
    let before = stored.port_shares.len();
    stored.port_shares.retain(|known| (&known.agent, known.port) != (&share.agent, share.port));
    match call.method {
        Method::POST
            if matches!(share.level.as_str(), "authenticated" | "organization" | "public") =>
        {
            stored.port_shares.push(share.clone());
            Ok(Reply::ok(&share.json(workspace.id)))
        }
        Method::POST => Err(Reply::bad_request("Port sharing level not allowed.")),
        Method::DELETE if stored.port_shares.len() < before => Ok(Reply::empty(StatusCode::OK)),
        Method::DELETE => Err(Reply::error(StatusCode::NOT_FOUND, "Port share not found.")),
        _ => Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

impl PortShare {
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
