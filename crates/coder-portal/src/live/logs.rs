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

/// The number of lines that are told at once.
const LINES: usize = 200;
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

    /// Returns what pages are told of these lines.
    pub(super) fn read(&mut self, workspace: WorkspaceId, lines: Lines) -> Option<Told> {
        match lines {
            Lines::Build(build, lines) => {
                let lines = self.take(Log::Build(build), lines, |line| line.id);
                (!lines.is_empty()).then(|| Told::build_log(workspace, build, &lines))
            }
            Lines::Agent(agent, lines) => {
                let lines = self.take(Log::Agent(agent), lines, |line| line.id);
                (!lines.is_empty()).then(|| Told::agent_log(workspace, agent, &lines))
            }
            Lines::End(log) => {
                // It is followed again if the next look finds that it goes on.
                if let Some(followed) = self.followed.get_mut(&log) {
                    followed.stop = None;
                }
                None
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
