//! Indexes that are read with the rights of the persons who ask.

use std::collections::HashMap;
use std::sync::Arc;

use coder_auth::CallerRights;
use coder_core::Lock;
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, WorkspaceIndex};
use futures_util::lock::Mutex;
use jiff::Timestamp;

/// The number of indexes that are kept.
const MAX_INDEXES: usize = 64;
/// The number of workspaces that are kept in all indexes together.
const MAX_WORKSPACES: usize = 400_000;

/// The indexes of persons, by their credentials.
#[derive(Default)]
pub(super) struct PersonalIndexes(pub(super) Lock<HashMap<CallerRights, Arc<PersonalIndex>>>);

/// The index of one person.
pub(super) struct PersonalIndex {
    pub(super) index: Arc<Lock<WorkspaceIndex>>,
    pub(super) reader: Mutex<IndexReader>,
    pub(super) asked_at: Lock<Timestamp>,
}

impl PersonalIndexes {
    /// Keeps an index. Those that nobody has asked for longest go when there are too many.
    pub(super) fn keep(&self, rights: &CallerRights, index: &Arc<PersonalIndex>) {
        let mut indexes = self.0.lock();
        indexes.insert(rights.clone(), Arc::clone(index));
        let size = |one: &PersonalIndex| one.index.lock().len();
        let mut workspaces: usize = indexes.values().map(|one| size(one)).sum();
        while indexes.len() > MAX_INDEXES || workspaces > MAX_WORKSPACES {
            let others = indexes.iter().filter(|(one, _)| *one != rights);
            let oldest = others.min_by_key(|(_, one)| *one.asked_at.lock());
            let Some(oldest) = oldest.map(|(one, _)| one.clone()) else { break };
            let gone = indexes.remove(&oldest);
            workspaces -= gone.map_or(0, |gone| size(&gone)).min(workspaces);
        }
    }
}

impl PersonalIndex {
    /// Reads until the index is up to date, or Coder must be left alone for a while.
    pub(super) async fn catch_up(&self) -> Result<(), WorkspacesError> {
        let mut reader = self.reader.lock().await;
        while reader.step(&self.index).await? == IndexStep::Working {}
        Ok(())
    }
}
