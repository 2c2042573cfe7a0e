//! Starting, stopping, updating, extending and deleting a workspace.

use std::time::Duration;

use coder_client::models::{
    JobStatus, Workspace, WorkspaceBuild, WorkspaceStatus, WorkspaceTransition,
};
use coder_client::operations::{CreateWorkspaceBuild, ExtendWorkspace, SetDormancy};
use coder_client::{Client, WorkspaceId};
use coder_core::{MaybeSend, cleaned, with_causes};
use indexmap::IndexMap;
use jiff::Timestamp;

use crate::follow::{Follower, Goal, Wait, backoff, has_reached};
use crate::{NotReady, Progress, WorkspacesError, accounts};

/// How often a build is asked for when others come first.
const MAX_TRIES: u32 = 3;
/// How long people wait for a build by default.
const WAIT_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Management of one workspace: each call asks for a build and waits until it is done.
///
/// A call asks for no build when the workspace is in the wanted state already, or on its way there.
/// It first waits for a build of somebody else that is under way. A request whose answer was lost is
/// not made twice.
#[derive(Clone, Debug)]
pub struct ManageWorkspace<'a> {
    client: &'a Client,
    workspace: WorkspaceId,
    values: IndexMap<String, String>,
    expected_name: Option<String>,
    wait: Wait,
    wait_limit: Duration,
}

impl<'a> ManageWorkspace<'a> {
    /// Manages the workspace with this id.
    pub fn new(client: &'a Client, workspace: WorkspaceId) -> Self {
        Self {
            client,
            workspace,
            values: IndexMap::new(),
            expected_name: None,
            wait: Wait::UntilDone,
            wait_limit: WAIT_LIMIT,
        }
    }

    /// Sets a parameter for the start of the workspace: a new version of a template may want one
    /// that the workspace does not have. Other parameters keep their values.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Sets the name under which a person knows the workspace. A workspace that has another one by now
    /// is not changed ([`NotReady::Renamed`]).
    #[must_use]
    pub fn expected_name(self, name: impl Into<String>) -> Self {
        Self { expected_name: Some(name.into()), ..self }
    }

    /// Sets the point until which each call waits; by default until it is done.
    ///
    /// A call of two builds that waits [until it has asked](Wait::UntilAsked), such as
    /// [`restart`](Self::restart), asks for the first one that is needed. The same call, made again,
    /// goes on from there.
    #[must_use]
    pub fn wait(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// Sets the longest time to wait for a build, and for a Coder that does not answer; by default
    /// 30 minutes.
    #[must_use]
    pub fn wait_limit(self, wait_limit: Duration) -> Self {
        Self { wait_limit, ..self }
    }

    /// Waits until it is ready, and asks for nothing: its build is done, its agents are connected,
    /// and no script that blocks is still to come.
    ///
    /// The wait always ends: with the workspace when people can work in it, with an error when it
    /// failed, was canceled, stopped or deleted, went dormant, or has an agent that did not connect or
    /// was lost, and when the wait limit is over. A start script that failed ends it with the workspace
    /// where people can still work, and [`Availability`](crate::Availability) tells the reason. A
    /// workspace whose template has no agent is ready when its build is done.
    ///
    /// ```
    /// use coder_client::{Client, ClientError, WorkspaceId};
    /// use coder_workspaces::{ManageWorkspace, Progress, WorkspacesError};
    ///
    /// async fn wait(client: &Client, workspace: WorkspaceId) -> Result<(), WorkspacesError> {
    ///     let wait = ManageWorkspace::new(client, workspace);
    ///     let ready = wait.wait_until_ready(|progress| match progress {
    ///         Progress::Log(line) => println!("{}", line.output),
    ///         Progress::Waiting(_, now) => println!("{}", now.state.label()),
    ///         _ => {}
    ///     });
    ///     println!("{} is ready", ready.await?.name);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    #[doc(alias = "follow")]
    #[doc(alias = "poll")]
    pub async fn wait_until_ready(
        &self,
        mut on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        let mut follower = Follower::new(self.client, self.wait_limit, &mut on_progress);
        let workspace = follower.look(self.workspace).await?;
        follower.begin_at(&workspace);
        follower.wait_for(Goal::Ready, workspace.id, &workspace.name).await
    }

    /// Starts it, waking it when it is dormant, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`WorkspacesError::NotReady`] when the workspace does not reach that state, and
    /// [`WorkspacesError::Client`] when Coder refuses or does not answer. The other calls fail alike.
    pub async fn start(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        self.run(on_progress, &[Step::Start]).await
    }

    /// Stops it, and waits until it is stopped.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn stop(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        self.run(on_progress, &[Step::Stop]).await
    }

    /// Stops it and starts it again.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn restart(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        self.run(on_progress, &[Step::Stop, Step::Start]).await
    }

    /// Stops it and starts it again with the active version of its template. One that has that
    /// version is started if it is not running.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn update(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        self.run(on_progress, &[Step::StopOutdated, Step::Update]).await
    }

    /// Deletes it with everything in it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn delete(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, WorkspacesError> {
        self.run(on_progress, &[Step::Delete]).await
    }

    /// Reads it: `GET /api/v2/workspaces/{workspace}`. A deleted one is returned as well.
    ///
    /// # Errors
    ///
    /// [`NotReady::Renamed`] when it has another name than [expected](Self::expected_name), and what
    /// Coder said when it said no.
    pub async fn look(&self) -> Result<Workspace, WorkspacesError> {
        let mut untold = |_: Progress<'_>| {};
        self.look_with(&mut Follower::new(self.client, self.wait_limit, &mut untold)).await
    }

    async fn look_with<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
    ) -> Result<Workspace, WorkspacesError> {
        let workspace = follower.look(self.workspace).await?;
        match &self.expected_name {
            Some(expected) if *expected != workspace.name => Err(WorkspacesError::NotReady {
                workspace: cleaned(expected),
                problem: NotReady::Renamed { name: workspace.name },
            }),
            Some(_) | None => Ok(workspace),
        }
    }

    /// Lets the workspace run longer by this time, at most as long as its template allows. Returns
    /// it with the moment at which it stops by itself, the deadline of its latest build.
    ///
    /// The request that changes it comes last, so a caller may repeat a call that failed.
    ///
    /// # Errors
    ///
    /// [`NotReady::Busy`] while the workspace starts, [`NotReady::Stopped`] when it does not run,
    /// [`NotReady::NoDeadline`] when it has no deadline, [`NotReady::Deleted`] when it is gone, and
    /// [`WorkspacesError::Client`] when Coder refuses or does not answer.
    pub async fn extend(&self, by: Duration) -> Result<Workspace, WorkspacesError> {
        let mut workspace = self.look().await?;
        let build = &workspace.latest_build;
        let Some(deadline) = build.deadline else {
            let starts =
                matches!(build.status, WorkspaceStatus::Pending | WorkspaceStatus::Starting);
            let problem = if build.status == WorkspaceStatus::Running {
                NotReady::NoDeadline
            } else if build.status == WorkspaceStatus::Deleted {
                NotReady::Deleted
            } else if starts {
                NotReady::Busy
            } else {
                NotReady::Stopped
            };
            return Err(WorkspacesError::NotReady { workspace: workspace.name, problem });
        };
        let wanted = deadline.checked_add(by).unwrap_or(Timestamp::MAX);
        let wanted = build.max_deadline.map_or(wanted, |latest| wanted.min(latest));
        self.client.send(&ExtendWorkspace::new(self.workspace, wanted)).await?;
        workspace.latest_build.deadline = Some(wanted);
        Ok(workspace)
    }

    async fn run(
        &self,
        mut on_progress: impl FnMut(Progress<'_>) + MaybeSend,
        steps: &[Step],
    ) -> Result<Workspace, WorkspacesError> {
        let follower = Follower::new(self.client, self.wait_limit, &mut on_progress);
        let mut follower = follower.wait(self.wait);
        let mut workspace = self.look_with(&mut follower).await?;
        follower.begin_at(&workspace);
        for step in steps {
            if step.goal() == Goal::Ready {
                workspace = wake(workspace, &mut follower).await?;
            }
            if *step == Step::StopOutdated && !workspace.outdated {
                continue;
            }
            let known = if self.is_on_its_way(*step, &workspace) {
                Some(workspace.clone())
            } else {
                let wanted = |workspace: &Workspace| self.is_on_its_way(*step, workspace);
                let order = self.order(*step, &workspace);
                let asked = build(&order, &workspace, wanted, &mut follower).await?;
                asked.seen_of(&workspace)
            };
            let (id, name) = (workspace.id, workspace.name);
            workspace = follower.wait_for_known(step.goal(), known, id, &name).await?;
            if self.wait == Wait::UntilAsked {
                let now = follower.availability(&workspace);
                if has_reached(step.goal(), &workspace, &now) != Ok(true) {
                    break;
                }
            }
        }
        Ok(workspace)
    }

    fn order(&self, step: Step, workspace: &Workspace) -> CreateWorkspaceBuild {
        let id = workspace.id;
        let start = || {
            let values = self.values.iter();
            values.fold(start(workspace), |start, (name, value)| start.parameter(name, value))
        };
        match step {
            Step::Start => start(),
            Step::Update => match workspace.template_active_version_id {
                Some(version) => start().template_version(version),
                None => start(),
            },
            Step::Stop | Step::StopOutdated => CreateWorkspaceBuild::stop(id),
            Step::Delete => CreateWorkspaceBuild::delete(id),
        }
    }

    /// Tells whether the latest build leads where the step leads.
    fn is_on_its_way(&self, step: Step, workspace: &Workspace) -> bool {
        let version = workspace.latest_build.template_version_id;
        match step {
            Step::Start => {
                leads_to(&WorkspaceTransition::Start, workspace) && self.values.is_empty()
            }
            Step::Update => {
                leads_to(&WorkspaceTransition::Start, workspace)
                    && version == workspace.template_active_version_id
                    && self.values.is_empty()
            }
            Step::Stop | Step::StopOutdated => leads_to(&WorkspaceTransition::Stop, workspace),
            Step::Delete => leads_to(&WorkspaceTransition::Delete, workspace),
        }
    }
}

/// Returns the order to start a workspace: with the active version where the template requires that
/// one, since Coder refuses another one there, and else with the version of its last build.
pub(crate) fn start(workspace: &Workspace) -> CreateWorkspaceBuild {
    let start = CreateWorkspaceBuild::start(workspace.id);
    let required = workspace.template_require_active_version;
    match workspace.template_active_version_id.filter(|_| required) {
        Some(version) => start.template_version(version),
        None => start,
    }
}

/// Tells whether the latest build has done this, or will if nothing happens.
pub(crate) fn leads_to(transition: &WorkspaceTransition, workspace: &Workspace) -> bool {
    let build = &workspace.latest_build;
    let ended = [JobStatus::Failed, JobStatus::Canceled, JobStatus::Canceling];
    build.transition == *transition && !ended.contains(&build.job.status)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    Stop,
    /// Only when there is something to update.
    StopOutdated,
    Update,
    Delete,
}

impl Step {
    fn goal(self) -> Goal {
        match self {
            Self::Start | Self::Update => Goal::Ready,
            Self::Stop | Self::StopOutdated => Goal::Stopped,
            Self::Delete => Goal::Deleted,
        }
    }
}

/// Wakes it when it is dormant, and looks again: by going dormant it does not stop, so it may run,
/// and older releases refuse to start it before it is awake.
pub(crate) async fn wake<F: FnMut(Progress<'_>) + MaybeSend>(
    workspace: Workspace,
    follower: &mut Follower<'_, F>,
) -> Result<Workspace, WorkspacesError> {
    if workspace.dormant_at.is_none() {
        return Ok(workspace);
    }
    follower.ask(&SetDormancy::wake(workspace.id)).await?;
    follower.look(workspace.id).await
}

/// The build that leads where it is wanted.
#[derive(Debug)]
pub(crate) enum Build {
    /// The one that this call has asked for.
    Ours(Box<WorkspaceBuild>),
    /// One that somebody else has asked for.
    Theirs,
}

impl Build {
    /// Returns a workspace that had another build as it is now; `None` when that is to be read.
    pub(crate) fn seen_of(self, workspace: &Workspace) -> Option<Workspace> {
        match self {
            Self::Ours(mut build) => {
                let mut workspace = workspace.clone();
                let former = &workspace.latest_build;
                // The answer to a request for a build names no version.
                if build.template_version_id == former.template_version_id {
                    build.template_version_name.clone_from(&former.template_version_name);
                }
                let active = workspace.template_active_version_id;
                workspace.outdated = active.is_some() && build.template_version_id != active;
                workspace.latest_build = *build;
                Some(workspace)
            }
            Self::Theirs => None,
        }
    }
}

/// Asks for a build once: waits for others that come first, and looks before it asks again. What
/// somebody else has done is enough when it is what was `wanted`.
pub(crate) async fn build<F: FnMut(Progress<'_>) + MaybeSend>(
    order: &CreateWorkspaceBuild,
    workspace: &Workspace,
    wanted: impl Fn(&Workspace) -> bool,
    follower: &mut Follower<'_, F>,
) -> Result<Build, WorkspacesError> {
    let stuck = |problem| WorkspacesError::NotReady { workspace: workspace.name.clone(), problem };
    let mut known = workspace.latest_build.build_number;
    let (mut preceded, mut failed) = (0, 0);
    loop {
        let error = match follower.client.send(order).await {
            Ok(build) => return Ok(Build::Ours(Box::new(build))),
            Err(error) => error,
        };
        if error.is_conflict() {
            preceded += 1;
            let settled = follower.wait_for(Goal::Settled, workspace.id, &workspace.name).await?;
            if wanted(&settled) {
                return Ok(Build::Theirs);
            }
            if preceded == MAX_TRIES || follower.wait == Wait::UntilAsked {
                return Err(stuck(NotReady::Busy));
            }
            known = settled.latest_build.build_number;
            continue;
        }
        let missing = accounts::named_in(&error, follower.client, Some(&workspace.owner_name));
        if !missing.is_empty() {
            let reason = with_causes(&error);
            return Err(stuck(NotReady::ExternalAuth { reason, missing }));
        }
        if error.is_outcome_unknown() {
            let now = follower.look(workspace.id).await?;
            if now.latest_build.build_number > known {
                return Ok(Build::Ours(Box::new(now.latest_build)));
            }
        }
        failed += 1;
        follower.wait_after(error, backoff(failed)).await?;
    }
}
