//! The four seams together.

use std::fmt;
use std::sync::Arc;

use crate::{Clock, Random, Runtime, Transport};

/// The four seams to the world outside of the process. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// The transport of HTTP requests.
    pub transport: Arc<dyn Transport>,
    /// The source of the present time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// The executor of tasks, with timers.
    pub runtime: Arc<dyn Runtime>,
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("World")
    }
}
