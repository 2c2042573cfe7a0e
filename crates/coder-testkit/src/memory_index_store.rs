//! A place of an index in memory, which several portals of one test share.

use std::sync::Arc;

use async_trait::async_trait;
use coder_core::Lock;
use coder_workspaces::index::{IndexStore, IndexStoreError};
use jiff::SignedDuration;

/// A place of an index in memory. Each handle stands for a process.
///
/// A lease does not expire by itself, because there is no clock: [`end_lease`](Self::end_lease) plays
/// the death of its holder.
#[cfg_attr(docsrs, doc(cfg(feature = "workspaces")))]
#[derive(Clone, Debug, Default)]
pub struct MemoryIndexStore {
    place: Arc<Lock<Place>>,
    process: u64,
}

#[derive(Debug, Default)]
struct Place {
    saved: Option<Vec<u8>>,
    holder: Option<u64>,
    processes: u64,
    loads: usize,
    lease_requests: usize,
    is_away: bool,
}

impl MemoryIndexStore {
    /// Opens the same place as another process would.
    #[must_use]
    pub fn other_process(&self) -> Self {
        let mut place = self.place.lock();
        place.processes += 1;
        Self { place: Arc::clone(&self.place), process: place.processes }
    }

    /// Returns the bytes that were saved last.
    pub fn saved(&self) -> Option<Vec<u8>> {
        self.place.lock().saved.clone()
    }

    /// Puts bytes in the place of those that were saved, whoever has the lease.
    pub fn set_saved(&self, bytes: Vec<u8>) {
        self.place.lock().saved = Some(bytes);
    }

    /// Returns how often a process has loaded.
    pub fn loads(&self) -> usize {
        self.place.lock().loads
    }

    /// Returns how often a process has asked for the lease, with or without an answer.
    pub fn lease_requests(&self) -> usize {
        self.place.lock().lease_requests
    }

    /// Ends the lease, as time does when its holder has died.
    pub fn end_lease(&self) {
        self.place.lock().holder = None;
    }

    /// Sets whether the place answers with errors from now on.
    pub fn set_away(&self, is_away: bool) {
        self.place.lock().is_away = is_away;
    }

    fn free_for(&self, place: &Place) -> bool {
        place.holder.is_none_or(|holder| holder == self.process)
    }
}

impl Place {
    fn check(&self) -> Result<(), IndexStoreError> {
        if self.is_away { Err("the place is away".into()) } else { Ok(()) }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl IndexStore for MemoryIndexStore {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        let mut place = self.place.lock();
        place.check()?;
        place.loads += 1;
        Ok(place.saved.clone())
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        let mut place = self.place.lock();
        place.check()?;
        if !self.free_for(&place) {
            return Err("another process has the lease".into());
        }
        place.saved = Some(index);
        Ok(())
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        let mut place = self.place.lock();
        place.lease_requests += 1;
        place.check()?;
        let is_free = self.free_for(&place);
        if is_free {
            place.holder = duration.is_positive().then_some(self.process);
        }
        Ok(is_free)
    }
}
