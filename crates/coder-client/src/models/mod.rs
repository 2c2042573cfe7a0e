//! What Coder answers with. Fields a newer Coder adds are ignored, enum values it adds are kept
//! as text, and where a list or map may be null it is empty.

mod agent;
mod app;
mod build;
mod container;
mod deployment;
mod external_auth;
mod job;
mod key;
mod log;
mod metadata;
mod oauth2;
mod organization;
mod parameter;
mod resource;
mod sharing;
mod template;
mod user;
mod workspace;

pub use agent::*;
pub use app::*;
pub use build::*;
pub use container::*;
pub use deployment::*;
pub use external_auth::*;
pub use job::*;
pub use key::*;
pub use log::*;
pub use metadata::*;
pub use oauth2::*;
pub use organization::*;
pub use parameter::*;
pub use resource::*;
pub use sharing::*;
pub use template::*;
pub use user::*;
pub use workspace::*;

use serde::{Deserialize, Deserializer};

/// Reads null as the empty value: Go writes a list or map that was never made as null.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
