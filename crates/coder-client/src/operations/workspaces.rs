//! Workspaces: listing, reading and creating them.

use jiff::SignedDuration;
use serde::Serialize;

use crate::models::{AutomaticUpdates, BuildParameter, Workspace, WorkspacePage};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{
    MAX_ANSWER, PresetId, TemplateId, TemplateVersionId, UserRef, WorkspaceFilter, WorkspaceId,
    WorkspaceName,
};

operations! {
    /// `GET /api/v2/workspaces/{workspace}`: returns a workspace. For a deleted workspace Coder
    /// answers 410 ([`ClientError::is_gone`](crate::ClientError::is_gone)).
    #[derive(Copy)]
    GetWorkspace(workspace: WorkspaceId) = GET ["workspaces", workspace]
        query {
            ;
            /// Returns the workspace also when it was deleted (`true`).
            include_deleted: bool,
        }
        => Workspace;
    /// `GET /api/v2/users/{user}/workspace/{name}`: returns a workspace by its owner and name.
    #[doc(alias = "find workspace")]
    GetWorkspaceByName(owner: UserRef, name: String) =
        GET ["users", owner, "workspace", name] => Workspace;
}

/// `GET /api/v2/workspaces`: lists the workspaces that match a filter.
///
/// ```
/// use coder_client::models::WorkspaceStatus;
/// use coder_client::operations::ListWorkspaces;
/// use coder_client::{FilterError, WorkspaceFilter};
///
/// fn running(template: &str) -> Result<ListWorkspaces, FilterError> {
///     let filter = WorkspaceFilter::new().template(template)?.status(&WorkspaceStatus::Running)?;
///     Ok(ListWorkspaces::new(filter).limit(100))
/// }
/// ```
#[doc(alias = "search")]
#[doc(alias = "filter")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListWorkspaces {
    filter: WorkspaceFilter,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListWorkspaces {
    /// Creates the operation for all workspaces that match, in one answer.
    ///
    /// Coder has no upper limit of its own; see [`limit`](Self::limit).
    pub fn new(filter: WorkspaceFilter) -> Self {
        Self { filter, limit: None, offset: None }
    }

    /// Sets the greatest number of workspaces to return; 0 means all.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Skips this number of workspaces.
    #[must_use]
    pub fn offset(self, offset: u32) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

impl_operation!(ListWorkspaces => WorkspacePage,
    |this| {
        let query = (!this.filter.is_empty()).then_some(&this.filter);
        RequestBuilder::get(["workspaces"])
            .query("q", query)
            .query("limit", this.limit)
            .query("offset", this.offset)
    },
    fn max_answer(&self) -> usize {
        // A page without a limit holds every workspace of the deployment, some 10 kB each.
        4 * MAX_ANSWER
    }
);

/// `POST /api/v2/users/{user}/workspaces`: creates a workspace and starts its first build.
///
/// The request is not repeated when its answer is lost. If the first try had succeeded, Coder
/// answers a second one with 409 ([`ClientError::is_conflict`](crate::ClientError::is_conflict)).
///
/// ```
/// use coder_client::models::Workspace;
/// use coder_client::operations::{CreateWorkspace, GetTemplateByName};
/// use coder_client::{Client, ClientError, WorkspaceName};
///
/// async fn create(client: &Client, name: WorkspaceName) -> Result<Workspace, ClientError> {
///     let template = client.send(&GetTemplateByName::new("default", "devcontainers")).await?;
///     let create = CreateWorkspace::from_template(template.id, name).parameter("cpu", "4");
///     client.send(&create).await
/// }
/// ```
#[doc(alias = "new workspace")]
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
    /// Creates the operation for the active version of a template.
    pub fn from_template(template: TemplateId, name: WorkspaceName) -> Self {
        Self { template_id: Some(template), ..Self::from_name(name) }
    }

    /// Creates the operation for a certain version of a template.
    pub fn from_version(version: TemplateVersionId, name: WorkspaceName) -> Self {
        Self { template_version_id: Some(version), ..Self::from_name(name) }
    }

    fn from_name(name: WorkspaceName) -> Self {
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

    /// Sets the owner of the workspace, which is the caller by default. To create a workspace for
    /// another user needs the permission to do so.
    #[must_use]
    pub fn for_user(self, owner: impl Into<UserRef>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// Sets the value of a template parameter. Numbers, booleans and lists are written as JSON.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rich_parameter_values.push(BuildParameter::new(name, value));
        self
    }

    /// Sets the preset that parameter values are taken from. By default Coder looks for a preset
    /// whose values all match.
    #[must_use]
    pub fn preset(self, preset: PresetId) -> Self {
        Self { template_version_preset_id: Some(preset), ..self }
    }

    /// Sets the schedule on which the workspace starts by itself, like
    /// `CRON_TZ=Europe/Berlin 30 9 * * 1-5`.
    #[must_use]
    pub fn autostart(self, schedule: impl Into<String>) -> Self {
        Self { autostart_schedule: Some(schedule.into()), ..self }
    }

    /// Sets the time after which the workspace stops by itself, from one minute to 30 days.
    #[must_use]
    pub fn ttl(self, ttl: SignedDuration) -> Self {
        Self { ttl_ms: i64::try_from(ttl.as_millis()).ok(), ..self }
    }

    /// Sets whether the workspace is updated to the active template version when it starts.
    #[must_use]
    pub fn automatic_updates(self, updates: AutomaticUpdates) -> Self {
        Self { automatic_updates: Some(updates), ..self }
    }
}

impl_operation!(CreateWorkspace => Workspace, |this| {
    RequestBuilder::post(["users", &this.owner.to_string(), "workspaces"]).json(this)
});
