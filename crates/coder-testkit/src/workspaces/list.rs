//! `GET /api/v2/workspaces`.

use http::StatusCode;
use serde_json::{Value, json};

use super::Workspace;
use super::json::Fresh;
use super::matching::WorkspaceSearch;
use crate::authentication::Caller;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// One page of what the caller may see and the search finds; `count` counts all of it.
pub(crate) fn list(deployment: &Deployment<'_>, call: &Call, caller: &Caller) -> Answer {
    let (limit, offset) = page(call)?;
    let search = WorkspaceSearch::read(call.query("q").unwrap_or_default(), deployment).map_err(
        |faults| Reply::invalid(StatusCode::BAD_REQUEST, "Invalid workspace search query.", faults),
    )?;
    let found = find(deployment, &search, caller);
    let count = found.len();
    let workspaces: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(if limit == 0 { usize::MAX } else { limit })
        .map(|workspace| workspace.json(deployment, caller.user.id, Fresh::No))
        .collect();
    Ok(Reply::ok(&json!({ "workspaces": workspaces, "count": count })))
}

/// The requester's favorites first, then what runs, then by owner and name.
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

/// `limit` and `offset`; a limit of 0 is none.
pub(crate) fn page(call: &Call) -> Result<(usize, usize), Reply> {
    let mut faults = Vec::new();
    let mut number = |name: &str| match call.query(name).map(str::parse::<i32>) {
        None => 0,
        Some(Ok(number)) if number >= 0 => usize::try_from(number).unwrap_or_default(),
        Some(_) => {
            faults.push((
                name.to_owned(),
                format!("Query param \"{name}\" must be a valid positive integer"),
            ));
            0
        }
    };
    let page = (number("limit"), number("offset"));
    if faults.is_empty() {
        Ok(page)
    } else {
        Err(Reply::invalid(
            StatusCode::BAD_REQUEST,
            "Query parameters have invalid values.",
            faults,
        ))
    }
}
