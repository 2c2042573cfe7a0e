//! The data of events, as pages get it in JSON. The names are those of the other routes.

use coder_client::models::{AgentLifecycle, AgentStatus, WorkspaceStatus, WorkspaceTransition};
use coder_client::models::{LogLevel, Workspace, WorkspaceAgent};
use coder_client::{AgentId, BuildId, WorkspaceId};
use coder_workspaces::{Availability, AvailabilityState, NextAction};
use jiff::Timestamp;
use serde::Serialize;

#[cfg(test)]
use crate::wire;

/// The present state of a workspace.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkspaceEvent<'a> {
    /// Id, a UUID, which never changes.
    #[cfg_attr(test, schemars(with = "String"))]
    id: WorkspaceId,
    /// Name, which is unique among the workspaces of its owner.
    name: &'a str,
    /// Name of the owner at Coder.
    owner: &'a str,
    /// Name of the template.
    template: &'a str,
    /// State in one word.
    #[cfg_attr(test, schemars(with = "wire::schema::State"))]
    availability: AvailabilityState,
    /// State in words for people.
    label: &'static str,
    /// Reason for the state, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Action that a person would take next.
    #[cfg_attr(test, schemars(with = "wire::schema::Action"))]
    action: NextAction,
    /// Number of the latest build, which counts from 1.
    build_number: i64,
    /// `true` when the caller has marked it as a favourite.
    favorite: bool,
    /// `true` when a newer version of the template is active.
    outdated: bool,
    /// Moment since which it is dormant.
    #[serde(skip_serializing_if = "Option::is_none")]
    dormant_at: Option<Timestamp>,
    /// Moment at which it stops by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    /// Latest build.
    build: BuildOfEvent<'a>,
    /// Agents.
    agents: Vec<AgentOfEvent<'a>>,
}

impl<'a> WorkspaceEvent<'a> {
    pub(super) fn new(workspace: &'a Workspace, availability: &'a Availability) -> Self {
        let build = &workspace.latest_build;
        Self {
            id: workspace.id,
            name: &workspace.name,
            owner: &workspace.owner_name,
            template: &workspace.template_name,
            availability: availability.state,
            label: availability.state.label(),
            reason: availability.reason.as_deref(),
            action: availability.action,
            build_number: build.build_number,
            favorite: workspace.favorite,
            outdated: workspace.outdated,
            dormant_at: workspace.dormant_at,
            deadline: build.deadline,
            build: BuildOfEvent {
                id: build.id,
                transition: &build.transition,
                status: &build.status,
            },
            agents: workspace.agents().map(AgentOfEvent::from).collect(),
        }
    }
}

/// The latest build of a workspace.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BuildOfEvent<'a> {
    /// Id, a UUID, which an event with lines of the build's log names.
    #[cfg_attr(test, schemars(with = "String"))]
    id: BuildId,
    /// The transition of the build: `start`, `stop` or `delete`.
    #[cfg_attr(test, schemars(with = "String"))]
    transition: &'a WorkspaceTransition,
    /// The state of the workspace in Coder's words, such as `running`.
    #[cfg_attr(test, schemars(with = "String"))]
    status: &'a WorkspaceStatus,
}

/// An agent of a workspace.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AgentOfEvent<'a> {
    /// Id, a UUID, which an event with lines of the agent's log names.
    #[cfg_attr(test, schemars(with = "String"))]
    id: AgentId,
    name: &'a str,
    /// Connection to Coder, in Coder's words, such as `connected`.
    #[cfg_attr(test, schemars(with = "String"))]
    status: &'a AgentStatus,
    /// The state of the agent's scripts, in Coder's words, such as `ready`.
    #[cfg_attr(test, schemars(with = "String"))]
    lifecycle: &'a AgentLifecycle,
}

impl<'a> From<&'a WorkspaceAgent> for AgentOfEvent<'a> {
    fn from(agent: &'a WorkspaceAgent) -> Self {
        Self {
            id: agent.id,
            name: &agent.name,
            status: &agent.status,
            lifecycle: &agent.lifecycle_state,
        }
    }
}

/// An event about a workspace whose kind says it all.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WorkspaceReference {
    /// Id of the workspace.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) workspace: WorkspaceId,
}

/// A state that Coder does not tell, so that the last one may be out of date.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ProblemEvent {
    /// Id of the workspace.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) workspace: WorkspaceId,
    /// Text for people.
    pub(super) message: String,
}

/// Lines of the log of a build, or of an agent's start scripts.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LogEvent<'a> {
    /// Id of the workspace.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) workspace: WorkspaceId,
    /// Id of the build that has written the lines.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) build: Option<BuildId>,
    /// Id of the agent that has written the lines.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<AgentId>,
    /// Lines, in their order.
    pub(super) lines: Vec<LineOfEvent<'a>>,
}

/// A line of a log.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LineOfEvent<'a> {
    /// Id, which grows from line to line of a log.
    pub(super) id: i64,
    /// Moment at which it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Timestamp>,
    /// Level, such as `info`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) level: &'a LogLevel,
    /// Stage of the build; none in the log of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<String>,
    /// Text of at most 4,096 characters, without colors and control characters other than tabs.
    pub(super) text: String,
}

/// The last event of a stream.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct EndEvent {
    pub(super) reason: End,
    /// Seconds after which another stream may be opened, where one may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_seconds: Option<u32>,
}

/// The reason why the server ends a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum End {
    /// The server stops. Another one may answer.
    Shutdown,
    /// The person's session has ended, or the credential of the request is no longer good.
    SignedOut,
    /// The page did not take its events.
    Slow,
}

/// An event of the stream: `event` names its kind, and `data` is JSON.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(tag = "event", content = "data", rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum LiveEvent {
    /// The present state of a workspace: first for each, and after each change.
    Workspace(WorkspaceEvent<'static>),
    /// Coder shows the person no such workspace.
    Gone(WorkspaceReference),
    /// Coder does not answer. The next `workspace` ends the problem.
    Problem(ProblemEvent),
    /// A build runs, or an agent its start scripts.
    Log(LogEvent<'static>),
    /// The first lines of a log are no longer at hand.
    LogCut(WorkspaceReference),
    /// The server ends the stream.
    End(EndEvent),
}
