//! Builds: start, stop, delete, and what they were made with.

use serde::Serialize;

use crate::models::{BuildParameter, BuildReason, WorkspaceBuild, WorkspaceTransition};
use crate::operation::{Draft, operation};
use crate::{BuildId, PresetId, TemplateVersionId, WorkspaceId};

/// `GET /api/v2/workspacebuilds/{build}/parameters`: the values a build was made with. They never
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListBuildParameters {
    build: BuildId,
}

impl ListBuildParameters {
    /// Of this build.
    pub fn new(build: BuildId) -> Self {
        Self { build }
    }
}

operation!(ListBuildParameters => Vec<BuildParameter>, |this| {
    Draft::get(["workspacebuilds", &this.build.to_string(), "parameters"])
});

/// `POST /api/v2/workspaces/{workspace}/builds`: starts, stops or deletes a workspace.
///
/// While another build is active it answers 409
/// ([`Error::is_conflict`](crate::Error::is_conflict)).
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

    fn new(workspace: WorkspaceId, transition: WorkspaceTransition) -> Self {
        Self {
            workspace,
            transition,
            template_version_id: None,
            rich_parameter_values: Vec::new(),
            template_version_preset_id: None,
            reason: None,
            orphan: false,
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

operation!(CreateWorkspaceBuild => WorkspaceBuild, |this| {
    Draft::post(["workspaces", &this.workspace.to_string(), "builds"]).json(this)
});
