//! What people do with a workspace: start, stop, restart, update, delete, extend, rename, mark it.
//!
//! Each action names the workspace by its id, and may name it as the page shows it. What Coder has
//! been asked for goes on; the answer tells the state at that moment.

use std::sync::Arc;
use std::time::Duration;

use coder_client::models::{self, WorkspaceTransition};
use coder_client::operations::{
    FavoriteWorkspace, RenameWorkspace, SetDormancy, UnfavoriteWorkspace,
};
use coder_client::{WorkspaceId, WorkspaceName};
use coder_core::{World, is_within, with_causes};
use coder_workspaces::{
    Availability, AvailabilityState, ManageWorkspace, NotReady, Wait, WorkspacesError,
};
use indexmap::IndexMap;
use jiff::SignedDuration;
use serde::Deserialize;

use super::unfinished::{GoingOn, Kind, Wish};
use crate::api::{
    ApiError, Asked, Call, Json, JsonBody, NoBody, OptionalJsonBody, PATIENCE, check_values,
};
use crate::wire;

/// The least time by which a deadline is moved.
const MIN_EXTENSION: u32 = 1;
/// The greatest time by which a deadline is moved, in minutes: a week.
const MAX_EXTENSION: u32 = 7 * 24 * 60;

/// The pause between two looks at a workspace that stops, to start again.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The longest time for which a workspace that stops is looked at.
const STOP_LIMIT: SignedDuration = SignedDuration::from_mins(30);

/// The name under which a page shows the workspace.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionQuery {
    /// Name under which the page shows the workspace. When it has another one by now, nothing is done
    /// (409).
    expected_name: Option<String>,
}

/// The name of the workspace to delete.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteQuery {
    /// Name of the workspace, as the person has confirmed it. When it has another one by now, nothing
    /// is done (409).
    expected_name: String,
}

/// Values for a start.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    /// Values of parameters; others keep theirs.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    parameters: IndexMap<String, String>,
}

/// The time by which a deadline is moved.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendBody {
    /// Minutes by which the workspace runs longer.
    #[cfg_attr(test, schemars(range(min = 1, max = 10080)))]
    minutes: u32,
}

/// A new name.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameBody {
    /// New name: 1 to 32 letters, digits and single hyphens between them.
    name: String,
}

type Action<B> = Call<WorkspaceId, ActionQuery, B>;
type Outcome = Result<Asked<wire::Workspace>, ApiError>;

pub(crate) async fn start(call: Action<OptionalJsonBody<StartBody>>) -> Outcome {
    check_values(&call.body.0.parameters)?;
    call.check_wish(&call.wish(Kind::Start))?;
    let manage = call.manage(call.query.expected_name.as_deref());
    let workspace = with_values(manage, &call.body.0.parameters).start(|_| {}).await?;
    call.asked(&workspace, AvailabilityState::Online).await
}

pub(crate) async fn stop(call: Action<NoBody>) -> Outcome {
    call.check_wish(&Wish { kind: Kind::Stop, values: IndexMap::new() })?;
    let manage = call.manage(call.query.expected_name.as_deref());
    let workspace = manage.stop(|_| {}).await?;
    call.asked(&workspace, AvailabilityState::Offline).await
}

pub(crate) async fn restart(call: Action<OptionalJsonBody<StartBody>>) -> Outcome {
    check_values(&call.body.0.parameters)?;
    let wish = call.wish(Kind::Restart);
    let begun = call.begin(&wish)?;
    let manage = call.manage(call.query.expected_name.as_deref());
    let workspace = with_values(manage, &wish.values).restart(|_| {}).await?;
    call.go_on(&workspace, wish, begun)?;
    call.asked(&workspace, AvailabilityState::Online).await
}

pub(crate) async fn update(call: Action<OptionalJsonBody<StartBody>>) -> Outcome {
    check_values(&call.body.0.parameters)?;
    let wish = call.wish(Kind::Update);
    let begun = call.begin(&wish)?;
    let manage = call.manage(call.query.expected_name.as_deref());
    let workspace = with_values(manage, &wish.values).update(|_| {}).await?;
    call.go_on(&workspace, wish, begun)?;
    call.asked(&workspace, AvailabilityState::Online).await
}

pub(crate) async fn delete(call: Call<WorkspaceId, DeleteQuery>) -> Outcome {
    let manage = call.manage(Some(&call.query.expected_name));
    let workspace = manage.delete(|_| {}).await?;
    call.asked(&workspace, AvailabilityState::Deleted).await
}

pub(crate) async fn extend(
    call: Action<JsonBody<ExtendBody>>,
) -> Result<Json<wire::Workspace>, ApiError> {
    let minutes = call.body.0.minutes;
    if !(MIN_EXTENSION..=MAX_EXTENSION).contains(&minutes) {
        return Err(ApiError::Extension { minutes });
    }
    let manage = call.manage(call.query.expected_name.as_deref());
    // The change comes last: after a refused token this runs once more, and would extend it twice.
    let workspace = manage.extend(Duration::from_secs(u64::from(minutes) * 60)).await?;
    call.shown(&workspace).await
}

pub(crate) async fn rename(
    call: Action<JsonBody<RenameBody>>,
) -> Result<Json<wire::Workspace>, ApiError> {
    let name = WorkspaceName::parse(&call.body.0.name).map_err(ApiError::Name)?;
    let manage = call.manage(call.query.expected_name.as_deref());
    let mut workspace = match call.existing(&manage).await {
        // A request that was sent before has renamed it.
        Err(ApiError::Workspaces(error)) if is_renamed_to(&error, &name) => {
            call.manage(None).look().await?
        }
        found => found?,
    };
    if workspace.name != name.as_str() {
        if !workspace.allow_renames {
            return Err(ApiError::NotRenamable);
        }
        call.client.send(&RenameWorkspace::new(call.path, name.clone())).await?;
        workspace.name = name.into();
    }
    call.shown(&workspace).await
}

pub(crate) async fn mark_favorite(call: Action<NoBody>) -> Result<Json<wire::Workspace>, ApiError> {
    let mut workspace = call.existing(&call.manage(call.query.expected_name.as_deref())).await?;
    call.client.send(&FavoriteWorkspace::new(call.path)).await?;
    workspace.favorite = true;
    call.shown(&workspace).await
}

pub(crate) async fn unmark_favorite(
    call: Action<NoBody>,
) -> Result<Json<wire::Workspace>, ApiError> {
    let mut workspace = call.existing(&call.manage(call.query.expected_name.as_deref())).await?;
    call.client.send(&UnfavoriteWorkspace::new(call.path)).await?;
    workspace.favorite = false;
    call.shown(&workspace).await
}

pub(crate) async fn put_to_sleep(call: Action<NoBody>) -> Result<Json<wire::Workspace>, ApiError> {
    call.set_dormancy(SetDormancy::sleep(call.path)).await
}

pub(crate) async fn wake(call: Action<NoBody>) -> Result<Json<wire::Workspace>, ApiError> {
    call.set_dormancy(SetDormancy::wake(call.path)).await
}

/// Waits until the build that stops the workspace has ended, and asks for the one that starts it
/// again, unless somebody has asked for another one meanwhile. Returns the workspace as it is then.
async fn finish(
    world: &World,
    manage: ManageWorkspace<'_>,
    wish: &Wish,
    stop: i64,
) -> Result<models::Workspace, WorkspacesError> {
    let begun_at = world.clock.now();
    loop {
        let workspace = manage.look().await?;
        let build = &workspace.latest_build;
        if build.build_number != stop {
            return Ok(workspace);
        }
        if build.job.completed_at.is_some() {
            break;
        }
        if !is_within(STOP_LIMIT, world.clock.now(), begun_at) {
            tracing::info!("a workspace that was to start again did not stop in time");
            return Ok(workspace);
        }
        world.runtime.sleep(POLL_INTERVAL).await;
    }
    let manage = with_values(manage, &wish.values).wait(Wait::UntilAsked);
    match wish.kind {
        Kind::Start | Kind::Stop => manage.look().await,
        Kind::Restart => manage.start(|_| {}).await,
        Kind::Update => manage.update(|_| {}).await,
    }
}

fn with_values<'a>(
    manage: ManageWorkspace<'a>,
    values: &IndexMap<String, String>,
) -> ManageWorkspace<'a> {
    values.iter().fold(manage, |manage, (name, value)| manage.parameter(name, value))
}

fn is_renamed_to(error: &WorkspacesError, wanted: &WorkspaceName) -> bool {
    match error {
        WorkspacesError::NotReady { problem: NotReady::Renamed { name }, .. } => {
            name == wanted.as_str()
        }
        WorkspacesError::NotReady { .. }
        | WorkspacesError::NotSearchable(_)
        | WorkspacesError::NotCreatable(_)
        | WorkspacesError::Incomplete(_)
        | WorkspacesError::Client(_) => false,
    }
}

impl Action<NoBody> {
    async fn set_dormancy(&self, change: SetDormancy) -> Result<Json<wire::Workspace>, ApiError> {
        let manage = self.manage(self.query.expected_name.as_deref());
        let workspace = self.existing(&manage).await?;
        let changed = self.client.send(&change).await?;
        // Nothing has changed when Coder returns nothing.
        self.shown(&changed.unwrap_or(workspace)).await
    }
}

impl Action<OptionalJsonBody<StartBody>> {
    fn wish(&self, kind: Kind) -> Wish {
        Wish { kind, values: self.body.0.parameters.clone() }
    }

    /// Begins an action of two builds; returns `None` when the same one goes on already.
    ///
    /// # Errors
    ///
    /// When another one goes on. Nothing has been asked of Coder then.
    fn begin(&self, wish: &Wish) -> Result<Option<GoingOn>, ApiError> {
        Ok(self.state.unfinished.begin(self.caller.rights(), self.path, wish)?)
    }

    /// Goes on with an action of two builds after the answer, when its first build is under way and
    /// the action does not go on already.
    ///
    /// # Errors
    ///
    /// When the action that this request has joined has ended, and another one has begun.
    fn go_on(
        &self,
        workspace: &models::Workspace,
        wish: Wish,
        begun: Option<GoingOn>,
    ) -> Result<(), ApiError> {
        let build = &workspace.latest_build;
        if build.transition != WorkspaceTransition::Stop {
            return Ok(());
        }
        // The action that this request has joined may have failed meanwhile.
        let begun = match begun {
            Some(begun) => Some(begun),
            None => self.begin(&wish)?,
        };
        let Some(going_on) = begun else { return Ok(()) };
        let client = self.state.auth.renewing_client(&self.caller);
        let (id, stop) = (self.path, build.build_number);
        let (state, caller) = (Arc::clone(&self.state), self.caller.clone());
        self.state.world.runtime.spawn(Box::pin(async move {
            let _going_on = going_on;
            let manage = ManageWorkspace::new(&client, id);
            match finish(&state.world, manage, &wish, stop).await {
                Ok(workspace) => state.tell_change(&caller, &workspace),
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::info!(workspace = %id, action = %wish.kind, error, "a workspace did not start again");
                    state.live.refresh(id);
                }
            }
        }));
        Ok(())
    }
}

impl<Q, B> Call<WorkspaceId, Q, B> {
    /// Manages the workspace of the path, in the time that a route has.
    pub(super) fn manage(&self, expected_name: Option<&str>) -> ManageWorkspace<'_> {
        let manage = self.manage_workspace(self.path).wait(Wait::UntilAsked);
        match expected_name {
            Some(name) => manage.expected_name(name),
            None => manage,
        }
    }

    /// Checks that no action of two builds goes on with another wish.
    fn check_wish(&self, wish: &Wish) -> Result<(), ApiError> {
        Ok(self.state.unfinished.check(self.caller.rights(), self.path, wish)?)
    }

    /// Reads the workspace, which must exist and have the expected name.
    pub(super) async fn existing(
        &self,
        manage: &ManageWorkspace<'_>,
    ) -> Result<models::Workspace, ApiError> {
        let workspace = manage.look().await?;
        if Availability::new(&workspace, self.client.now()).state == AvailabilityState::Deleted {
            let problem = NotReady::Deleted;
            return Err(WorkspacesError::NotReady { workspace: workspace.name, problem }.into());
        }
        Ok(workspace)
    }

    /// Answers an action that Coder was asked for, and lets open streams tell what it has changed.
    async fn asked(&self, workspace: &models::Workspace, wanted: AvailabilityState) -> Outcome {
        self.tell_change(workspace);
        let shown = self.show(workspace).await;
        let is_done = shown.availability == wanted;
        Ok(if is_done { Asked::Done(shown) } else { Asked::Accepted(shown) })
    }

    /// Answers a change that is done, and lets open streams tell it.
    async fn shown(
        &self,
        workspace: &models::Workspace,
    ) -> Result<Json<wire::Workspace>, ApiError> {
        self.tell_change(workspace);
        Ok(Json(self.show(workspace).await))
    }
}

impl<P, Q, B> Call<P, Q, B> {
    /// Manages a workspace, in the time that a route has.
    pub(super) fn manage_workspace(&self, id: WorkspaceId) -> ManageWorkspace<'_> {
        ManageWorkspace::new(&self.client, id).wait_limit(PATIENCE)
    }

    /// Tells open streams and the index of workspaces that the caller has changed a workspace.
    pub(crate) fn tell_change(&self, workspace: &models::Workspace) {
        self.state.tell_change(&self.caller, workspace);
    }

    /// Makes the form for pages of a workspace.
    pub(crate) async fn show(&self, workspace: &models::Workspace) -> wire::Workspace {
        let now = Availability::new(workspace, self.client.now());
        let hosts = self.hosts().await;
        wire::Workspace::new(workspace, now, &hosts, self.caller.user_id())
    }
}
