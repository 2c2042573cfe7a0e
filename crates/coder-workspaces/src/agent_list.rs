//! The agents of a workspace.

use coder_client::AgentId;
use coder_client::models::{Workspace, WorkspaceAgent};

/// Returns the agents that decide about the workspace: all but those of dev containers, which come
/// and go without it.
pub(crate) fn counted(workspace: &Workspace) -> impl Iterator<Item = &WorkspaceAgent> {
    workspace.agents().filter(|agent| agent.parent_id.is_none())
}

/// Returns all agents, each with its parent; an agent of a dev container follows its parent.
///
/// Coder lists them in another order.
pub(crate) fn with_sub_agents(
    workspace: &Workspace,
) -> Vec<(&WorkspaceAgent, Option<&WorkspaceAgent>)> {
    let all: Vec<&WorkspaceAgent> = workspace.agents().collect();
    let known = |id: AgentId| all.iter().copied().find(|agent| agent.id == id);
    let parent = |agent: &WorkspaceAgent| agent.parent_id.and_then(known);
    let place = |id: AgentId| all.iter().position(|agent| agent.id == id);
    let mut sorted: Vec<_> = all.iter().copied().map(|agent| (agent, parent(agent))).collect();
    sorted.sort_by_key(|(agent, parent)| (place(parent.unwrap_or(agent).id), parent.is_some()));
    sorted
}
