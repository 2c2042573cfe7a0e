//! Agents, and what runs in them.

use crate::models::{AgentContainers, AgentLog, ListeningPorts, WorkspaceAgent};
use crate::operation::{Draft, operation, operations};
use crate::{AgentId, DevcontainerId, List};

operations! {
    /// `GET /api/v2/workspaceagents/{agent}`: one agent.
    GetAgent(agent: AgentId) = GET ["workspaceagents", agent] => WorkspaceAgent;
    /// `GET /api/v2/workspaceagents/{agent}/listening-ports`: the ports that something listens on.
    /// Answers 400 while the agent is not connected.
    ListListeningPorts(agent: AgentId) =
        GET ["workspaceagents", agent, "listening-ports"] => ListeningPorts;
    /// `DELETE /api/v2/workspaceagents/{agent}/containers/devcontainers/{devcontainer}`: removes a
    /// dev container.
    DeleteDevcontainer(agent: AgentId, devcontainer: DevcontainerId) =
        DELETE ["workspaceagents", agent, "containers", "devcontainers", devcontainer];
    /// `POST /api/v2/workspaceagents/{agent}/containers/devcontainers/{devcontainer}/recreate`:
    /// makes a dev container anew.
    RecreateDevcontainer(agent: AgentId, devcontainer: DevcontainerId) =
        POST ["workspaceagents", agent, "containers", "devcontainers", devcontainer, "recreate"];
}

/// `GET /api/v2/workspaceagents/{agent}/containers`: the containers in an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListAgentContainers {
    agent: AgentId,
    labels: Vec<String>,
}

impl ListAgentContainers {
    /// All of them.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, labels: Vec::new() }
    }

    /// Those with this label, as `key=value`.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }
}

operation!(ListAgentContainers => AgentContainers, |this| {
    let draft = Draft::get(["workspaceagents", &this.agent.to_string(), "containers"]);
    this.labels.iter().fold(draft, |draft, label| draft.query("label", Some(label)))
});

/// `GET /api/v2/workspaceagents/{agent}/logs`: what an agent's scripts wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListAgentLogs {
    agent: AgentId,
    after: Option<i64>,
}

impl ListAgentLogs {
    /// All of it.
    pub fn new(agent: AgentId) -> Self {
        Self { agent, after: None }
    }

    /// What comes after the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { after: Some(id), ..self }
    }
}

operation!(ListAgentLogs => List<AgentLog>, |this| {
    Draft::get(["workspaceagents", &this.agent.to_string(), "logs"]).query("after", this.after)
});
