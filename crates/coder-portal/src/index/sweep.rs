//! The work that reads the index of the service account, in the background.

use std::error::Error;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use coder_core::{Lock, Runtime, elapsed, is_within, with_causes};
use coder_workspaces::index::{IndexReader, IndexStep, IndexStore, WorkspaceIndex};
use futures_util::future::select;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::saved::Saved;
use super::service::ServiceIndex;
use crate::state::PortalState;

/// How long this process may read for the others, and when it asks to go on.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
const ASK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// The interval at which a process that does not read asks whether it may.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// The longest pause, so that the lease is kept.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// The interval at which a process that does not read looks at what was saved.
const LOAD_EVERY: SignedDuration = SignedDuration::from_mins(2);
/// The pause after Coder has refused the token.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);

/// Reads the index of the service account for as long as the portal lives. Without a service account
/// the work ends at once.
pub(crate) async fn run(state: Weak<PortalState>, store: Option<Arc<dyn IndexStore>>) {
    let mut sweep = None;
    while let Some(portal) = state.upgrade() {
        let Some(service) = &portal.index.service else { return };
        let sweep = sweep.get_or_insert_with(|| Sweep::new(&portal, service, store.clone()));
        let pause = Box::pin(sweep.step(&portal, service)).await;
        let (runtime, index) = (Arc::clone(&portal.world.runtime), Arc::clone(&portal.index));
        drop(portal);
        if let (Some(pause), Some(service)) = (pause, &index.service) {
            select(runtime.sleep(pause), pin!(service.news())).await;
        }
    }
}

/// An index that is being read.
struct Reading {
    reader: IndexReader,
    index: Arc<Lock<WorkspaceIndex>>,
}

struct Sweep {
    /// The moment of the beginning, until the log has been told that the index is up to date.
    untold_since: Option<Timestamp>,
    lease: Option<Lease>,
    reading: Option<Reading>,
    loaded_at: Option<Timestamp>,
    /// The hash of what was loaded last.
    loaded: Option<[u8; 32]>,
}

/// The right of one process to read for all that share a store.
struct Lease {
    store: Arc<Saved>,
    runtime: Arc<dyn Runtime>,
    /// The last answer, and its moment.
    answer: Option<(Result<bool, ()>, Timestamp)>,
}

impl Lease {
    /// Returns whether this process reads. A store that does not tell stops nobody.
    async fn is_ours(&mut self, now: Timestamp) -> bool {
        let known = self.answer.filter(|(answer, asked_at)| {
            *answer != Ok(false) && is_within(ASK_AGAIN_AFTER, now, *asked_at)
        });
        if known.is_some() {
            return true;
        }
        let last = self.answer.map(|(answer, _)| answer);
        let answer = self.store.lease(LEASE).await;
        if let Err(error) = &answer
            && last != Some(Err(()))
        {
            tracing::warn!(
                error = with_causes(error.as_ref()),
                "another process may read the index of workspaces as well"
            );
        }
        let answer = answer.map_err(drop);
        self.answer = Some((answer, now));
        answer != Ok(false)
    }
}

impl Drop for Lease {
    /// Gives the lease back, so that another process need not wait for its end.
    fn drop(&mut self) {
        if matches!(self.answer, Some((Ok(true), _))) {
            let store = Arc::clone(&self.store);
            self.runtime.spawn(Box::pin(async move {
                // Otherwise the lease ends by itself.
                let _ = store.lease(SignedDuration::ZERO).await;
            }));
        }
    }
}

impl Sweep {
    fn new(
        portal: &PortalState,
        service: &ServiceIndex,
        store: Option<Arc<dyn IndexStore>>,
    ) -> Self {
        let lease = store.map(|store| Lease {
            store: Arc::new(Saved::new(store, &service.fingerprint)),
            runtime: Arc::clone(&portal.world.runtime),
            answer: None,
        });
        Self {
            untold_since: Some(portal.world.clock.now()),
            lease,
            reading: None,
            loaded_at: None,
            loaded: None,
        }
    }

    /// Tells the log when the index is up to date for the first time.
    fn tell_first(&mut self, now: Timestamp) {
        let Some(reading) = &self.reading else { return };
        let Some(begun_at) = self.untold_since.take() else { return };
        let index = reading.index.lock();
        tracing::info!(
            workspaces = index.len(),
            unread = index.unread().count(),
            seconds = elapsed(now, begun_at).as_secs(),
            "the index of workspaces is up to date"
        );
    }

    /// Does the next piece of work, and returns the pause after it.
    async fn step(&mut self, portal: &PortalState, service: &ServiceIndex) -> Option<Duration> {
        let now = portal.world.clock.now();
        let is_ours = match &mut self.lease {
            Some(lease) => lease.is_ours(now).await,
            None => true,
        };
        service.set_read_here(is_ours);
        if !is_ours {
            self.reading = None;
            // Whoever reads knows how Coder answers.
            service.set_problem(None);
            // Whoever reads may have saved more than is known here.
            if !self.loaded_at.is_some_and(|then| is_within(LOAD_EVERY, now, then)) {
                self.loaded_at = Some(now);
                self.load(portal, service).await;
            }
            return Some(ASK_EVERY);
        }
        if self.reading.is_none() {
            self.reading = Some(self.load(portal, service).await);
        }
        let Some(reading) = &mut self.reading else { return Some(MAX_PAUSE) };
        for workspace in service.take_hints() {
            reading.reader.look_at(workspace);
        }
        let step = match reading.reader.step(&reading.index).await {
            Ok(step) => step,
            Err(error) => {
                refuse(service, &error, error.is_unauthorized());
                return Some(AFTER_REFUSAL);
            }
        };
        match reading.reader.problem() {
            Some(error) => refuse(service, error, false),
            None => {
                if service.set_problem(None) {
                    tracing::info!("coder tells its workspaces again");
                }
            }
        }
        match step {
            IndexStep::Working => None,
            IndexStep::Paused(until) => Some(pause(until, now)),
            IndexStep::UpToDate(until) => {
                service.publish(&reading.index);
                self.tell_first(portal.world.clock.now());
                Some(pause(until, now))
            }
        }
    }

    /// Begins with what was saved, which is shown at once if it is whole.
    async fn load(&mut self, portal: &PortalState, service: &ServiceIndex) -> Reading {
        let saved = self.lease.as_ref().map(|lease| Arc::clone(&lease.store));
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
fn refuse(service: &ServiceIndex, error: &(dyn Error + 'static), is_refused: bool) {
    let problem = if is_refused {
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
