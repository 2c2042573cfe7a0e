//! Indexes that are read with the rights of the persons who ask.

use std::collections::HashMap;
use std::sync::Arc;

use coder_auth::{Caller, CallerRights};
use coder_client::UserId;
use coder_client::models::Workspace;
use coder_core::Lock;
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, WorkspaceIndex};
use futures_util::lock::Mutex;
use jiff::Timestamp;

/// The number of indexes that are kept.
const MAX_INDEXES: usize = 64;
/// The number of indexes that are kept for one person, each of another credential.
const MAX_INDEXES_OF_ONE: usize = 4;
/// The number of workspaces that are kept in all indexes together.
const MAX_WORKSPACES: usize = 400_000;

/// The indexes of persons, by their credentials.
#[derive(Default)]
pub(super) struct PersonalIndexes(Lock<HashMap<CallerRights, Kept>>);

/// An index that is kept, and whose it is.
struct Kept {
    index: Arc<PersonalIndex>,
    user_id: UserId,
    asked_at: Timestamp,
}

/// The index of one credential.
pub(super) struct PersonalIndex {
    pub(super) index: Arc<Lock<WorkspaceIndex>>,
    pub(super) reader: Mutex<IndexReader>,
}

impl PersonalIndexes {
    /// Returns the index of a caller, or keeps the one that `make` makes.
    ///
    /// When there are too many, the caller's own others go first, and then those that nobody has asked
    /// for longest.
    pub(super) fn of(
        &self,
        caller: &Caller,
        now: Timestamp,
        make: impl FnOnce() -> PersonalIndex,
    ) -> Arc<PersonalIndex> {
        let (rights, user_id) = (caller.rights(), caller.user_id());
        let mut indexes = self.0.lock();
        let kept = indexes.entry(rights.clone()).or_insert_with(|| {
            let index = Arc::new(make());
            Kept { index, user_id, asked_at: now }
        });
        kept.asked_at = now;
        let index = Arc::clone(&kept.index);
        let mut own = indexes.values().filter(|kept| kept.user_id == user_id).count();
        let mut workspaces: usize = indexes.values().map(Kept::len).sum();
        while own > MAX_INDEXES_OF_ONE || indexes.len() > MAX_INDEXES || workspaces > MAX_WORKSPACES
        {
            let others = indexes.iter().filter(|(one, _)| **one != rights);
            let next = others.min_by_key(|(_, kept)| (kept.user_id != user_id, kept.asked_at));
            let Some(next) = next.map(|(one, _)| one.clone()) else { break };
            let Some(gone) = indexes.remove(&next) else { break };
            workspaces = workspaces.saturating_sub(gone.len());
            own -= usize::from(gone.user_id == user_id);
        }
        index
    }

    /// Takes what Coder has told of a workspace into the index of these rights, if it is kept.
    pub(super) fn hear(&self, rights: &CallerRights, workspace: &Workspace, told_at: Timestamp) {
        let index = self.0.lock().get(rights).map(|kept| Arc::clone(&kept.index.index));
        if let Some(index) = index {
            index.lock().update(workspace, told_at);
        }
    }
}

impl Kept {
    fn len(&self) -> usize {
        self.index.index.lock().len()
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
