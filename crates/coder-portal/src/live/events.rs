//! What a page is told: the events of a stream, as JSON.

use std::sync::Arc;

use coder_auth::http::Event;
use coder_client::models::{AgentLog, ProvisionerJobLog, Workspace};
use coder_client::{AgentId, BuildId, ClientError, WorkspaceId};
use coder_core::{cleaned, cleaned_line_to, without_causes};
use coder_workspaces::Availability;
use serde::Serialize;

use super::data::{
    End, EndEvent, LineOfEvent, LogEvent, ProblemEvent, WorkspaceEvent, WorkspaceReference,
};

/// The greatest length of a line of a log, in characters. Longer ones are cut.
const MAX_LINE: usize = 4096;

/// An event, ready for any number of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    name: &'static str,
    data: Arc<str>,
}

impl Told {
    /// Returns the event for a page.
    pub(crate) fn to_event(&self) -> Event {
        Event::new(&*self.data).event(self.name)
    }

    /// Returns the length of the data, in bytes.
    pub(super) fn size(&self) -> usize {
        self.data.len()
    }

    /// Makes an event of this name, with data in JSON.
    pub(crate) fn new(name: &'static str, data: &impl Serialize) -> Self {
        // Texts, numbers and moments can always be written.
        Self { name, data: serde_json::to_string(data).unwrap_or_default().into() }
    }

    /// Makes the event with the state of a workspace.
    pub(super) fn workspace(workspace: &Workspace, availability: &Availability) -> Self {
        Self::new("workspace", &WorkspaceEvent::new(workspace, availability))
    }

    /// Makes the event for a workspace that Coder does not show to the person.
    pub(crate) fn gone(workspace: WorkspaceId) -> Self {
        Self::new("gone", &WorkspaceReference { workspace })
    }

    /// Makes the event for a state that Coder does not tell, so that the last one may be out of date.
    pub(super) fn problem(workspace: WorkspaceId, error: &ClientError) -> Self {
        Self::new("problem", &ProblemEvent { workspace, message: without_causes(error) })
    }

    /// Makes the event with lines of the log of a build.
    pub(super) fn build_log(
        workspace: WorkspaceId,
        build: BuildId,
        lines: &[ProvisionerJobLog],
    ) -> Self {
        let lines = lines.iter().map(|line| LineOfEvent {
            id: line.id,
            at: line.created_at,
            level: &line.log_level,
            stage: Some(cleaned(&line.stage)),
            text: cleaned_line_to(MAX_LINE, &line.output),
        });
        let (build, lines) = (Some(build), lines.collect());
        Self::new("log", &LogEvent { workspace, build, agent: None, lines })
    }

    /// Makes the event with lines of the log of an agent's start scripts.
    pub(super) fn agent_log(workspace: WorkspaceId, agent: AgentId, lines: &[AgentLog]) -> Self {
        let lines = lines.iter().map(|line| LineOfEvent {
            id: line.id,
            at: line.created_at,
            level: &line.level,
            stage: None,
            text: cleaned_line_to(MAX_LINE, &line.output),
        });
        let (agent, lines) = (Some(agent), lines.collect());
        Self::new("log", &LogEvent { workspace, build: None, agent, lines })
    }

    /// Makes the event for a log whose first lines are no longer at hand.
    pub(super) fn log_cut(workspace: WorkspaceId) -> Self {
        Self::new("logCut", &WorkspaceReference { workspace })
    }

    /// Makes the last event of a stream.
    pub(super) fn end(reason: End) -> Self {
        let retry_after_seconds = match reason {
            End::Shutdown | End::Slow => Some(1),
            End::SignedOut => None,
        };
        Self::new("end", &EndEvent { reason, retry_after_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_log_says_nothing_to_a_terminal_and_keeps_its_tabs() {
        let line = |stage: &str, output: &str| {
            let line = serde_json::json!({ "id": 1, "created_at": "2026-08-20T10:00:00Z",
                "log_source": "provisioner", "log_level": "info", "stage": stage, "output": output });
            serde_json::from_value(line).unwrap()
        };
        let lines = [line("Plan\u{7}", "\u{1b}[32m+\u{1b}[0m\tadded\u{1b}]0;title\u{7}")];
        let told = Told::build_log(WorkspaceId::default(), BuildId::default(), &lines);
        let data: serde_json::Value = serde_json::from_str(&told.data).unwrap();
        assert_eq!(data["lines"][0]["text"], "+\tadded");
        assert_eq!(data["lines"][0]["stage"], "Plan ");
    }
}
