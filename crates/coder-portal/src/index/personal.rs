//! Indexes that are read with the rights of the persons who ask.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coder_auth::{Caller, CallerRights};
use coder_client::models::Workspace;
use coder_client::{UserId, WorkspaceId};
use coder_core::{Lock, Runtime, without_causes};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, WorkspaceIndex};
use futures_channel::oneshot;
use futures_util::lock::{Mutex, OwnedMutexGuard};
use jiff::Timestamp;

/// The number of indexes that are kept.
const MAX_INDEXES: usize = 64;
/// The number of indexes that are kept for one person, each of another credential.
const MAX_INDEXES_OF_ONE: usize = 4;
/// The number of workspaces that are kept in all indexes together.
const MAX_WORKSPACES: usize = 400_000;

/// The end of a read: why Coder does not tell all at present, or why it tells nothing any more.
type Outcome = Result<Option<String>, WorkspacesError>;

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
    reader: Arc<Mutex<IndexReader>>,
    /// Workspaces that have probably changed.
    hints: Lock<BTreeSet<WorkspaceId>>,
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

    /// Notes that Coder has told something new of a workspace, in the index of these rights if it is kept.
    pub(super) fn hear(&self, rights: &CallerRights, workspace: &Workspace) {
        let kept = self.0.lock().get(rights).map(|kept| Arc::clone(&kept.index));
        if let Some(kept) = kept
            && kept.index.lock().differs(workspace)
        {
            kept.hints.lock().insert(workspace.id);
        }
    }
}

/// Returns why a reader leaves Coder alone, for people.
fn problem(reader: &IndexReader) -> Option<String> {
    let why = without_causes(reader.problem()?);
    Some(format!("coder does not tell its workspaces at present: {why}"))
}

impl Kept {
    fn len(&self) -> usize {
        self.index.index.lock().len()
    }
}

impl PersonalIndex {
    /// Creates what this reader reads an empty index into.
    pub(super) fn new(index: WorkspaceIndex, reader: IndexReader) -> Self {
        Self {
            index: Arc::new(Lock::new(index)),
            reader: Arc::new(Mutex::new(reader)),
            hints: Lock::default(),
        }
    }

    /// Reads until the index is up to date, or Coder must be left alone for a while. The work goes on when
    /// nobody waits for it any more: a page of Coder's may take longer than one answer waits.
    pub(super) async fn catch_up(self: &Arc<Self>, runtime: &dyn Runtime) -> Outcome {
        let Some(reader) = Arc::clone(&self.reader).try_lock_owned() else {
            // Somebody reads already.
            return Ok(problem(&*self.reader.lock().await));
        };
        let (done, outcome) = oneshot::channel();
        let this = Arc::clone(self);
        runtime.spawn(Box::pin(async move {
            // Nobody may wait for it any more.
            let _ = done.send(this.read(reader).await);
        }));
        // The work is gone when the process ends.
        outcome.await.unwrap_or(Ok(None))
    }

    async fn read(&self, mut reader: OwnedMutexGuard<IndexReader>) -> Outcome {
        loop {
            for workspace in std::mem::take(&mut *self.hints.lock()) {
                reader.look_at(workspace);
            }
            if reader.step(&self.index).await? != IndexStep::Working {
                return Ok(problem(&reader));
            }
        }
    }
}
