//! Following a workspace until it is where it is wanted.

use std::time::Duration;

use coder_client::models::{
    JobStatus, ProvisionerJobLog, Workspace, WorkspaceStatus, WorkspaceTransition,
};
use coder_client::operations::GetWorkspace;
use coder_client::{Client, ClientError, Operation, WorkspaceId};
use coder_core::{MaybeSend, with_causes};
use jiff::Timestamp;

use crate::build_log::BuildLog;
use crate::watch::{Ages, Watch};
use crate::{
    Availability, AvailabilityState, EntityWorkspaces, NotReady, Search, SearchProblem,
    WorkspacesError, agents, missing_accounts,
};

/// How often a workspace is looked at while somebody waits for it.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The longest pause between two requests that change something.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Progress of a call, for somebody who waits.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a user interface shows each of them")]
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
    /// Coder does not answer, or has an internal error; it is asked again within the wait limit.
    Unanswered(&'a ClientError),
    /// The present state of the workspace, at each look.
    Waiting(&'a Workspace, &'a Availability),
}

/// The point until which a call waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between the two")]
pub enum Wait {
    /// Until the workspace is where it was wanted, or cannot get there.
    #[default]
    UntilDone,
    /// Until Coder has taken the request. The workspace is returned as it is then, with a build that
    /// may be under way. A build of somebody else, which would come first, is an error
    /// ([`NotReady::Busy`]).
    UntilAsked,
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
    pub(crate) wait: Wait,
    started: Timestamp,
    log: BuildLog,
    watch: Watch,
    /// Whether Coder has answered a request of this call.
    has_heard: bool,
    pub(crate) on_progress: &'a mut F,
}

impl<'a, F: FnMut(Progress<'_>) + MaybeSend> Follower<'a, F> {
    /// Creates a follower that waits for at most `wait_limit` from now on.
    pub(crate) fn new(client: &'a Client, wait_limit: Duration, on_progress: &'a mut F) -> Self {
        let started = client.world().clock.now();
        Self {
            client,
            wait_limit,
            wait: Wait::UntilDone,
            started,
            log: BuildLog::default(),
            watch: Watch::default(),
            has_heard: false,
            on_progress,
        }
    }

    /// Sets the point until which it waits.
    pub(crate) fn wait(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// Takes the log of a build that is over already for read.
    pub(crate) fn begin_at(&mut self, workspace: &Workspace) {
        self.log = BuildLog::after(&workspace.latest_build);
    }

    /// Waits until the workspace has reached `goal`, and returns it. A call that waits
    /// [until it has asked](Wait::UntilAsked) looks once.
    pub(crate) async fn wait_for(
        &mut self,
        goal: Goal,
        id: WorkspaceId,
        name: &str,
    ) -> Result<Workspace, WorkspacesError> {
        self.wait_for_known(goal, None, id, name).await
    }

    /// Waits as [`wait_for`](Self::wait_for) does. A call that waits
    /// [until it has asked](Wait::UntilAsked) does not look again at a workspace that it has `known`
    /// just now.
    pub(crate) async fn wait_for_known(
        &mut self,
        goal: Goal,
        known: Option<Workspace>,
        id: WorkspaceId,
        name: &str,
    ) -> Result<Workspace, WorkspacesError> {
        let stuck = |problem| WorkspacesError::NotReady { workspace: name.to_owned(), problem };
        let mut known = known.filter(|_| self.wait == Wait::UntilAsked);
        loop {
            let workspace = match known.take() {
                Some(known) => known,
                None => match self.look(id).await {
                    Err(WorkspacesError::Client(error))
                        if error.is_not_found() || error.is_gone() =>
                    {
                        return Err(stuck(NotReady::Deleted));
                    }
                    found => found?,
                },
            };
            if self.wait == Wait::UntilDone {
                for line in self.log.read_on(self.client, &workspace.latest_build).await {
                    (self.on_progress)(Progress::Log(&line));
                }
            }
            let available = self.availability(&workspace);
            (self.on_progress)(Progress::Waiting(&workspace, &available));
            match has_reached(goal, &workspace, &available) {
                Ok(true) => return Ok(workspace),
                Ok(false) if self.wait == Wait::UntilAsked => return Ok(workspace),
                Ok(false) => {}
                Err(problem) => return Err(stuck(self.explained(problem, &workspace).await)),
            }
            if self.remaining().is_zero() {
                return Err(stuck(NotReady::TimedOut { reason: available.reason }));
            }
            self.sleep(POLL_INTERVAL).await;
        }
    }

    /// Decides how usable a workspace is that is looked at again and again.
    pub(crate) fn availability(&mut self, workspace: &Workspace) -> Availability {
        self.watch.look(workspace);
        let now = self.client.now();
        Availability::decide(workspace, now, Ages::watched(now, &self.watch))
    }

    /// Reads the workspace; asks again while Coder does not answer.
    pub(crate) async fn look(&mut self, id: WorkspaceId) -> Result<Workspace, WorkspacesError> {
        self.ask(&GetWorkspace::new(id).include_deleted(true)).await
    }

    /// Sends a request that changes nothing, or that can be repeated; sends it again while its
    /// outcome says nothing, within the wait limit.
    pub(crate) async fn ask<O: Operation>(
        &mut self,
        operation: &O,
    ) -> Result<O::Output, WorkspacesError> {
        loop {
            match self.client.send(operation).await {
                Ok(answer) => {
                    self.has_heard = true;
                    return Ok(answer);
                }
                Err(error) => self.wait_after(error, POLL_INTERVAL).await?,
            }
        }
    }

    /// Searches as [`ask`](Self::ask) asks.
    ///
    /// Nothing found is not a result while a part of the search has had none.
    pub(crate) async fn search(
        &mut self,
        search: &Search<'_>,
    ) -> Result<EntityWorkspaces, WorkspacesError> {
        loop {
            match search.run(self.client).await {
                Err(WorkspacesError::Client(error)) => {
                    self.wait_after(error, POLL_INTERVAL).await?;
                }
                Ok(found) if found.workspaces.is_empty() => {
                    let failed = found.problems.iter().find_map(|problem| match problem {
                        SearchProblem::Failed(error) => Some(error),
                        SearchProblem::Refused(_)
                        | SearchProblem::Unreadable(_)
                        | SearchProblem::Saved { .. }
                        | SearchProblem::TooMany { .. }
                        | SearchProblem::Missing { .. } => None,
                    });
                    let Some(error) = failed else {
                        self.has_heard = true;
                        return Ok(found);
                    };
                    if !self.has_waited_after(error, POLL_INTERVAL).await {
                        return Ok(found);
                    }
                }
                Ok(found) => {
                    self.has_heard = true;
                    return Ok(found);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until Coder may be asked again: for `pause`, or as long as Coder wants.
    ///
    /// # Errors
    ///
    /// `error`, when asking again is of no use, or the wait limit comes first.
    pub(crate) async fn wait_after(
        &mut self,
        error: ClientError,
        pause: Duration,
    ) -> Result<(), WorkspacesError> {
        if self.has_waited_after(&error, pause).await { Ok(()) } else { Err(error.into()) }
    }

    async fn has_waited_after(&mut self, error: &ClientError, pause: Duration) -> bool {
        let is_absence = error.status().is_some_and(|status| matches!(status.as_u16(), 404 | 410));
        // Where Coder was never reached, the deployment's URL may be wrong.
        let is_passing = error.is_inconclusive() && (self.has_heard || !is_absence);
        let pause = error.retry_after().unwrap_or_default().max(pause);
        if !(is_passing || error.is_too_early()) || pause > self.remaining() {
            return false;
        }
        tracing::debug!(
            error = with_causes(error),
            ?pause,
            "coder does not answer; it is asked again"
        );
        (self.on_progress)(Progress::Unanswered(error));
        self.sleep(pause).await;
        true
    }

    async fn sleep(&mut self, pause: Duration) {
        self.client.world().runtime.sleep(pause).await;
        self.watch.pass(pause);
    }
}

impl<F> Follower<'_, F> {
    /// Returns the time until the wait limit.
    fn remaining(&self) -> Duration {
        let waited = self.client.world().clock.now().duration_since(self.started);
        self.wait_limit.saturating_sub(Duration::try_from(waited).unwrap_or_default())
    }

    /// Explains a failed build that needs an account: such a template fails in words of its own
    /// when there is none.
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

/// Returns the pause after a request that changes something has failed for the `tried`th time
/// (at least 1): two seconds, then twice as long each time, up to half a minute.
pub(crate) fn backoff(tried: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tried.saturating_sub(1));
    POLL_INTERVAL.saturating_mul(doubled).min(MAX_PAUSE)
}

/// Returns whether a workspace has reached `goal`.
///
/// # Errors
///
/// The reason, when the goal can no longer be reached.
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
        (Goal::Ready, Online) => Ok(true),
        // What this version does not know may become what it knows.
        (Goal::Ready, Unknown) => Ok(false),
        // A start script may have failed where people can still work; what never came, is going or
        // gone, cannot be worked with.
        (Goal::Ready, Unhealthy) if agents::is_workable(workspace) => Ok(true),
        (Goal::Ready, Unhealthy) => Err(NotReady::Unusable(reason())),
        (Goal::Ready, Offline) if is_built(workspace) => Err(NotReady::Unusable(reason())),
        (Goal::Ready, Dormant) => Err(NotReady::Dormant),
        (Goal::Ready, Offline) if is_canceled(workspace) => Err(NotReady::Canceled),
        (Goal::Ready, Offline) => Err(NotReady::Stopped),
        (Goal::Stopped, Offline | Dormant) if !is_built(workspace) => Ok(true),
        (Goal::Stopped | Goal::Deleted, _) => Err(NotReady::Started),
    }
}

/// Returns whether somebody canceled the latest build.
fn is_canceled(workspace: &Workspace) -> bool {
    workspace.latest_build.job.status == JobStatus::Canceled
}

/// Returns whether the build is over and has started the workspace, so that only agents are missing.
fn is_built(workspace: &Workspace) -> bool {
    workspace.latest_build.status == WorkspaceStatus::Running
}
