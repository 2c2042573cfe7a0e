//! Listening ports and containers of a workspace.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, open_enum};
use crate::{AgentId, DevcontainerId, List};

model! {
    /// The ports that processes of a workspace listen on: `GET
    /// /api/v2/workspaceagents/{agent}/listening-ports`.
    // coder: codersdk.WorkspaceAgentListeningPortsResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ListeningPorts {
        /// The ports, without those of apps and of well-known services.
        pub ports: List<ListeningPort>,
    }
}

model! {
    /// A port that a process listens on.
    // coder: codersdk.WorkspaceAgentListeningPort
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ListeningPort {
        /// The name of the process; may be empty.
        pub process_name: String,
        /// The network protocol, always `tcp`.
        pub network: String,
        /// The number of the port.
        pub port: u16 = required,
    }
}

model! {
    /// The containers beside an agent: `GET /api/v2/workspaceagents/{agent}/containers`.
    // coder: codersdk.WorkspaceAgentListContainersResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainers {
        /// The dev containers, whether they run or not.
        pub devcontainers: List<Devcontainer>,
        /// All containers, those of dev containers included.
        pub containers: List<AgentContainer>,
        /// Warnings about what may be missing in the lists.
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
        /// The id of the dev container.
        pub id: DevcontainerId = required,
        /// The name of the dev container.
        pub name: String,
        /// The folder that the dev container is for.
        pub workspace_folder: String,
        /// The path of the file that defines it, `devcontainer.json`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub config_path: Option<String>,
        /// The id of the agent that Coder made for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub subagent_id: Option<AgentId>,
        /// The status of the dev container.
        pub status: DevcontainerStatus,
        /// `true` when that file has changed since the dev container was made.
        pub dirty: bool,
        /// The container, when one exists.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub container: Option<AgentContainer>,
        /// The agent in the container, when one exists.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agent: Option<DevcontainerAgent>,
        /// The error of the last failure.
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
        /// The id of the agent.
        pub id: AgentId = required,
        /// The name of the agent.
        pub name: String,
        /// The directory in which sessions begin.
        pub directory: String,
    }
}

model! {
    /// A container that runs beside an agent.
    // coder: codersdk.WorkspaceAgentContainer
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainer {
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The id that the container runtime gave it.
        pub id: String = required,
        /// The name of the container.
        pub name: String,
        /// The image that the container was made from.
        pub image: String,
        /// The labels of the container.
        pub labels: BTreeMap<String, String>,
        /// `true` while the container runs.
        pub running: bool,
        /// The ports that the container publishes.
        pub ports: List<AgentContainerPort>,
        /// The status, in the words of the container runtime.
        pub status: String,
        /// The things that are mounted into the container, as the container runtime describes them.
        pub volumes: BTreeMap<String, String>,
    }
}

model! {
    /// A port of a container.
    // coder: codersdk.WorkspaceAgentContainerPort
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentContainerPort {
        /// The number of the port in the container.
        pub port: u16 = required,
        /// The network protocol, `tcp` or `udp`.
        pub network: String,
        /// The address outside of the container.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub host_ip: Option<String>,
        /// The number of the port outside of the container.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub host_port: Option<u16>,
    }
}

open_enum! {
    /// The status of a dev container.
    DevcontainerStatus {
        /// The dev container is running.
        Running = "running",
        /// The dev container is stopped.
        Stopped = "stopped",
        /// The dev container is starting.
        Starting = "starting",
        /// The dev container is stopping.
        Stopping = "stopping",
        /// The dev container is being deleted.
        Deleting = "deleting",
        /// The dev container has failed.
        Error = "error",
    }
}
