//! Agents of workspaces, their containers, ports and logs.

use crate::models::{AgentContainers, AgentLog, ListeningPorts, WorkspaceAgent};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{AgentId, DevcontainerId, List};

operations! {
    /// `GET /api/v2/workspaceagents/{agent}`: returns an agent.
    GetAgent(agent: AgentId) = GET ["workspaceagents", agent] => WorkspaceAgent;
    /// `GET /api/v2/workspaceagents/{agent}/listening-ports`: lists the TCP ports of the workspace
    /// that a process listens on. Coder answers 400 while the agent is not connected.
    #[doc(alias = "port forward")]
    ListListeningPorts(agent: AgentId) =
        GET ["workspaceagents", agent, "listening-ports"] => ListeningPorts;
    /// `DELETE /api/v2/workspaceagents/{agent}/containers/devcontainers/{devcontainer}`: deletes a
    /// dev container.
    DeleteDevcontainer(agent: AgentId, devcontainer: DevcontainerId) =
        DELETE ["workspaceagents", agent, "containers", "devcontainers", devcontainer] => ();
    /// `POST /api/v2/workspaceagents/{agent}/containers/devcontainers/{devcontainer}/recreate`:
    /// builds a dev container again.
    #[doc(alias = "rebuild")]
    RecreateDevcontainer(agent: AgentId, devcontainer: DevcontainerId) =
        POST ["workspaceagents", agent, "containers", "devcontainers", devcontainer, "recreate"]
        => ();
    /// `GET /api/v2/workspaceagents/{agent}/logs`: lists the log lines that the scripts of an agent
    /// wrote.
    #[doc(alias = "startup script log")]
    #[derive(Copy)]
    ListAgentLogs(agent: AgentId) = GET ["workspaceagents", agent, "logs"]
        query {
            ;
            /// Returns only lines after the line with this id.
            after: i64,
        }
        => List<AgentLog>;
}

/// `GET /api/v2/workspaceagents/{agent}/containers`: lists the containers that run beside an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAgentContainers {
    agent: AgentId,
    labels: Vec<String>,
}

impl ListAgentContainers {
    /// Creates the operation for all containers of an agent.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, labels: Vec::new() }
    }

    /// Adds a label, as `key=value`. With labels, only containers that have them are returned.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }
}

impl_operation!(ListAgentContainers => AgentContainers, |this| {
    let mut request = RequestBuilder::get(["workspaceagents", &this.agent.to_string(), "containers"]);
    for label in &this.labels {
        request = request.query("label", Some(label));
    }
    request
});
