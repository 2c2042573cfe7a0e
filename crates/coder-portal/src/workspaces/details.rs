//! One workspace: its state, its agents, the ports that are open in it, the accounts it misses.

use coder_client::WorkspaceId;
use coder_client::models::AgentStatus;
use coder_client::operations::ListListeningPorts;
use coder_core::quoted;
use coder_workspaces::{missing_accounts, port_link};
use futures_util::future::join_all;
use serde::Serialize;

use crate::api::{ApiError, Call, Json};
use crate::notices::Notices;
use crate::wire;

/// The greatest number of agents whose ports are asked for.
const MAX_AGENTS: usize = 10;

/// A workspace, with its agents.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceDetails {
    #[serde(flatten)]
    workspace: wire::Workspace,
    /// Agents, whose links are in `links.agents`.
    agents: Vec<Agent>,
}

/// An agent of a workspace.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agent {
    /// Id, a UUID.
    id: String,
    name: String,
    /// Connection to Coder, in Coder's words, such as `connected`.
    status: String,
    /// The state of the agent's scripts, in Coder's words, such as `ready`.
    lifecycle: String,
    operating_system: String,
    architecture: String,
    /// Directory in which people begin; empty when the template names none.
    directory: String,
    healthy: bool,
}

pub(crate) async fn get(call: Call<WorkspaceId>) -> Result<Json<WorkspaceDetails>, ApiError> {
    let workspace = call.existing(&call.manage(None)).await?;
    let agents = workspace.agents().map(|agent| Agent {
        id: agent.id.to_string(),
        name: agent.name.clone(),
        status: agent.status.to_string(),
        lifecycle: agent.lifecycle_state.to_string(),
        operating_system: agent.operating_system.clone(),
        architecture: agent.architecture.clone(),
        directory: agent.expanded_directory.clone().unwrap_or_default(),
        healthy: agent.health.healthy,
    });
    let agents = agents.collect();
    Ok(Json(WorkspaceDetails { workspace: call.show(&workspace).await, agents }))
}

/// The ports that processes of a workspace listen on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortList {
    ports: Vec<Port>,
    /// `true` when ports may be missing; `notices` tell why.
    partial: bool,
    /// Messages for people.
    notices: Vec<String>,
}

/// A port that a process listens on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Port {
    /// Name of the agent.
    agent: String,
    port: u16,
    /// Name of the process; may be empty.
    process: String,
    /// URL that opens it in the browser; null when the deployment has no host names for apps.
    url: Option<String>,
}

pub(crate) async fn ports(call: Call<WorkspaceId>) -> Result<Json<PortList>, ApiError> {
    let workspace = call.existing(&call.manage(None)).await?;
    let hosts = call.hosts().await;
    let connected = workspace.agents().filter(|agent| agent.status == AgentStatus::Connected);
    let connected: Vec<_> = connected.collect();
    let mut notices = Notices::default();
    if connected.len() > MAX_AGENTS {
        notices.add(format!("only the first {MAX_AGENTS} agents were asked for their ports"));
    }
    let asked = connected
        .into_iter()
        .take(MAX_AGENTS)
        .map(async |agent| (agent, call.client.send(&ListListeningPorts::new(agent.id)).await));
    let mut ports = Vec::new();
    for (agent, answer) in join_all(asked).await {
        match answer {
            Ok(listening) => ports.extend(listening.ports.into_iter().map(|port| Port {
                agent: agent.name.clone(),
                port: port.port,
                process: port.process_name,
                url: port_link(&workspace, agent, port.port, false, &hosts).map(String::from),
            })),
            Err(error) if error.is_unauthorized() => return Err(error.into()),
            Err(error) => {
                let effect =
                    format!("the ports of the agent {} are not known", quoted(&agent.name));
                notices.add_error(&effect, &error);
            }
        }
    }
    Ok(Json(PortList { partial: !notices.is_empty(), ports, notices: notices.into_vec() }))
}

/// The accounts at other services that the owner of a workspace has not linked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MissingAccounts {
    missing: Vec<wire::MissingAccount>,
}

pub(crate) async fn accounts(call: Call<WorkspaceId>) -> Result<Json<MissingAccounts>, ApiError> {
    let workspace = call.existing(&call.manage(None)).await?;
    let missing = missing_accounts(&call.client, &workspace).await?;
    Ok(Json(MissingAccounts { missing: missing.into_iter().map(Into::into).collect() }))
}
