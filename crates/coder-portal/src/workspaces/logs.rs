//! The logs of a workspace: that of its latest build, and those of its agents.

use coder_client::WorkspaceId;
use coder_client::operations::{ListAgentLogs, ListBuildLogs};
use coder_core::{cleaned, cleaned_line_to};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::{AgentPath, ApiError, Call, Json};

/// The greatest number of lines in one answer.
const MAX_LINES: usize = 1000;
/// The greatest length of a line, in characters.
const MAX_LINE: usize = 2000;

/// The place in a log after which to read.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LogQuery {
    /// Id of the last line that is known; by default the log is read from its beginning.
    after: Option<LineId>,
}

/// The id of a line.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "i64"))]
#[serde(try_from = "String")]
pub(crate) struct LineId(i64);

impl TryFrom<String> for LineId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let id = text.parse().ok().filter(|id: &i64| *id >= 0);
        id.map(Self).ok_or("must be the id of a line")
    }
}

/// Lines of the log of a workspace's latest build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BuildLog {
    /// Number of the build, which counts from 1.
    build_number: i64,
    /// The transition of the build: `start`, `stop` or `delete`.
    transition: String,
    /// `true` when the build has ended, so that no line is to come.
    ended: bool,
    #[serde(flatten)]
    lines: Lines,
}

/// Lines of a log.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Lines {
    /// The first 1,000 lines after the one that was named.
    lines: Vec<Line>,
    /// `true` when there are further lines already.
    more: bool,
}

/// A line of a log.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Line {
    /// Id, which grows from line to line.
    id: i64,
    /// Moment at which it was written.
    at: Option<Timestamp>,
    /// Level, such as `info`.
    level: String,
    /// Stage of the build; empty in the log of an agent.
    stage: String,
    /// Text of at most 2,000 characters, without colors and control characters other than tabs.
    text: String,
}

pub(crate) async fn build(call: Call<WorkspaceId, LogQuery>) -> Result<Json<BuildLog>, ApiError> {
    let latest = call.existing(&call.manage(None)).await?.latest_build;
    let list = ListBuildLogs::new(latest.id);
    let list = call.query.after.map_or(list, |LineId(after)| list.after(after));
    let lines = call.client.send(&list).await?.into_iter().map(|line| Line {
        id: line.id,
        at: line.created_at,
        level: line.log_level.to_string(),
        stage: cleaned(&line.stage),
        text: cleaned_line_to(MAX_LINE, &line.output),
    });
    Ok(Json(BuildLog {
        build_number: latest.build_number,
        transition: latest.transition.to_string(),
        ended: latest.job.completed_at.is_some(),
        lines: Lines::new(lines),
    }))
}

pub(crate) async fn agent(call: Call<AgentPath, LogQuery>) -> Result<Json<Lines>, ApiError> {
    let AgentPath { workspace, agent } = call.path;
    // The agent must be one of this workspace.
    let found = call.manage_workspace(workspace).look().await?;
    if !found.agents().any(|known| known.id == agent) {
        return Err(ApiError::NoAgent { workspace: found.name });
    }
    let list = ListAgentLogs::new(agent);
    let list = call.query.after.map_or(list, |LineId(after)| list.after(after));
    let lines = call.client.send(&list).await?.into_iter().map(|line| Line {
        id: line.id,
        at: line.created_at,
        level: line.level.to_string(),
        stage: String::new(),
        text: cleaned_line_to(MAX_LINE, &line.output),
    });
    Ok(Json(Lines::new(lines)))
}

impl Lines {
    fn new(lines: impl Iterator<Item = Line>) -> Self {
        let mut lines = lines;
        let first: Vec<Line> = lines.by_ref().take(MAX_LINES).collect();
        Self { lines: first, more: lines.next().is_some() }
    }
}
