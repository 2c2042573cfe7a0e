//! References to resources in requests: ids and names.

mod id;
mod name;

pub use id::*;
pub use name::{NameError, OrganizationRef, UserRef, WorkspaceName};
