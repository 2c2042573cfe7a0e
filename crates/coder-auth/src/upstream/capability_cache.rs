//! Remembering what a deployment can do.

use std::sync::{Mutex, PoisonError};

use coder_client::operations::GetBuildInfo;
use coder_client::{Capabilities, Capability, Client, Error};
use jiff::{SignedDuration, Timestamp};

/// After this, the deployment is asked again: it may have been upgraded.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// After this, one that is too old for any login is: somebody may be upgrading it.
const FRESH_IF_TOO_OLD: SignedDuration = SignedDuration::from_secs(5);

/// What one deployment can do, and when it said so.
#[derive(Default)]
pub(super) struct CapabilityCache(Mutex<Option<(Timestamp, Capabilities)>>);

impl CapabilityCache {
    /// The answer, from memory while it is fresh. When the deployment does not answer, an older
    /// answer is better than none.
    pub(super) async fn get(&self, client: &Client, now: Timestamp) -> Result<Capabilities, Error> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked_at, capabilities)) = known
            && now.duration_since(asked_at) < fresh(&capabilities)
        {
            return Ok(capabilities);
        }
        match (client.send(&GetBuildInfo).await, known) {
            (Ok(info), _) => {
                let capabilities = Capabilities::from(&info);
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, capabilities));
                Ok(capabilities)
            }
            (Err(_), Some((_, capabilities))) => Ok(capabilities),
            (Err(error), None) => Err(error),
        }
    }
}

fn fresh(capabilities: &Capabilities) -> SignedDuration {
    match capabilities.has(Capability::Pkce) {
        Some(false) => FRESH_IF_TOO_OLD,
        Some(true) | None => FRESH,
    }
}
