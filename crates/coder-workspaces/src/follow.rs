//! Following a workspace until it is where it is wanted.

use std::time::Duration;

use coder_client::models::{ProvisionerJobLog, Workspace, WorkspaceStatus, WorkspaceTransition};
use coder_client::operations::GetWorkspace;
use coder_client::{Client, WorkspaceId};
use coder_core::MaybeSend;
use jiff::Timestamp;

use crate::build_log::BuildLog;
use crate::{
    Availability, AvailabilityState, Error, Stuck, agents, availability, missing_accounts,
};

/// How often a workspace is looked at while somebody waits for it.
const GLANCE: Duration = Duration::from_secs(2);

/// What is happening, for somebody who waits.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Workspaces of the entity are looked for.
    Searching,
    /// This one is used.
    Reusing(&'a Workspace),
    /// None was found; one of this name is created.
    Creating(&'a str),
    /// A line of the log of its build, each once and in order. A build that was over before it was
    /// asked for anything has nothing to tell.
    Log(&'a ProvisionerJobLog),
    /// This is how it is now.
    Waiting(&'a Workspace, &'a Availability),
}

/// Where a workspace is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    Ready,
    Stopped,
    Deleted,
    /// Anywhere, but with no build under way.
    Settled,
}

/// Looks at a workspace again and again.
pub(crate) struct Follower<'a, F> {
    pub(crate) client: &'a Client,
    patience: Duration,
    started: Timestamp,
    log: BuildLog,
    pub(crate) on_progress: &'a mut F,
}

impl<'a, F: FnMut(Progress<'_>) + MaybeSend> Follower<'a, F> {
    /// Its patience begins now.
    pub(crate) fn new(client: &'a Client, patience: Duration, on_progress: &'a mut F) -> Self {
        let started = client.world().clock.now();
        Self { client, patience, started, log: BuildLog::default(), on_progress }
    }

    /// Takes the log of a build that is over already for read.
    pub(crate) fn begin_at(&mut self, workspace: &Workspace) {
        self.log = BuildLog::after(&workspace.latest_build);
    }

    /// The workspace, once it is where it is wanted.
    pub(crate) async fn until(
        &mut self,
        goal: Goal,
        id: WorkspaceId,
        name: &str,
    ) -> Result<Workspace, Error> {
        let stuck = |problem| Error::Stuck { workspace: name.to_owned(), problem };
        loop {
            let workspace = match self.look(id).await {
                Err(Error::Client(error)) if error.is_not_found() || error.is_gone() => {
                    return Err(stuck(Stuck::Deleted));
                }
                found => found?,
            };
            for line in self.log.read_on(self.client, &workspace.latest_build).await {
                (self.on_progress)(Progress::Log(&line));
            }
            let now = self.client.world().clock.now();
            let available = availability(&workspace, now);
            (self.on_progress)(Progress::Waiting(&workspace, &available));
            match arrived(goal, &workspace, &available) {
                Ok(true) => return Ok(workspace),
                Ok(false) => {}
                Err(problem) => return Err(stuck(self.explained(problem, &workspace).await)),
            }
            if self.remaining().is_zero() {
                return Err(stuck(Stuck::TimedOut));
            }
            self.client.world().runtime.sleep(GLANCE).await;
        }
    }
}

impl<F> Follower<'_, F> {
    /// The workspace as it is now. While Coder does not answer, it is asked again.
    pub(crate) async fn look(&self, id: WorkspaceId) -> Result<Workspace, Error> {
        loop {
            match self.client.send(&GetWorkspace::new(id).include_deleted(true)).await {
                Err(error) if error.is_transient() => self.wait_after(error).await?,
                answer => return Ok(answer?),
            }
        }
    }

    /// Waits until Coder may be asked again: as long as it wants, but not longer than the patience
    /// lasts. How often it has failed does not matter.
    pub(crate) async fn wait_after(&self, error: coder_client::ClientError) -> Result<(), Error> {
        let pause = error.retry_after().unwrap_or_default().max(GLANCE);
        if pause > self.remaining() {
            return Err(error.into());
        }
        tracing::debug!(%error, ?pause, "coder does not answer; it is asked again");
        self.client.world().runtime.sleep(pause).await;
        Ok(())
    }

    /// How much of the patience is left.
    fn remaining(&self) -> Duration {
        let waited = self.client.world().clock.now().duration_since(self.started);
        self.patience.saturating_sub(Duration::try_from(waited).unwrap_or_default())
    }

    /// A template that needs an account fails in words of its own when there is none.
    async fn explained(&self, problem: Stuck, workspace: &Workspace) -> Stuck {
        let build = &workspace.latest_build;
        let may_want_accounts =
            build.transition == WorkspaceTransition::Start && build.job.error_code.is_none();
        match problem {
            Stuck::Failed(reason) if may_want_accounts => {
                match missing_accounts(self.client, workspace).await {
                    Ok(missing) if !missing.is_empty() => Stuck::ExternalAuth { reason, missing },
                    _ => Stuck::Failed(reason),
                }
            }
            problem => problem,
        }
    }
}

/// Whether it is there; what happened when it never will be.
pub(crate) fn arrived(
    goal: Goal,
    workspace: &Workspace,
    now: &Availability,
) -> Result<bool, Stuck> {
    use AvailabilityState::{
        Deleted, Deleting, Dormant, Failed, Offline, Online, Pending, Stopping, Unhealthy, Unknown,
    };
    let reason = || now.reason.clone().unwrap_or_else(|| "coder does not say why".to_owned());
    match (goal, now.state) {
        (Goal::Deleted, Deleted) => Ok(true),
        (_, Deleted) => Err(Stuck::Deleted),
        (_, Pending) if is_built(workspace) => Ok(matches!(goal, Goal::Settled)),
        (_, Pending | Stopping | Deleting) => Ok(false),
        (Goal::Settled, _) => Ok(true),
        (_, Failed) => Err(Stuck::Failed(reason())),
        (Goal::Ready, Online | Unknown) => Ok(true),
        // A start script may have failed where people can still work; what never came, is going or
        // gone, cannot be worked with.
        (Goal::Ready, Unhealthy) if agents::is_workable(workspace) => Ok(true),
        (Goal::Ready, Unhealthy) => Err(Stuck::Unusable(reason())),
        (Goal::Ready, Offline) if is_built(workspace) => Err(Stuck::Unusable(reason())),
        (Goal::Ready, Dormant) => Err(Stuck::Dormant),
        (Goal::Ready, Offline) => Err(Stuck::Stopped),
        (Goal::Stopped, Offline | Dormant) if !is_built(workspace) => Ok(true),
        (Goal::Stopped | Goal::Deleted, _) => Err(Stuck::Started),
    }
}

/// Whether its build is over and has started it: what it waits for are its agents.
fn is_built(workspace: &Workspace) -> bool {
    workspace.latest_build.status == WorkspaceStatus::Running
}
