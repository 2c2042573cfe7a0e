//! The work that reads the index of the service account, in the background.

use std::sync::{Arc, Weak};
use std::time::Duration;

use coder_core::{Lock, elapsed, is_within, with_causes};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, IndexStore, WorkspaceIndex};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::saved::Saved;
use super::service::ServiceIndex;
use crate::state::PortalState;

/// How long this process may read for the others, and when it asks to go on.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The longest pause, so that the lease is kept.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// The interval at which a process that does not read looks at what was saved.
const LOAD_EVERY: Duration = Duration::from_secs(120);
/// The pause after Coder has refused the token.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// Reads the index of the service account for as long as the portal lives. Without a service account
/// it ends at once.
pub(crate) async fn run(state: Weak<PortalState>, store: Option<Arc<dyn IndexStore>>) {
    let mut sweep = Sweep { store, ..Sweep::default() };
    while let Some(portal) = state.upgrade() {
        let Some(service) = &portal.index.service else { return };
        let pause = Box::pin(sweep.step(&portal, service)).await;
        let runtime = Arc::clone(&portal.world.runtime);
        drop(portal);
        if let Some(pause) = pause {
            runtime.sleep(pause).await;
        }
    }
}

/// An index that is being read.
struct Reading {
    reader: IndexReader,
    index: Arc<Lock<WorkspaceIndex>>,
}

#[derive(Default)]
struct Sweep {
    store: Option<Arc<dyn IndexStore>>,
    reading: Option<Reading>,
    leased_at: Option<Timestamp>,
    /// The hash of what was loaded last.
    loaded: Option<[u8; 32]>,
}

impl Sweep {
    /// Does the next piece of work, and returns the pause after it.
    async fn step(&mut self, portal: &PortalState, service: &ServiceIndex) -> Option<Duration> {
        let now = portal.world.clock.now();
        if !self.has_lease(service, now).await {
            // Whoever reads may save more than is known here.
            self.reading = None;
            self.load(portal, service).await;
            return Some(LOAD_EVERY);
        }
        if self.reading.is_none() {
            self.reading = Some(self.load(portal, service).await);
        }
        let Some(reading) = &mut self.reading else { return Some(MAX_PAUSE) };
        match reading.reader.step(&reading.index).await {
            Ok(IndexStep::Working) => None,
            Ok(IndexStep::Paused(until)) => Some(pause(until, now)),
            Ok(IndexStep::UpToDate(until)) => {
                service.publish(&reading.index);
                if service.set_problem(None) {
                    tracing::info!("the index of workspaces is kept up to date again");
                }
                Some(pause(until, now))
            }
            Err(error) => {
                refuse(service, &error);
                Some(AFTER_REFUSAL)
            }
        }
    }

    fn saved(&self, service: &ServiceIndex) -> Option<Arc<Saved>> {
        let store = Arc::clone(self.store.as_ref()?);
        Some(Arc::new(Saved::new(store, &service.fingerprint)))
    }

    /// Returns whether this process reads. A store that does not tell stops nobody.
    async fn has_lease(&mut self, service: &ServiceIndex, now: Timestamp) -> bool {
        let Some(saved) = self.saved(service) else { return true };
        if self.leased_at.is_some_and(|asked| is_within(ASK_AGAIN_AFTER, now, asked)) {
            return true;
        }
        self.leased_at = None;
        match saved.lease(LEASE).await {
            Ok(true) => self.leased_at = Some(now),
            Ok(false) => return false,
            Err(error) => tracing::warn!(
                error = with_causes(error.as_ref()),
                "another process may read the index of workspaces as well"
            ),
        }
        true
    }

    /// Begins with what was saved, which is shown at once if it is whole.
    async fn load(&mut self, portal: &PortalState, service: &ServiceIndex) -> Reading {
        let saved = self.saved(service);
        let restored = match &saved {
            Some(saved) => self.restore(portal, service, saved).await,
            None => None,
        };
        let index = match restored {
            Some(index) => Arc::new(Lock::new(index)),
            None => service.index(),
        };
        let is_whole = index.lock().listed_at().is_some();
        if is_whole || service.index().lock().listed_at().is_none() {
            service.publish(&index);
        }
        let reader = IndexReader::new(&service.client, portal.index.budget());
        let reader = match saved {
            Some(saved) => reader.store(saved),
            None => reader,
        };
        Reading { reader, index }
    }

    /// Reads what was saved since the last time. What is damaged counts for nothing.
    async fn restore(
        &mut self,
        portal: &PortalState,
        service: &ServiceIndex,
        saved: &Saved,
    ) -> Option<WorkspaceIndex> {
        let json = match saved.load().await {
            Ok(json) => json?,
            Err(error) => {
                let error = with_causes(error.as_ref());
                tracing::warn!(error, "the saved index of workspaces cannot be read");
                return None;
            }
        };
        let hash = Some(Sha256::digest(&json).into());
        if std::mem::replace(&mut self.loaded, hash) == hash {
            return None;
        }
        let keys = &portal.workspaces_config(&service.environment).repo_url_param_keys;
        let index = WorkspaceIndex::from_json(&json, keys, portal.integrations.clone());
        index
            .inspect_err(|error| tracing::warn!(error = with_causes(error), "an index is dropped"))
            .ok()
    }
}

/// Tells the log and the people that Coder does not tell its workspaces.
fn refuse(service: &ServiceIndex, error: &WorkspacesError) {
    let problem = if error.is_unauthorized() {
        "coder refuses the token of the index's service account, so the workspaces are not read any more; tell the portal's administrator"
    } else {
        "coder does not tell its workspaces at present"
    };
    if service.set_problem(Some(problem)) {
        tracing::warn!(
            error = with_causes(error),
            "the index of workspaces is not kept up to date; see `coder.index.token`"
        );
    }
}

/// Returns the time until a moment: at least a millisecond, so that time goes on.
fn pause(until: Timestamp, now: Timestamp) -> Duration {
    elapsed(until, now).clamp(Duration::from_millis(1), MAX_PAUSE)
}
