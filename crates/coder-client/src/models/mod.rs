//! What Coder answers with. Fields a newer Coder adds are ignored, enum values it adds are kept
//! as text, and where a list or map may be null it is empty.

mod agent;
mod app;
mod build;
mod deployment;
mod job;
mod resource;
mod user;
mod workspace;

pub use agent::*;
pub use app::*;
pub use build::*;
pub use deployment::*;
pub use job::*;
pub use resource::*;
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
