//! What the API's answers hold, beside the models of Coder and of `coder-workspaces`: the form that
//! pages rely on.

mod links;
mod workspace;

pub(crate) use links::WorkspaceLinks;
pub(crate) use workspace::{Workspace, WorkspaceList};
