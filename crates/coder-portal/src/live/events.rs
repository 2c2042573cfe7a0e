//! What a page is told: the events of a stream, as JSON.

use std::sync::Arc;

use coder_auth::http::Event;
use coder_client::models::{AgentLifecycle, AgentStatus, WorkspaceStatus, WorkspaceTransition};
use coder_client::models::{AgentLog, LogLevel, ProvisionerJobLog, Workspace, WorkspaceAgent};
use coder_client::{AgentId, BuildId, ClientError, WorkspaceId};
use coder_core::without_causes;
use coder_workspaces::{Availability, AvailabilityState, NextAction};
use jiff::Timestamp;
use serde::Serialize;

/// The greatest length of a line of a log, in characters. Longer ones are cut.
const MAX_LINE: usize = 4096;

/// An event, ready for any number of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    name: &'static str,
    data: Arc<str>,
}

impl Told {
    /// Returns the event for a page.
    pub(super) fn to_event(&self) -> Event {
        Event::new(&*self.data).event(self.name)
    }

    /// Returns the length of the data, in bytes.
    pub(super) fn size(&self) -> usize {
        self.data.len()
    }

    fn new(name: &'static str, data: &impl Serialize) -> Self {
        // Texts, numbers and moments can always be written.
        Self { name, data: serde_json::to_string(data).unwrap_or_default().into() }
    }

    /// Makes the event with the state of a workspace.
    pub(super) fn workspace(workspace: &Workspace, availability: &Availability) -> Self {
        let build = &workspace.latest_build;
        Self::new(
            "workspace",
            &WorkspaceData {
                workspace: workspace.id,
                name: &workspace.name,
                owner: &workspace.owner_name,
                template: &workspace.template_name,
                availability: availability.state,
                label: availability.state.label(),
                reason: availability.reason.as_deref(),
                next_action: availability.action,
                favorite: workspace.favorite,
                outdated: workspace.outdated,
                dormant_at: workspace.dormant_at,
                deadline: build.deadline,
                build: BuildData {
                    id: build.id,
                    number: build.build_number,
                    transition: &build.transition,
                    status: &build.status,
                },
                agents: workspace.agents().map(AgentData::from).collect(),
            },
        )
    }

    /// Makes the event for a workspace that Coder does not show to the person.
    pub(super) fn gone(workspace: WorkspaceId) -> Self {
        Self::new("gone", &GoneData { workspace })
    }

    /// Makes the event for a state that Coder does not tell, so that the last one may be out of date.
    pub(super) fn problem(workspace: WorkspaceId, error: &ClientError) -> Self {
        Self::new("problem", &ProblemData { workspace, message: without_causes(error) })
    }

    /// Makes the event with lines of the log of a build.
    pub(super) fn build_log(
        workspace: WorkspaceId,
        build: BuildId,
        lines: &[ProvisionerJobLog],
    ) -> Self {
        let lines = lines.iter().map(|line| LineData {
            id: line.id,
            at: line.created_at,
            level: &line.log_level,
            stage: Some(&*line.stage),
            text: cut(&line.output),
        });
        let source = SourceData::Build { build };
        Self::new("log", &LogData { workspace, source, lines: lines.collect() })
    }

    /// Makes the event with lines of the log of an agent's start scripts.
    pub(super) fn agent_log(workspace: WorkspaceId, agent: AgentId, lines: &[AgentLog]) -> Self {
        let lines = lines.iter().map(|line| LineData {
            id: line.id,
            at: line.created_at,
            level: &line.level,
            stage: None,
            text: cut(&line.output),
        });
        let source = SourceData::Agent { agent };
        Self::new("log", &LogData { workspace, source, lines: lines.collect() })
    }

    /// Makes the event for a log whose first lines are no longer at hand.
    pub(super) fn log_cut(workspace: WorkspaceId) -> Self {
        Self::new("logCut", &GoneData { workspace })
    }

    /// Makes the last event of a stream.
    pub(super) fn end(end: End) -> Self {
        let retry_after_seconds = match end {
            End::Shutdown | End::Slow => Some(1),
            End::SignedOut => None,
        };
        Self::new("end", &EndData { reason: end, retry_after_seconds })
    }
}

/// The reason why the server ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum End {
    /// The server stops. Another one may answer.
    Shutdown,
    /// The person's session has ended, or the credential of the request is no longer good.
    SignedOut,
    /// The page did not take its events.
    Slow,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceData<'a> {
    workspace: WorkspaceId,
    name: &'a str,
    owner: &'a str,
    template: &'a str,
    availability: AvailabilityState,
    label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    next_action: NextAction,
    favorite: bool,
    outdated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    dormant_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    build: BuildData<'a>,
    agents: Vec<AgentData<'a>>,
}

#[derive(Serialize)]
struct BuildData<'a> {
    id: BuildId,
    number: i64,
    transition: &'a WorkspaceTransition,
    status: &'a WorkspaceStatus,
}

#[derive(Serialize)]
struct AgentData<'a> {
    id: AgentId,
    name: &'a str,
    status: &'a AgentStatus,
    lifecycle: &'a AgentLifecycle,
}

impl<'a> From<&'a WorkspaceAgent> for AgentData<'a> {
    fn from(agent: &'a WorkspaceAgent) -> Self {
        Self {
            id: agent.id,
            name: &agent.name,
            status: &agent.status,
            lifecycle: &agent.lifecycle_state,
        }
    }
}

#[derive(Serialize)]
struct GoneData {
    workspace: WorkspaceId,
}

#[derive(Serialize)]
struct ProblemData {
    workspace: WorkspaceId,
    message: String,
}

#[derive(Serialize)]
struct LogData<'a> {
    workspace: WorkspaceId,
    #[serde(flatten)]
    source: SourceData,
    lines: Vec<LineData<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum SourceData {
    Build { build: BuildId },
    Agent { agent: AgentId },
}

#[derive(Serialize)]
struct LineData<'a> {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    level: &'a LogLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndData {
    reason: End,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

fn cut(line: &str) -> &str {
    match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => line.get(..end).unwrap_or(line),
        None => line,
    }
}
