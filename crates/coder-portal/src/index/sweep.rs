//! The work that reads the index of the service account, in the background.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use coder_core::{Lock, elapsed, is_within, with_causes};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, IndexStore, WorkspaceIndex};
use jiff::{SignedDuration, Timestamp};

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
/// The interval at which the catalog is asked for names of parameters.
const LOOK_AT_CATALOG_EVERY: SignedDuration = SignedDuration::from_mins(10);

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
    keys: BTreeSet<String>,
}

#[derive(Default)]
struct Sweep {
    store: Option<Arc<dyn IndexStore>>,
    reading: Option<Reading>,
    leased_at: Option<Timestamp>,
    looked_at_catalog: Option<Timestamp>,
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
                self.look_at_catalog(portal, service, now).await;
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
        let keys = self.keys(portal, service).await;
        let index = match self.saved(service) {
            Some(saved) => restore(portal, &saved, &keys).await,
            None => None,
        };
        let index =
            index.unwrap_or_else(|| WorkspaceIndex::new(&keys, portal.integrations.clone()));
        let is_whole = index.listed_at().is_some();
        let reading = self.read(portal, service, index, keys);
        if is_whole || service.index().lock().listed_at().is_none() {
            service.publish(&reading.index);
        }
        reading
    }

    fn read(
        &self,
        portal: &PortalState,
        service: &ServiceIndex,
        index: WorkspaceIndex,
        keys: BTreeSet<String>,
    ) -> Reading {
        let reader = IndexReader::new(&service.client, portal.index.budget());
        let reader = match self.saved(service) {
            Some(saved) => reader.store(saved),
            None => reader,
        };
        Reading { reader, index: Arc::new(Lock::new(index)), keys }
    }

    /// Returns the names of the parameters that hold repositories.
    async fn keys(&mut self, portal: &PortalState, service: &ServiceIndex) -> BTreeSet<String> {
        match portal.known_entities(&service.environment).await {
            Ok(entities) => {
                self.looked_at_catalog = Some(portal.world.clock.now());
                entities.keys.clone()
            }
            Err(error) => {
                tracing::warn!(
                    error = with_causes(&error),
                    "the catalog does not tell its parameters; the index is read without them"
                );
                let own = &portal.workspaces_config(&service.environment).repo_url_param_keys;
                own.iter().map(|key| key.to_lowercase()).collect()
            }
        }
    }

    /// Begins a new index when entities name further parameters. The former one is shown until the new
    /// one is whole.
    async fn look_at_catalog(
        &mut self,
        portal: &PortalState,
        service: &ServiceIndex,
        now: Timestamp,
    ) {
        let looked = self.looked_at_catalog;
        if looked.is_some_and(|looked| is_within(LOOK_AT_CATALOG_EVERY, now, looked)) {
            return;
        }
        let keys = self.keys(portal, service).await;
        let Some(reading) = &self.reading else { return };
        if keys.is_subset(&reading.keys) {
            return;
        }
        tracing::info!("entities look for repositories in further parameters; all are read again");
        let keys: BTreeSet<String> = keys.union(&reading.keys).cloned().collect();
        let index = WorkspaceIndex::new(&keys, portal.integrations.clone());
        self.reading = Some(self.read(portal, service, index, keys));
    }
}

/// Reads what was saved. What is damaged counts for nothing.
async fn restore(
    portal: &PortalState,
    saved: &Saved,
    keys: &BTreeSet<String>,
) -> Option<WorkspaceIndex> {
    let json = match saved.load().await {
        Ok(json) => json?,
        Err(error) => {
            let error = with_causes(error.as_ref());
            tracing::warn!(error, "the saved index of workspaces cannot be read");
            return None;
        }
    };
    let index = WorkspaceIndex::from_json(&json, keys, portal.integrations.clone());
    index
        .inspect_err(|error| tracing::warn!(error = with_causes(error), "an index is dropped"))
        .ok()
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
