//! Builds of workspaces: start, stop, restart and delete, and what the builds made.

use jiff::Timestamp;
use serde::Serialize;

use crate::models::{
    BuildParameter, BuildReason, BuildTimings, JobStatus, ProvisionerJobLog, WorkspaceBuild,
    WorkspaceResource, WorkspaceTransition,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{BuildId, List, PresetId, TemplateVersionId, UserRef, WorkspaceId, WorkspaceName};

operations! {
    /// `GET /api/v2/workspacebuilds/{build}`: returns a build.
    GetBuild(build: BuildId) = GET ["workspacebuilds", build] => WorkspaceBuild;
    /// `GET /api/v2/users/{user}/workspace/{name}/builds/{number}`: returns a build by its number,
    /// which counts from 1 for each workspace.
    GetBuildByNumber(owner: UserRef, workspace: WorkspaceName, number: u32) =
        GET ["users", owner, "workspace", workspace, "builds", number] => WorkspaceBuild;
    /// `GET /api/v2/workspacebuilds/{build}/parameters`: lists the parameter values of a build. They
    /// never change.
    #[doc(alias = "rich parameters")]
    ListBuildParameters(build: BuildId) =
        GET ["workspacebuilds", build, "parameters"] => List<BuildParameter>;
    /// `GET /api/v2/workspacebuilds/{build}/resources`: lists the resources that a build made.
    ListBuildResources(build: BuildId) =
        GET ["workspacebuilds", build, "resources"] => List<WorkspaceResource>;
    /// `GET /api/v2/workspacebuilds/{build}/timings`: returns how long the parts of a build took.
    GetBuildTimings(build: BuildId) = GET ["workspacebuilds", build, "timings"] => BuildTimings;
    /// `GET /api/v2/workspaces/{workspace}/builds`: lists the builds of a workspace, the newest
    /// first.
    ListBuilds(workspace: WorkspaceId) = GET ["workspaces", workspace, "builds"]
        query {
            ;
            /// Returns only builds that were created after this moment.
            since: Timestamp,
            /// Sets the greatest number of builds to return; 0 means all.
            limit: u32,
            /// Skips this number of builds.
            offset: u32,
        }
        => List<WorkspaceBuild>;
    /// `GET /api/v2/workspacebuilds/{build}/logs`: lists the log lines of a build.
    #[doc(alias = "log")]
    #[derive(Copy)]
    ListBuildLogs(build: BuildId) = GET ["workspacebuilds", build, "logs"]
        query {
            ;
            /// Returns only lines after the line with this id.
            after: i64,
        }
        => List<ProvisionerJobLog>;
    /// `PATCH /api/v2/workspacebuilds/{build}/cancel`: cancels a build.
    ///
    /// For a build that has ended, the error [is too late](crate::ClientError::is_too_late). A build that
    /// is cancelled half way may end as `failed` with the error `canceled` instead of as `canceled`.
    #[doc(alias = "abort")]
    CancelBuild(build: BuildId) = PATCH ["workspacebuilds", build, "cancel"]
        query {
            ;
            /// Cancels the build only while it has this status, `pending` or `running`; otherwise
            /// the error [is too late](crate::ClientError::is_too_late).
            ///
            /// Older releases ignore this condition, so the request is sent only to a release with
            /// [`Capability::ConditionalCancel`](crate::Capability::ConditionalCancel).
            expect_status: JobStatus,
        }
        => (), needs ConditionalCancel if expect_status;
}

/// `POST /api/v2/workspaces/{workspace}/builds`: starts, stops, restarts or deletes a workspace.
///
/// Coder answers 409 ([`ClientError::conflict`](crate::ClientError::conflict)) while another build is active, and
/// for a workspace that was deleted.
///
/// ```
/// use coder_client::operations::CreateWorkspaceBuild;
/// use coder_client::{Client, ClientError, WorkspaceId};
///
/// async fn stop(client: &Client, workspace: WorkspaceId) -> Result<(), ClientError> {
///     client.send(&CreateWorkspaceBuild::stop(workspace)).await.map(drop)
/// }
/// ```
#[doc(alias = "StartWorkspace")]
#[doc(alias = "StopWorkspace")]
#[doc(alias = "RestartWorkspace")]
#[doc(alias = "DeleteWorkspace")]
#[doc(alias = "update workspace")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateWorkspaceBuild {
    #[serde(skip)]
    workspace: WorkspaceId,
    transition: WorkspaceTransition,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_id: Option<TemplateVersionId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rich_parameter_values: Vec<BuildParameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_preset_id: Option<PresetId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<BuildReason>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    orphan: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_success: Option<FollowUpBuild>,
}

/// The build that Coder makes when this one has succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FollowUpBuild {
    transition: WorkspaceTransition,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_id: Option<TemplateVersionId>,
}

impl CreateWorkspaceBuild {
    /// Starts the workspace. A dormant workspace becomes active.
    pub fn start(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Start)
    }

    /// Stops the workspace without deleting it.
    pub fn stop(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Stop)
    }

    /// Deletes the workspace and all of its resources.
    pub fn delete(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Delete)
    }

    /// Stops the workspace and then starts it with this version of the template; `None` keeps the
    /// version.
    ///
    /// Older releases would only stop the workspace, so the request is sent only to a release with
    /// [`Capability::RestartInOneRequest`](crate::Capability::RestartInOneRequest).
    pub fn restart(workspace: WorkspaceId, version: Option<TemplateVersionId>) -> Self {
        let transition = WorkspaceTransition::Start;
        let start = FollowUpBuild { transition, template_version_id: version };
        Self { on_success: Some(start), ..Self::stop(workspace) }
    }

    fn new(workspace: WorkspaceId, transition: WorkspaceTransition) -> Self {
        Self {
            workspace,
            transition,
            template_version_id: None,
            rich_parameter_values: Vec::new(),
            template_version_preset_id: None,
            reason: None,
            orphan: false,
            on_success: None,
        }
    }

    /// Sets the version of the template. The default is the version of the last build, or the
    /// active version where the template requires it.
    #[must_use]
    pub fn template_version(self, version: TemplateVersionId) -> Self {
        Self { template_version_id: Some(version), ..self }
    }

    /// Sets the value of a parameter. Parameters that are not set keep their values.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rich_parameter_values.push(BuildParameter::new(name, value));
        self
    }

    /// Sets the preset that parameter values are taken from.
    #[must_use]
    pub fn preset(self, preset: PresetId) -> Self {
        Self { template_version_preset_id: Some(preset), ..self }
    }

    /// Sets the reason that Coder records. Coder accepts only reasons of people, such as
    /// [`BuildReason::Dashboard`].
    #[must_use]
    pub fn reason(self, reason: BuildReason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Makes the deletion keep the resources of the workspace, which stay behind. Only
    /// administrators may do so.
    #[must_use]
    pub fn orphan(self) -> Self {
        Self { orphan: true, ..self }
    }
}

impl_operation!(CreateWorkspaceBuild => WorkspaceBuild, needs RestartInOneRequest if on_success, |this| {
    RequestBuilder::post(["workspaces", &this.workspace.to_string(), "builds"]).json(this)
});
