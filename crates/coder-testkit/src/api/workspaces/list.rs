//! `GET /api/v2/workspaces`.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::Fresh;
use super::matching::WorkspaceSearch;
use crate::model::Workspace;
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::Query;
use crate::wire::reply::{Answer, Reply};

/// Lists one page of what the caller may see and the search finds; `count` counts all of it.
pub(crate) fn list(deployment: &Deployment<'_>, call: &Call, caller: &Caller) -> Answer {
    let page = Page::read(call)?;
    let search = WorkspaceSearch::read(call.query("q").unwrap_or_default(), deployment).map_err(
        |faults| Reply::invalid(StatusCode::BAD_REQUEST, "Invalid workspace search query.", faults),
    )?;
    let found = find(deployment, &search, caller);
    let count = found.len();
    let workspaces: Vec<Value> = page
        .of(found)
        .map(|workspace| workspace.json(deployment, caller.user.id, Fresh::No))
        .collect();
    Ok(Reply::ok(&json!({ "workspaces": workspaces, "count": count })))
}

/// Finds workspaces, and orders them: the requester's favorites first, then those that run, then by
/// owner and name.
pub(crate) fn find<'a>(
    deployment: &'a Deployment<'_>,
    search: &WorkspaceSearch,
    caller: &Caller,
) -> Vec<&'a Workspace> {
    let pace = &deployment.settings.pace;
    let mut found: Vec<_> = deployment
        .state
        .workspaces
        .values()
        .filter(|workspace| {
            caller.may("workspace:read")
                && workspace.is_visible_to(&caller.user)
                && !workspace.is_deleted(pace, deployment.now)
                && search.matches(deployment, workspace, &caller.user)
        })
        .map(|workspace| {
            let favorite = workspace.favorite && workspace.owner == caller.user.id;
            let running = workspace
                .latest()
                .is_some_and(|build| build.status(pace, deployment.now) == "running");
            let owner = deployment.state.username(workspace.owner).to_lowercase();
            ((!favorite, !running, owner, workspace.name.to_lowercase()), workspace)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.into_iter().map(|(_, workspace)| workspace).collect()
}

/// The page that a call asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The entry after which it begins.
    pub(crate) after: Option<Uuid>,
    limit: usize,
    offset: usize,
}

impl Page {
    /// Reads `after_id`, `limit` and `offset`; a limit of 0 means no limit.
    ///
    /// # Errors
    ///
    /// 400 when one of them is none.
    pub(crate) fn read(call: &Call) -> Result<Self, Reply> {
        let mut query = Query::new(call);
        let page = Self {
            after: query.id("after_id"),
            limit: query.count("limit"),
            offset: query.count("offset"),
        };
        query.finish("Query parameters have invalid values.")?;
        Ok(page)
    }

    /// Selects the entries of the page.
    pub(crate) fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        all.into_iter().skip(self.offset).take(limit)
    }
}
