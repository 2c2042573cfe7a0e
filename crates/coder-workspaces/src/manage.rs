//! Starting, stopping, updating, extending and deleting a workspace.

use std::time::Duration;

use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::operations::{CreateWorkspaceBuild, ExtendWorkspace, GetWorkspace};
use coder_client::{Client, WorkspaceId};
use coder_core::MaybeSend;
use jiff::Timestamp;

use crate::follow::{Follower, Goal};
use crate::{Error, Progress, Stuck};

/// How often a build is asked for when others come first, or answers are lost.
const MAX_TRIES: u32 = 3;
/// How long people wait for a build by default.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Manages one workspace: each call asks for a build and waits until it is done.
///
/// While somebody else's build is under way it is waited for first. A request whose answer was
/// lost is not made twice.
#[derive(Clone, Debug)]
pub struct ManageWorkspace<'a> {
    client: &'a Client,
    workspace: WorkspaceId,
    patience: Duration,
}

impl<'a> ManageWorkspace<'a> {
    /// This one.
    pub fn new(client: &'a Client, workspace: WorkspaceId) -> Self {
        Self { client, workspace, patience: PATIENCE }
    }

    /// How long to wait for a build; by default half an hour.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Starts it, waking it when it is dormant, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`Error::Stuck`] when it does not get there, and what Coder said when it said no; so for
    /// the other calls.
    pub async fn start(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, Error> {
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
    ) -> Result<Workspace, Error> {
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
    ) -> Result<Workspace, Error> {
        self.run(on_progress, &[Step::Stop, Step::Start]).await
    }

    /// Stops it and starts it again with the active version of its template.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn update(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, Error> {
        self.run(on_progress, &[Step::Stop, Step::Update]).await
    }

    /// Deletes it with everything in it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn delete(
        &self,
        on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Workspace, Error> {
        self.run(on_progress, &[Step::Delete]).await
    }

    /// Lets it run longer by this time, at most as long as its template allows; gives the moment
    /// at which it stops by itself.
    ///
    /// # Errors
    ///
    /// [`Stuck::Stopped`] when it has no deadline, and what Coder said when it said no.
    pub async fn extend(&self, by: Duration) -> Result<Timestamp, Error> {
        let workspace = self.client.send(&GetWorkspace::new(self.workspace)).await?;
        let build = &workspace.latest_build;
        let Some(deadline) = build.deadline else {
            return Err(Error::Stuck { workspace: workspace.name, problem: Stuck::Stopped });
        };
        let wanted = deadline.checked_add(by).unwrap_or(Timestamp::MAX);
        let wanted = build.max_deadline.map_or(wanted, |latest| wanted.min(latest));
        self.client.send(&ExtendWorkspace::new(self.workspace, wanted)).await?;
        Ok(wanted)
    }

    async fn run(
        &self,
        mut on_progress: impl FnMut(Progress<'_>) + MaybeSend,
        steps: &[Step],
    ) -> Result<Workspace, Error> {
        let mut follower = Follower {
            client: self.client,
            patience: self.patience,
            started: self.client.world().clock.now(),
            on_progress: &mut on_progress,
        };
        let mut workspace = self.client.send(&GetWorkspace::new(self.workspace)).await?;
        for step in steps {
            let stopped = workspace.latest_build.status == WorkspaceStatus::Stopped;
            if stopped && matches!(step, Step::Stop) {
                continue;
            }
            let (order, goal) = step.order(&workspace);
            build(&order, &workspace, goal, &mut follower).await?;
            workspace = follower.until(goal, workspace.id, &workspace.name).await?;
        }
        Ok(workspace)
    }
}

#[derive(Clone, Copy)]
enum Step {
    Start,
    Stop,
    Update,
    Delete,
}

impl Step {
    fn order(self, workspace: &Workspace) -> (CreateWorkspaceBuild, Goal) {
        let id = workspace.id;
        match self {
            Self::Start => (CreateWorkspaceBuild::start(id), Goal::Ready),
            Self::Stop => (CreateWorkspaceBuild::stop(id), Goal::Stopped),
            Self::Update => {
                let active = workspace.template_active_version_id;
                (CreateWorkspaceBuild::start(id).template_version(active), Goal::Ready)
            }
            Self::Delete => (CreateWorkspaceBuild::delete(id), Goal::Deleted),
        }
    }
}

/// Asks for a build once: waits for others that come first, and looks before it asks again.
pub(crate) async fn build<F: FnMut(Progress<'_>) + MaybeSend>(
    order: &CreateWorkspaceBuild,
    workspace: &Workspace,
    goal: Goal,
    follower: &mut Follower<'_, F>,
) -> Result<(), Error> {
    let mut known = workspace.latest_build.build_number;
    for _ in 0..MAX_TRIES {
        match follower.client.send(order).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_conflict() => {
                let settled = follower.until(Goal::Settled, workspace.id, &workspace.name).await?;
                if settled.latest_build.transition == goal.transition() {
                    // Somebody wanted the same.
                    return Ok(());
                }
                known = settled.latest_build.build_number;
            }
            Err(error) if error.is_outcome_unknown() => {
                let now = follower.client.send(&GetWorkspace::new(workspace.id)).await?;
                if now.latest_build.build_number > known {
                    return Ok(());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Stuck { workspace: workspace.name.clone(), problem: Stuck::Busy })
}
