//! The four seams, together.

use std::fmt;
use std::sync::Arc;

use crate::{Clock, Random, Runtime, Transport};

/// Everything outside the process that a core may touch. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// Sends HTTP requests.
    pub transport: Arc<dyn Transport>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives randomness.
    pub random: Arc<dyn Random>,
    /// Spawns and sleeps.
    pub runtime: Arc<dyn Runtime>,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("World")
    }
}
