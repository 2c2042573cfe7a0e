//! The calls of Coder's API, as values. Each names its route; [`Client::send`](crate::Client::send)
//! sends it.

mod builds;
mod deployment;
mod users;
mod workspaces;

pub use builds::*;
pub use deployment::*;
pub use users::*;
pub use workspaces::*;
