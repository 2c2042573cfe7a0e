//! The availability of a workspace as JavaScript gets it.

use coder_client::models::Workspace;
use coder_workspaces::{Availability, AvailabilityState, NextAction, agent_statuses};
use serde::Serialize;

/// The availability of a workspace, with what a card shows of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usable {
    state: AvailabilityState,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    action: NextAction,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_seconds: Option<u64>,
    label: &'static str,
    is_lit: bool,
    agent_statuses: Vec<String>,
}

impl Usable {
    /// Adds what a card shows to the availability of this workspace.
    pub(crate) fn new(workspace: &Workspace, availability: Availability) -> Self {
        let state = availability.state;
        let agents = agent_statuses(workspace).into_iter();
        Self {
            state,
            reason: availability.reason,
            action: availability.action,
            poll_after_seconds: availability.poll_after.map(|duration| duration.as_secs()),
            label: state.label(),
            is_lit: state.is_lit(),
            agent_statuses: agents.map(ToString::to_string).collect(),
        }
    }
}
