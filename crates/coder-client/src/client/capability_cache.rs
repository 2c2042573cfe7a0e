//! A cache of the deployment's capabilities.

use coder_core::{Lock, is_within};
use jiff::{SignedDuration, Timestamp};

use crate::Capabilities;

/// The time after which the deployment is asked again, because it may have been upgraded.
const CAPABILITIES_CACHE_TTL: SignedDuration = SignedDuration::from_mins(10);

/// The capabilities of the deployment, with the moment at which it told them.
#[derive(Default)]
pub(crate) struct CapabilityCache(Lock<Option<(Timestamp, Capabilities)>>);

impl CapabilityCache {
    /// Returns the capabilities while they are fresh.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Capabilities> {
        let known = *self.0.lock();
        known
            .filter(|(since, _)| is_within(CAPABILITIES_CACHE_TTL, now, *since))
            .map(|(_, known)| known)
    }

    pub(crate) fn set(&self, now: Timestamp, capabilities: Capabilities) {
        *self.0.lock() = Some((now, capabilities));
    }
}
