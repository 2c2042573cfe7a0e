//! Who may change a workspace.

use crate::model::Workspace;
use crate::rules::authentication::Caller;
use crate::wire::reply::Reply;

/// Checks that the caller may change the workspace. A caller who may not is told that there is
/// none.
pub(super) fn check_rights(caller: &Caller, workspace: &Workspace) -> Result<(), Reply> {
    let theirs = workspace.owner == caller.user.id || caller.user.owner;
    if theirs && caller.may("workspace:update") { Ok(()) } else { Err(Reply::not_found()) }
}
