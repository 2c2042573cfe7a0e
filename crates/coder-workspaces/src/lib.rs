//! Which Coder workspaces belong to a catalog entity, whether they are usable, and how to get one.

mod compile;
mod creation_link;

pub use compile::{EntityWorkspacesConfig, compile};
pub use creation_link::CreationLink;
