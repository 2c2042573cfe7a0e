//! What a deployment runs, and what that can do.

mod capabilities;
mod coder_version;

pub use capabilities::{Capabilities, Capability};
pub use coder_version::{CoderVersion, VersionError};
