//! Builds: start, stop, delete, and what they were made with.

use jiff::Timestamp;
use serde::Serialize;

use crate::models::{
    BuildParameter, BuildReason, BuildTimings, JobStatus, ProvisionerJobLog, WorkspaceBuild,
    WorkspaceResource, WorkspaceTransition,
};
use crate::operation::{Draft, operation, operations};
use crate::{
    BuildId, Capability, List, PresetId, TemplateVersionId, UserRef, WorkspaceId, WorkspaceName,
};

operations! {
    /// `GET /api/v2/workspacebuilds/{build}`: one build.
    GetBuild(build: BuildId) = GET ["workspacebuilds", build] => WorkspaceBuild;
    /// `GET /api/v2/users/{user}/workspace/{name}/builds/{number}`: one build, by its number.
    GetBuildByNumber(owner: UserRef, workspace: WorkspaceName, number: u32) =
        GET ["users", owner, "workspace", workspace, "builds", number] => WorkspaceBuild;
    /// `GET /api/v2/workspacebuilds/{build}/parameters`: the values a build was made with. They
    /// never change.
    ListBuildParameters(build: BuildId) =
        GET ["workspacebuilds", build, "parameters"] => List<BuildParameter>;
    /// `GET /api/v2/workspacebuilds/{build}/resources`: what a build made.
    ListBuildResources(build: BuildId) =
        GET ["workspacebuilds", build, "resources"] => List<WorkspaceResource>;
    /// `GET /api/v2/workspacebuilds/{build}/timings`: how long the parts of a build took.
    GetBuildTimings(build: BuildId) = GET ["workspacebuilds", build, "timings"] => BuildTimings;
}

/// `GET /api/v2/workspaces/{workspace}/builds`: a workspace's builds, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListBuilds {
    workspace: WorkspaceId,
    since: Option<Timestamp>,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListBuilds {
    /// All of them.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, since: None, limit: None, offset: None }
    }

    /// Those that were asked for after this moment.
    #[must_use]
    pub fn since(self, moment: Timestamp) -> Self {
        Self { since: Some(moment), ..self }
    }

    /// At most `limit` of them (0 for all), beginning after the first `offset`.
    #[must_use]
    pub fn page(self, limit: u32, offset: u32) -> Self {
        Self { limit: Some(limit), offset: Some(offset), ..self }
    }
}

operation!(ListBuilds => List<WorkspaceBuild>, |this| {
    Draft::get(["workspaces", &this.workspace.to_string(), "builds"])
        .query("since", this.since)
        .query("limit", this.limit)
        .query("offset", this.offset)
});

/// `GET /api/v2/workspacebuilds/{build}/logs`: a build's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListBuildLogs {
    build: BuildId,
    after: Option<i64>,
}

impl ListBuildLogs {
    /// All of it.
    pub fn new(build: BuildId) -> Self {
        Self { build, after: None }
    }

    /// What comes after the line with this id.
    #[must_use]
    pub fn after(self, id: i64) -> Self {
        Self { after: Some(id), ..self }
    }
}

operation!(ListBuildLogs => List<ProvisionerJobLog>, |this| {
    Draft::get(["workspacebuilds", &this.build.to_string(), "logs"]).query("after", this.after)
});

/// `PATCH /api/v2/workspacebuilds/{build}/cancel`: asks to cancel a build.
///
/// One that is over already is an error that [`is_too_late`](crate::Error::is_too_late). A build
/// that is cancelled half way may end as `failed` with the error `canceled` instead of as
/// `canceled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelBuild {
    build: BuildId,
    expected: Option<JobStatus>,
}

impl CancelBuild {
    /// This one, whatever it does.
    pub fn new(build: BuildId) -> Self {
        Self { build, expected: None }
    }

    /// Only while it is still pending or running; otherwise it is an error that
    /// [`is_too_late`](crate::Error::is_too_late). Older releases ignore the condition: it is asked
    /// of a release only that has [`Capability::ConditionalCancel`].
    #[must_use]
    pub fn while_it_is(self, status: JobStatus) -> Self {
        Self { expected: Some(status), ..self }
    }
}

operation!(
    CancelBuild,
    |this| {
        Draft::patch(["workspacebuilds", &this.build.to_string(), "cancel"])
            .query("expect_status", this.expected.as_ref())
    },
    fn needs(&self) -> Option<Capability> {
        self.expected.as_ref().map(|_| Capability::ConditionalCancel)
    }
);

/// `POST /api/v2/workspaces/{workspace}/builds`: starts, stops or deletes a workspace.
///
/// While another build is active, and when the workspace was deleted, it answers 409
/// ([`Error::conflict`](crate::Error::conflict)).
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
    on_success: Option<OnSuccess>,
}

/// What to build when this build has succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct OnSuccess {
    transition: WorkspaceTransition,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_id: Option<TemplateVersionId>,
}

impl CreateWorkspaceBuild {
    /// Starts the workspace, waking it when it is dormant.
    pub fn start(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Start)
    }

    /// Stops the workspace.
    pub fn stop(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Stop)
    }

    /// Deletes the workspace and everything in it.
    pub fn delete(workspace: WorkspaceId) -> Self {
        Self::new(workspace, WorkspaceTransition::Delete)
    }

    /// Stops the workspace and starts it again, with this version of the template or the same as
    /// before. Older releases would only stop it: it is asked of a release only that has
    /// [`Capability::RestartInOneRequest`].
    pub fn restart(workspace: WorkspaceId, version: Option<TemplateVersionId>) -> Self {
        let start =
            OnSuccess { transition: WorkspaceTransition::Start, template_version_id: version };
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

    /// With this version of the template; without it, with the same as before, or the active one
    /// where the template requires it.
    #[must_use]
    pub fn template_version(self, version: TemplateVersionId) -> Self {
        Self { template_version_id: Some(version), ..self }
    }

    /// With a value for a parameter; the others keep theirs.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rich_parameter_values.push(BuildParameter::new(name, value));
        self
    }

    /// With the values of a preset.
    #[must_use]
    pub fn preset(self, preset: PresetId) -> Self {
        Self { template_version_preset_id: Some(preset), ..self }
    }

    /// Why it is asked for. Coder takes the reasons of people only.
    #[must_use]
    pub fn reason(self, reason: BuildReason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// When deleting: forgets what was made instead of removing it. For administrators.
    #[must_use]
    pub fn orphan(self) -> Self {
        Self { orphan: true, ..self }
    }
}

operation!(CreateWorkspaceBuild => WorkspaceBuild,
    |this| Draft::post(["workspaces", &this.workspace.to_string(), "builds"]).json(this),
    fn needs(&self) -> Option<Capability> {
        self.on_success.as_ref().map(|_| Capability::RestartInOneRequest)
    }
);
