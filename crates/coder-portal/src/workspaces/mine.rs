//! The workspaces of a person, with the entities that they belong to.

use coder_client::WorkspaceFilter;
use coder_client::operations::ListWorkspaces;
use coder_workspaces::{Availability, SearchProblem, poll_after};
use serde::Serialize;

use crate::api::{ApiError, Call, Json, NoPath};
use crate::notices::Notices;
use crate::wire;
use crate::workspace_query::{OwnerChoice, WorkspacesQuery};

/// A page of workspaces, with the entities that they belong to.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceList {
    /// Workspaces of this page: favourites first, then running ones, then by owner and name.
    workspaces: Vec<WorkspaceOfEntities>,
    /// Number of workspaces on all pages.
    count: u64,
    /// `true` when workspaces or entities may be missing; `notices` tell why.
    partial: bool,
    /// Messages for people.
    notices: Vec<String>,
    /// Seconds until the list is worth reading again, 5 to 60.
    poll_after_seconds: u64,
}

/// A workspace, with the entities that it belongs to.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceOfEntities {
    #[serde(flatten)]
    workspace: wire::Workspace,
    /// References of the entities whose repository the workspace holds.
    entity_refs: Vec<String>,
}

pub(crate) async fn list(
    call: Call<NoPath, WorkspacesQuery>,
) -> Result<Json<WorkspaceList>, ApiError> {
    let WorkspacesQuery { owner, q, limit, offset } = &call.query;
    let mut filter = WorkspaceFilter::new();
    if let Some(text) = q {
        filter = filter.text(text).map_err(ApiError::filter)?;
    }
    if *owner == OwnerChoice::Me {
        filter = filter.mine();
    }
    let list = ListWorkspaces::new(filter).limit(limit.number()).offset(offset.number());
    let page = call.client.send(&list).await?;
    let mut notices = Notices::default();
    for item in page.workspaces.unreadable() {
        notices.add(format!("left out of coder's list: {item}"));
    }
    let listed = page.workspaces.received();
    let count = page.count.unwrap_or_else(|| {
        notices.add(SearchProblem::Missing { listed, counted: None }.to_string());
        u64::from(offset.number()) + u64::try_from(listed).unwrap_or(u64::MAX)
    });
    let entities = match call.entities_of(&page.workspaces, &mut notices).await {
        Ok(entities) => entities,
        Err(ApiError::Catalog(error)) => {
            notices.add_error("the entities are not known", &error);
            Default::default()
        }
        Err(error) => return Err(error),
    };
    let now = call.client.now();
    let available = page.workspaces.iter().map(|workspace| Availability::new(workspace, now));
    let available: Vec<Availability> = available.collect();
    let poll = poll_after(Some(&available));
    let hosts = call.hosts().await;
    let user = call.caller.user_id();
    let workspaces =
        page.workspaces.iter().zip(available).map(|(workspace, now)| WorkspaceOfEntities {
            workspace: wire::Workspace::new(workspace, now, &hosts, user),
            entity_refs: entities.get(&workspace.id).cloned().unwrap_or_default(),
        });
    Ok(Json(WorkspaceList {
        workspaces: workspaces.collect(),
        count,
        partial: !notices.is_empty(),
        notices: notices.into_vec(),
        poll_after_seconds: poll.as_secs(),
    }))
}
