//! The operations of Coder's API, as values. The documentation of each begins with its route;
//! [`Client::send`](crate::Client::send) sends it.

mod agents;
mod builds;
mod deployment;
mod external_auth;
mod keys;
mod lifecycle;
mod oauth2;
mod organizations;
mod sharing;
mod templates;
mod users;
mod workspaces;

pub use agents::*;
pub use builds::*;
pub use deployment::*;
pub use external_auth::*;
pub use keys::*;
pub use lifecycle::*;
pub use oauth2::*;
pub use organizations::*;
pub use sharing::*;
pub use templates::*;
pub use users::*;
pub use workspaces::*;
