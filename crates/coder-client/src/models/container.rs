//! What runs in an agent: ports that are listened on, and containers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, open_enum};
use crate::{AgentId, DevcontainerId, List};

model! {
    /// The ports that something listens on:
    /// `GET /api/v2/workspaceagents/{agent}/listening-ports`.
    // coder: codersdk.WorkspaceAgentListeningPortsResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ListeningPorts {
        /// Without those of apps and of well-known services.
        pub ports: List<ListeningPort>,
    }
}

model! {
    /// A port that something listens on.
    // coder: codersdk.WorkspaceAgentListeningPort
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ListeningPort {
        /// What listens; may be empty.
        pub process_name: String,
        /// `tcp`.
        pub network: String,
        /// The port.
        pub port: u16 = required,
    }
}

model! {
    /// The containers in an agent: `GET /api/v2/workspaceagents/{agent}/containers`.
    // coder: codersdk.WorkspaceAgentListContainersResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainers {
        /// Dev containers, running or not.
        pub devcontainers: List<Devcontainer>,
        /// Every container that there is.
        pub containers: List<AgentContainer>,
        /// What may be wrong with the lists.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub warnings: List<String>,
    }
}

model! {
    /// A dev container of a workspace.
    // coder: codersdk.WorkspaceAgentDevcontainer
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Devcontainer {
        /// Identifies it.
        pub id: DevcontainerId = required,
        /// Its name.
        pub name: String,
        /// The folder it is for.
        pub workspace_folder: String,
        /// The file that describes it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub config_path: Option<String>,
        /// The agent that Coder has made for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub subagent_id: Option<AgentId>,
        /// What it does.
        pub status: DevcontainerStatus,
        /// Whether that file changed since it was made.
        pub dirty: bool,
        /// The container, when there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub container: Option<AgentContainer>,
        /// Its agent, when there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agent: Option<DevcontainerAgent>,
        /// What went wrong.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
    }
}

model! {
    /// The agent in a dev container.
    // coder: codersdk.WorkspaceAgentDevcontainerAgent
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DevcontainerAgent {
        /// Which.
        pub id: AgentId = required,
        /// Its name.
        pub name: String,
        /// Where it starts.
        pub directory: String,
    }
}

model! {
    /// A container.
    // coder: codersdk.WorkspaceAgentContainer
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainer {
        /// When it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// Identifies it.
        pub id: String = required,
        /// Its name.
        pub name: String,
        /// What it was made from.
        pub image: String,
        /// Its labels.
        pub labels: BTreeMap<String, String>,
        /// Whether it runs.
        pub running: bool,
        /// Its ports.
        pub ports: List<AgentContainerPort>,
        /// In the words of what runs it.
        pub status: String,
        /// Its volumes, by their place in it.
        pub volumes: BTreeMap<String, String>,
    }
}

model! {
    /// A port of a container.
    // coder: codersdk.WorkspaceAgentContainerPort
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainerPort {
        /// In the container.
        pub port: u16 = required,
        /// `tcp` or `udp`.
        pub network: String,
        /// The address outside.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub host_ip: Option<String>,
        /// The port outside.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub host_port: Option<u16>,
    }
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
