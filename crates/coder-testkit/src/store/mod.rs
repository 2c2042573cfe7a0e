//! What a deployment knows, in memory.

mod deployment;
mod lookup;
mod state;

pub(crate) use deployment::{Deployment, Shared};
pub(crate) use state::{Settings, State};
