//! Which logs are followed while a workspace is on its way.

use std::collections::BTreeMap;
use std::time::Duration;

use coder_client::models::{
    AgentLifecycle, AgentLog, ProvisionerJobLog, Workspace, WorkspaceTransition,
};
use coder_client::subscriptions::{FollowAgentLogs, FollowBuildLogs};
use coder_client::{AgentId, BuildId, Client, ClientError, WorkspaceId};
use coder_core::{BoxStream, with_causes};
use futures_util::future::AbortHandle;
use futures_util::stream::SelectAll;
use futures_util::{StreamExt as _, stream};

use super::events::Told;

/// The number of lines that are read at once.
const LINES: usize = 200;
/// The size of the text of the lines that are told at once, in bytes. It is a small part of the log
/// that is kept for pages, so that a page can take one piece before it is pushed out by later ones.
const PIECE: usize = 32 * 1024;
/// The time for which the log of an agent is followed that has ended its start scripts: their last
/// lines may come later than the state.
pub(super) const LAST_LINES: Duration = Duration::from_secs(5);

/// A log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    Build(BuildId),
    Agent(AgentId),
}

/// A part of a log: lines, or its end.
pub(super) enum Lines {
    Build(BuildId, Vec<Result<ProvisionerJobLog, ClientError>>),
    Agent(AgentId, Vec<Result<AgentLog, ClientError>>),
    End(Log),
}

/// How far a log was read, and how to stop reading it.
#[derive(Debug, Default)]
struct Followed {
    last: Option<i64>,
    stop: Option<AbortHandle>,
}

/// The logs of a workspace that are followed: that of the build under way, and those of agents that
/// run their start scripts.
#[derive(Default)]
pub(super) struct Logs {
    build: Option<BuildId>,
    followed: BTreeMap<Log, Followed>,
    coming: SelectAll<BoxStream<'static, Lines>>,
}

impl Logs {
    /// Follows what `workspace` needs. Returns whether the logs of an earlier build are over.
    pub(super) fn look(&mut self, client: &Client, workspace: &Workspace) -> bool {
        let build = workspace.latest_build.id;
        let is_another = self.build.replace(build).is_some_and(|known| known != build);
        if is_another {
            self.stop_all();
        }
        for log in under_way(workspace) {
            let followed = self.followed.entry(log).or_default();
            if followed.stop.is_none() {
                let (lines, stop) = stream::abortable(follow(client, log, followed.last));
                followed.stop = Some(stop);
                let end = stream::once(async move { Lines::End(log) });
                self.coming.push(Box::pin(lines.chain(end)));
            }
        }
        is_another
    }

    /// Stops to follow what `workspace` no longer needs.
    pub(super) fn leave_what_is_over(&mut self, workspace: &Workspace) {
        let needed: Vec<Log> = under_way(workspace).collect();
        for (log, followed) in &mut self.followed {
            // The log of a build ends by itself.
            if matches!(log, Log::Agent(_))
                && !needed.contains(log)
                && let Some(stop) = followed.stop.take()
            {
                stop.abort();
            }
        }
    }

    fn stop_all(&mut self) {
        self.followed.clear();
        self.coming = SelectAll::new();
    }

    /// Returns whether anything is followed.
    pub(super) fn is_following(&self) -> bool {
        !self.coming.is_empty()
    }

    /// Waits for lines; for ever when nothing is followed.
    pub(super) async fn next(&mut self) -> Lines {
        match self.coming.next().await {
            Some(lines) => lines,
            None => std::future::pending().await,
        }
    }

    /// Returns what pages are told of these lines, piece by piece.
    pub(super) fn read(&mut self, workspace: WorkspaceId, lines: Lines) -> Vec<Told> {
        match lines {
            Lines::Build(build, lines) => {
                let lines = self.take(Log::Build(build), lines, |line| line.id);
                let pieces = pieces(lines, |line| &line.output).into_iter();
                pieces.map(|lines| Told::build_log(workspace, build, &lines)).collect()
            }
            Lines::Agent(agent, lines) => {
                let lines = self.take(Log::Agent(agent), lines, |line| line.id);
                let pieces = pieces(lines, |line| &line.output).into_iter();
                pieces.map(|lines| Told::agent_log(workspace, agent, &lines)).collect()
            }
            Lines::End(log) => {
                // It is followed again if the next look finds that it goes on.
                if let Some(followed) = self.followed.get_mut(&log) {
                    followed.stop = None;
                }
                Vec::new()
            }
        }
    }

    fn take<L>(
        &mut self,
        log: Log,
        lines: Vec<Result<L, ClientError>>,
        id: impl Fn(&L) -> i64,
    ) -> Vec<L> {
        let followed = self.followed.entry(log).or_default();
        let mut taken = Vec::new();
        for line in lines {
            match line {
                Ok(line) => {
                    followed.last = followed.last.max(Some(id(&line)));
                    taken.push(line);
                }
                // A log is only shown: the state tells what is the matter.
                Err(error) => {
                    tracing::debug!(?log, error = with_causes(&error), "a log could not be read");
                }
            }
        }
        taken
    }
}

/// Splits lines into pieces of [`PIECE`] bytes at most. A longer line is a piece of its own.
fn pieces<L>(lines: Vec<L>, text: impl Fn(&L) -> &str) -> Vec<Vec<L>> {
    let mut pieces: Vec<Vec<L>> = Vec::new();
    let mut size = 0;
    for line in lines {
        let length = text(&line).len();
        size += length;
        match pieces.last_mut() {
            Some(piece) if size <= PIECE => piece.push(line),
            Some(_) | None => {
                size = length;
                pieces.push(vec![line]);
            }
        }
    }
    pieces
}

/// Returns the logs that are being written.
fn under_way(workspace: &Workspace) -> impl Iterator<Item = Log> {
    let build = &workspace.latest_build;
    let is_built = build.job.completed_at.is_none() && build.job.started_at.is_some();
    let is_starting = build.transition == WorkspaceTransition::Start;
    let agents = workspace.agents().filter(move |agent| {
        is_starting
            && matches!(
                agent.lifecycle_state,
                AgentLifecycle::Starting | AgentLifecycle::StartTimeout
            )
    });
    let build = is_built.then_some(Log::Build(build.id));
    build.into_iter().chain(agents.map(|agent| Log::Agent(agent.id)))
}

fn follow(client: &Client, log: Log, last: Option<i64>) -> BoxStream<'static, Lines> {
    match log {
        Log::Build(build) => {
            let follow = FollowBuildLogs::new(build);
            let follow = last.map_or(follow.clone(), |last| follow.after(last));
            let lines = client.subscribe(follow).ready_chunks(LINES);
            Box::pin(lines.map(move |lines| Lines::Build(build, lines)))
        }
        Log::Agent(agent) => {
            let follow = FollowAgentLogs::new(agent);
            let follow = last.map_or(follow.clone(), |last| follow.after(last));
            let lines = client.subscribe(follow).ready_chunks(LINES);
            Box::pin(lines.map(move |lines| Lines::Agent(agent, lines)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_long_lines_are_told_in_order_in_pieces_that_a_page_has_time_for() {
        let line = |id: i64| {
            let line = serde_json::json!({ "id": id, "created_at": "2026-08-20T10:00:00Z",
                "log_source": "provisioner", "log_level": "info", "stage": "Plan",
                "output": "x".repeat(4000) });
            Ok(serde_json::from_value(line).unwrap())
        };
        let lines = Lines::Build(BuildId::default(), (0..200).map(line).collect());
        let told = Logs::default().read(WorkspaceId::default(), lines);
        assert!(told.iter().all(|piece| piece.size() <= PIECE + PIECE / 4));
        assert_eq!(told.len(), 25, "eight lines of 4,000 bytes are a piece");

        let whole = pieces(vec!["a".repeat(2 * PIECE), "b".to_owned()], |line| line);
        assert_eq!(whole.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    }
}
