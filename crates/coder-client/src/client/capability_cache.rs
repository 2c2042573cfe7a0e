//! Remembering what the deployment can do.

use coder_core::{Lock, is_within};
use jiff::{SignedDuration, Timestamp};

use crate::Capabilities;

/// After this, the deployment is asked again: it may have been upgraded.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// What the deployment can do, and when it said so.
#[derive(Default)]
pub(crate) struct CapabilityCache(Lock<Option<(Timestamp, Capabilities)>>);

impl CapabilityCache {
    /// The answer, while it is fresh.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Capabilities> {
        let known = *self.0.lock();
        known.filter(|(since, _)| is_within(FRESH, now, *since)).map(|(_, known)| known)
    }

    pub(crate) fn set(&self, now: Timestamp, capabilities: Capabilities) {
        *self.0.lock() = Some((now, capabilities));
    }
}
