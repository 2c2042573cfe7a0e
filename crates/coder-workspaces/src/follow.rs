//! Following a workspace until it is where it is wanted.

use std::time::Duration;

use coder_client::models::{ProvisionerJobLog, Workspace, WorkspaceStatus, WorkspaceTransition};
use coder_client::operations::GetWorkspace;
use coder_client::{Client, WorkspaceId};
use coder_core::MaybeSend;
use jiff::Timestamp;

use crate::build_log::BuildLog;
use crate::{Availability, AvailabilityState, NotReady, WorkspacesError, agents, missing_accounts};

/// How often a workspace is looked at while somebody waits for it.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Progress of a call, for somebody who waits.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Workspaces of the entity are looked for.
    Searching,
    /// An existing workspace is used.
    Reusing(&'a Workspace),
    /// None was found; one of this name is created.
    Creating(&'a str),
    /// A line of the log of its build, each once and in order. A build that was over before it was
    /// asked for anything has nothing to tell.
    Log(&'a ProvisionerJobLog),
    /// This is how it is now.
    Waiting(&'a Workspace, &'a Availability),
}

/// State that a workspace is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    Ready,
    Stopped,
    Deleted,
    /// Anywhere, but with no build under way.
    Settled,
}

/// Polls a workspace until it has reached a goal.
pub(crate) struct Follower<'a, F> {
    pub(crate) client: &'a Client,
    wait_limit: Duration,
    started: Timestamp,
    log: BuildLog,
    pub(crate) on_progress: &'a mut F,
}

impl<'a, F: FnMut(Progress<'_>) + MaybeSend> Follower<'a, F> {
    /// Creates a follower that waits for at most `wait_limit` from now on.
    pub(crate) fn new(client: &'a Client, wait_limit: Duration, on_progress: &'a mut F) -> Self {
        let started = client.world().clock.now();
        Self { client, wait_limit, started, log: BuildLog::default(), on_progress }
    }

    /// Takes the log of a build that is over already for read.
    pub(crate) fn begin_at(&mut self, workspace: &Workspace) {
        self.log = BuildLog::after(&workspace.latest_build);
    }

    /// Waits until the workspace has reached `goal`, and returns it.
    pub(crate) async fn wait_for(
        &mut self,
        goal: Goal,
        id: WorkspaceId,
        name: &str,
    ) -> Result<Workspace, WorkspacesError> {
        let stuck = |problem| WorkspacesError::NotReady { workspace: name.to_owned(), problem };
        loop {
            let workspace = match self.look(id).await {
                Err(WorkspacesError::Client(error)) if error.is_not_found() || error.is_gone() => {
                    return Err(stuck(NotReady::Deleted));
                }
                found => found?,
            };
            for line in self.log.read_on(self.client, &workspace.latest_build).await {
                (self.on_progress)(Progress::Log(&line));
            }
            let now = self.client.world().clock.now();
            let available = Availability::new(&workspace, now);
            (self.on_progress)(Progress::Waiting(&workspace, &available));
            match has_reached(goal, &workspace, &available) {
                Ok(true) => return Ok(workspace),
                Ok(false) => {}
                Err(problem) => return Err(stuck(self.explained(problem, &workspace).await)),
            }
            if self.remaining().is_zero() {
                return Err(stuck(NotReady::TimedOut));
            }
            self.client.world().runtime.sleep(POLL_INTERVAL).await;
        }
    }
}

impl<F> Follower<'_, F> {
    /// Reads the workspace; asks again while Coder does not answer.
    pub(crate) async fn look(&self, id: WorkspaceId) -> Result<Workspace, WorkspacesError> {
        loop {
            match self.client.send(&GetWorkspace::new(id).include_deleted(true)).await {
                Err(error) if error.is_transient() => self.wait_after(error).await?,
                answer => return Ok(answer?),
            }
        }
    }

    /// Waits until Coder may be asked again: as long as Coder wants, within the wait limit.
    pub(crate) async fn wait_after(
        &self,
        error: coder_client::ClientError,
    ) -> Result<(), WorkspacesError> {
        let pause = error.retry_after().unwrap_or_default().max(POLL_INTERVAL);
        if pause > self.remaining() {
            return Err(error.into());
        }
        tracing::debug!(%error, ?pause, "coder does not answer; it is asked again");
        self.client.world().runtime.sleep(pause).await;
        Ok(())
    }

    /// Returns the time until the wait limit.
    fn remaining(&self) -> Duration {
        let waited = self.client.world().clock.now().duration_since(self.started);
        self.wait_limit.saturating_sub(Duration::try_from(waited).unwrap_or_default())
    }

    /// A template that needs an account fails in words of its own when there is none.
    async fn explained(&self, problem: NotReady, workspace: &Workspace) -> NotReady {
        let build = &workspace.latest_build;
        let may_want_accounts =
            build.transition == WorkspaceTransition::Start && build.job.error_code.is_none();
        match problem {
            NotReady::Failed(reason) if may_want_accounts => {
                match missing_accounts(self.client, workspace).await {
                    Ok(missing) if !missing.is_empty() => {
                        NotReady::ExternalAuth { reason, missing }
                    }
                    _ => NotReady::Failed(reason),
                }
            }
            problem => problem,
        }
    }
}

/// Whether it is there; what happened when it never will be.
pub(crate) fn has_reached(
    goal: Goal,
    workspace: &Workspace,
    now: &Availability,
) -> Result<bool, NotReady> {
    use AvailabilityState::{
        Deleted, Deleting, Dormant, Failed, Offline, Online, Pending, Stopping, Unhealthy, Unknown,
    };
    let reason = || now.reason.clone().unwrap_or_else(|| "coder does not say why".to_owned());
    match (goal, now.state) {
        (Goal::Deleted, Deleted) => Ok(true),
        (_, Deleted) => Err(NotReady::Deleted),
        (_, Pending) if is_built(workspace) => Ok(matches!(goal, Goal::Settled)),
        (_, Pending | Stopping | Deleting) => Ok(false),
        (Goal::Settled, _) => Ok(true),
        (_, Failed) => Err(NotReady::Failed(reason())),
        (Goal::Ready, Online | Unknown) => Ok(true),
        // A start script may have failed where people can still work; what never came, is going or
        // gone, cannot be worked with.
        (Goal::Ready, Unhealthy) if agents::is_workable(workspace) => Ok(true),
        (Goal::Ready, Unhealthy) => Err(NotReady::Unusable(reason())),
        (Goal::Ready, Offline) if is_built(workspace) => Err(NotReady::Unusable(reason())),
        (Goal::Ready, Dormant) => Err(NotReady::Dormant),
        (Goal::Ready, Offline) => Err(NotReady::Stopped),
        (Goal::Stopped, Offline | Dormant) if !is_built(workspace) => Ok(true),
        (Goal::Stopped | Goal::Deleted, _) => Err(NotReady::Started),
    }
}

/// Whether its build is over and has started it: what it waits for are its agents.
fn is_built(workspace: &Workspace) -> bool {
    workspace.latest_build.status == WorkspaceStatus::Running
}
