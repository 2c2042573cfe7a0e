//! The reachability of a deployment, for probes that must not wait for it.

use std::sync::Arc;
use std::time::Duration;

use coder_client::Client;
use coder_client::operations::GetBuildInfo;
use coder_core::{Lock, World, is_within, timeout};
use jiff::{SignedDuration, Timestamp};

/// A deployment is asked again after this time.
const ASK_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// The time limit of its answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The last known outcome of asking a deployment whether it is there. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Reachability(Arc<Lock<State>>);

#[derive(Default)]
struct State {
    asked_at: Option<Timestamp>,
    is_reached: Option<bool>,
}

impl Reachability {
    /// Returns whether the deployment answered the last time; `None` if that is not known yet.
    ///
    /// The deployment is asked beside the caller, at most every 10 seconds.
    pub(crate) fn last_known(&self, world: &World, client: &Client) -> Option<bool> {
        let now = world.clock.now();
        let is_reached = {
            let mut state = self.0.lock();
            if state.asked_at.is_some_and(|asked_at| is_within(ASK_EVERY, now, asked_at)) {
                return state.is_reached;
            }
            state.asked_at = Some(now);
            state.is_reached
        };
        let (this, client, runtime) = (self.clone(), client.clone(), Arc::clone(&world.runtime));
        world.runtime.spawn(Box::pin(async move {
            let answer = timeout(&*runtime, LIMIT, client.send(&GetBuildInfo)).await;
            this.0.lock().is_reached = Some(answer.is_some_and(|answer| answer.is_ok()));
        }));
        is_reached
    }
}
