//! The list of all workspaces that a person is shown.

use coder_client::UserId;
use coder_workspaces::index::IndexedWorkspace;
use jiff::Timestamp;
use serde::Serialize;

use super::facets::IndexFacets;
use super::query::{IndexQuery, SelectionQuery};
use super::selection::Selection;
use super::status::IndexStatus;
use crate::api::{ApiError, Call, Json, NoPath};

/// A page of the workspaces of everybody.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexList {
    workspaces: Vec<IndexItem>,
    /// Number of workspaces on all pages.
    count: usize,
    /// Numbers of workspaces on all pages by owner, template, organization, status and entity.
    facets: IndexFacets,
    #[serde(flatten)]
    status: IndexStatus,
}

/// A workspace of the index.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexItem {
    /// Id, a UUID, which never changes.
    pub(super) id: String,
    /// Name, which is unique among the workspaces of its owner.
    pub(super) name: String,
    /// Name of the owner at Coder.
    pub(super) owner: String,
    /// `true` when the caller is the owner.
    pub(super) mine: bool,
    /// Name of the template.
    pub(super) template: String,
    /// Name of the organization; may be empty.
    pub(super) organization: String,
    /// Status of the latest build, such as `running`.
    pub(super) status: String,
    /// Moment of the last use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub(super) last_used_at: Option<Timestamp>,
    /// Moment since which it is dormant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub(super) dormant_at: Option<Timestamp>,
    /// Moment at which Coder told all this.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub(super) listed_at: Timestamp,
    /// References of the entities whose repository the workspace holds.
    pub(super) entity_refs: Vec<String>,
}

impl IndexItem {
    pub(super) fn new(workspace: &IndexedWorkspace, entity_refs: &[&str], user: UserId) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            owner: workspace.owner_name.clone(),
            mine: workspace.owner_id == user,
            template: workspace.template_name.clone(),
            organization: workspace.organization_name.clone(),
            status: workspace.status.as_str().to_owned(),
            last_used_at: workspace.last_used_at,
            dormant_at: workspace.dormant_at,
            listed_at: workspace.listed_at,
            entity_refs: entity_refs.iter().map(|one| (*one).to_owned()).collect(),
        }
    }
}

pub(crate) async fn list(call: Call<NoPath, IndexQuery>) -> Result<Json<IndexList>, ApiError> {
    let (view, entities, _turn) = call.view().await?;
    let IndexQuery { selection, limit, offset } = &call.query;
    let SelectionQuery { filters, sort, order } = selection;
    let index = view.index.lock();
    let mut selection = Selection::new(&index, &view, &entities, &call.state.integrations, filters);
    selection.sort(*sort, *order);
    let page = selection.0.iter().skip(offset.0).take(limit.0);
    let user = call.caller.user_id();
    Ok(Json(IndexList {
        workspaces: page
            .map(|(workspace, entity_refs)| IndexItem::new(workspace, entity_refs, user))
            .collect(),
        count: selection.0.len(),
        facets: IndexFacets::new(&selection),
        status: IndexStatus::new(&index, &view, call.state.world.clock.now()),
    }))
}
