//! Versions of Coder, and the capabilities that came with them.

mod capabilities;
mod coder_version;

pub use capabilities::{Capabilities, Capability};
pub use coder_version::{CoderVersion, VersionError};
