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
    let with_parent = || all.iter().copied().map(|agent| (agent, parent(agent)));
    let mut sorted = Vec::new();
    for (place, first) in all.iter().enumerate() {
        if all.iter().position(|agent| agent.id == first.id) != Some(place) {
            // Coder gives no id twice.
            continue;
        }
        for is_sub_agent in [false, true] {
            sorted.extend(with_parent().filter(|(agent, parent)| {
                parent.is_some() == is_sub_agent && parent.unwrap_or(agent).id == first.id
            }));
        }
    }
    sorted
}
