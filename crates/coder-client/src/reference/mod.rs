//! How requests refer to things: by ids and by names.

mod id;
mod name;

pub use id::*;
pub use name::{NameError, OrganizationRef, UserRef, WorkspaceName};
