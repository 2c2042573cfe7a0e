//! The bodies of the API's answers, beside the models of Coder and of `coder-workspaces`: the form that
//! pages rely on.

mod account;
mod form;
mod links;
pub(crate) mod workspace;

pub(crate) use account::MissingAccount;
pub(crate) use form::CreationForm;
pub(crate) use links::WorkspaceLinks;
#[cfg(test)]
pub(crate) use workspace::schema;
pub(crate) use workspace::{Workspace, WorkspaceList};
