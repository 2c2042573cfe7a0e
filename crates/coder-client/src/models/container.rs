//! What runs in an agent: ports that are listened on, and containers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::nullable;
use crate::open_enum::open_enum;
use crate::{AgentId, DevcontainerId};

/// The ports that something listens on:
/// `GET /api/v2/workspaceagents/{agent}/listening-ports`.
// coder: codersdk.WorkspaceAgentListeningPortsResponse
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListeningPorts {
    /// Without those of apps and of well-known services.
    #[serde(default, deserialize_with = "nullable")]
    pub ports: Vec<ListeningPort>,
}

/// A port that something listens on.
// coder: codersdk.WorkspaceAgentListeningPort
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListeningPort {
    /// What listens; may be empty.
    #[serde(default)]
    pub process_name: String,
    /// `tcp`.
    #[serde(default)]
    pub network: String,
    /// The port.
    pub port: u16,
}

/// The containers in an agent: `GET /api/v2/workspaceagents/{agent}/containers`.
// coder: codersdk.WorkspaceAgentListContainersResponse
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentContainers {
    /// Dev containers, running or not.
    #[serde(default, deserialize_with = "nullable")]
    pub devcontainers: Vec<Devcontainer>,
    /// Every container that there is.
    #[serde(default, deserialize_with = "nullable")]
    pub containers: Vec<AgentContainer>,
    /// What may be wrong with the lists.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A dev container of a workspace.
// coder: codersdk.WorkspaceAgentDevcontainer
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Devcontainer {
    /// Identifies it.
    pub id: DevcontainerId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The folder it is for.
    #[serde(default)]
    pub workspace_folder: String,
    /// The file that describes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_path: Option<String>,
    /// The agent that Coder has made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent_id: Option<AgentId>,
    /// What it does.
    #[serde(default)]
    pub status: DevcontainerStatus,
    /// Whether that file changed since it was made.
    #[serde(default)]
    pub dirty: bool,
    /// The container, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<AgentContainer>,
    /// Its agent, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<DevcontainerAgent>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The agent in a dev container.
// coder: codersdk.WorkspaceAgentDevcontainerAgent
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DevcontainerAgent {
    /// Which.
    pub id: AgentId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Where it starts.
    #[serde(default)]
    pub directory: String,
}

/// A container.
// coder: codersdk.WorkspaceAgentContainer
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentContainer {
    /// When it was made.
    pub created_at: Timestamp,
    /// Identifies it.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it was made from.
    #[serde(default)]
    pub image: String,
    /// Its labels.
    #[serde(default, deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Whether it runs.
    #[serde(default)]
    pub running: bool,
    /// Its ports.
    #[serde(default, deserialize_with = "nullable")]
    pub ports: Vec<AgentContainerPort>,
    /// In the words of what runs it.
    #[serde(default)]
    pub status: String,
    /// Its volumes, by their place in it.
    #[serde(default, deserialize_with = "nullable")]
    pub volumes: BTreeMap<String, String>,
}

/// A port of a container.
// coder: codersdk.WorkspaceAgentContainerPort
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentContainerPort {
    /// In the container.
    pub port: u16,
    /// `tcp` or `udp`.
    #[serde(default)]
    pub network: String,
    /// The address outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<String>,
    /// The port outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
}

open_enum! {
    /// What a dev container does.
    DevcontainerStatus {
        /// It runs.
        Running = "running",
        /// It does not.
        Stopped = "stopped",
        /// It will soon.
        Starting = "starting",
        /// It will not much longer.
        Stopping = "stopping",
        /// It is being removed.
        Deleting = "deleting",
        /// It failed.
        Error = "error",
    }
}
