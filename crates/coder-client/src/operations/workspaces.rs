//! Workspaces: find, get, create.

use jiff::SignedDuration;
use serde::Serialize;

use crate::models::{AutomaticUpdates, BuildParameter, Workspace, WorkspacePage};
use crate::operation::{Draft, operation, operations};
use crate::{
    PresetId, TemplateId, TemplateVersionId, UserRef, WorkspaceFilter, WorkspaceId, WorkspaceName,
};

/// `GET /api/v2/workspaces`: the workspaces that match a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListWorkspaces {
    filter: WorkspaceFilter,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListWorkspaces {
    /// All that match, in one answer. Coder has no upper limit of its own; see
    /// [`page`](Self::page).
    pub fn matching(filter: WorkspaceFilter) -> Self {
        Self { filter, limit: None, offset: None }
    }

    /// At most `limit` of them (0 for all), beginning after the first `offset`.
    #[must_use]
    pub fn page(self, limit: u32, offset: u32) -> Self {
        Self { limit: Some(limit), offset: Some(offset), ..self }
    }
}

operation!(ListWorkspaces => WorkspacePage, |this| {
    let query = (!this.filter.is_empty()).then(|| this.filter.to_string());
    Draft::get(["workspaces"])
        .query("q", query)
        .query("limit", this.limit)
        .query("offset", this.offset)
}, fn max_answer(&self) -> usize {
    // A page without a limit holds every workspace of the deployment, some 10 kB each.
    4 * crate::MAX_ANSWER
});

/// `GET /api/v2/workspaces/{workspace}`: one workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetWorkspace {
    workspace: WorkspaceId,
    include_deleted: bool,
}

impl GetWorkspace {
    /// By id. One that was deleted answers 410 ([`Error::is_gone`](crate::Error::is_gone)).
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, include_deleted: false }
    }

    /// Also when it was deleted.
    #[must_use]
    pub fn include_deleted(self) -> Self {
        Self { include_deleted: true, ..self }
    }
}

operation!(GetWorkspace => Workspace, |this| {
    Draft::get(["workspaces", &this.workspace.to_string()])
        .query("include_deleted", this.include_deleted.then_some(true))
});

operations! {
    /// `GET /api/v2/users/{user}/workspace/{name}`: one workspace, by its owner and name.
    GetWorkspaceByName(owner: UserRef, name: WorkspaceName) =
        GET ["users", owner, "workspace", name] => Workspace;
}

/// `POST /api/v2/users/{user}/workspaces`: a new workspace, and its first build.
///
/// It is not repeated when its answer is lost; a second try answers 409
/// ([`Error::is_conflict`](crate::Error::is_conflict)) when the first one had succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateWorkspace {
    #[serde(skip)]
    owner: UserRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<TemplateId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_id: Option<TemplateVersionId>,
    name: WorkspaceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    autostart_schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rich_parameter_values: Vec<BuildParameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_updates: Option<AutomaticUpdates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_preset_id: Option<PresetId>,
}

impl CreateWorkspace {
    /// From the active version of a template.
    pub fn from_template(template: TemplateId, name: WorkspaceName) -> Self {
        Self { template_id: Some(template), ..Self::named(name) }
    }

    /// From a certain version of a template.
    pub fn from_version(version: TemplateVersionId, name: WorkspaceName) -> Self {
        Self { template_version_id: Some(version), ..Self::named(name) }
    }

    fn named(name: WorkspaceName) -> Self {
        Self {
            owner: UserRef::Me,
            template_id: None,
            template_version_id: None,
            name,
            autostart_schedule: None,
            ttl_ms: None,
            rich_parameter_values: Vec::new(),
            automatic_updates: None,
            template_version_preset_id: None,
        }
    }

    /// For somebody else, which needs the right to do so.
    #[must_use]
    pub fn for_user(self, owner: impl Into<UserRef>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// With a value for a parameter of the template. Numbers, booleans and lists are written as
    /// JSON.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rich_parameter_values.push(BuildParameter::new(name, value));
        self
    }

    /// With the values of a preset. Without one, Coder looks for a preset whose values all match.
    #[must_use]
    pub fn preset(self, preset: PresetId) -> Self {
        Self { template_version_preset_id: Some(preset), ..self }
    }

    /// Starting by itself, as `CRON_TZ=Zone 30 9 * * 1-5`.
    #[must_use]
    pub fn autostart(self, schedule: impl Into<String>) -> Self {
        Self { autostart_schedule: Some(schedule.into()), ..self }
    }

    /// Stopping by itself after this time, one minute to 30 days.
    #[must_use]
    pub fn ttl(self, ttl: SignedDuration) -> Self {
        Self { ttl_ms: i64::try_from(ttl.as_millis()).ok(), ..self }
    }

    /// Whether it updates when it starts.
    #[must_use]
    pub fn automatic_updates(self, updates: AutomaticUpdates) -> Self {
        Self { automatic_updates: Some(updates), ..self }
    }
}

operation!(CreateWorkspace => Workspace, |this| {
    Draft::post(["users", &this.owner.to_string(), "workspaces"]).json(this)
});
