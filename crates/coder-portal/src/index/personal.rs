//! Indexes that are read with the rights of the persons who ask.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use coder_auth::{Caller, CallerRights};
use coder_core::{Lock, timeout, without_causes};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, IndexStep, WorkspaceIndex};
use futures_util::lock::Mutex;
use jiff::Timestamp;

use crate::state::PortalState;

/// The time in which an answer waits for its index. What is not read by then is read for the next one.
const WAIT: Duration = Duration::from_secs(8);
/// The number of indexes that are kept.
const MAX_INDEXES: usize = 64;
/// The number of workspaces that are kept in all indexes together.
const MAX_WORKSPACES: usize = 400_000;

/// The indexes of persons, by their credentials.
#[derive(Default)]
pub(super) struct PersonalIndexes(Lock<HashMap<CallerRights, Arc<PersonalIndex>>>);

/// The index of one person.
struct PersonalIndex {
    index: Arc<Lock<WorkspaceIndex>>,
    reader: Mutex<IndexReader>,
    asked_at: Lock<Timestamp>,
}

impl PersonalIndexes {
    /// Keeps an index. Those that nobody has asked for longest go when there are too many.
    fn keep(&self, rights: &CallerRights, index: &Arc<PersonalIndex>) {
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

/// An index, and why it may be out of date.
pub(super) type Read = (Arc<Lock<WorkspaceIndex>>, Option<String>);

impl PortalState {
    /// Returns the index of what the caller may see at Coder, read as far as a few seconds allow.
    ///
    /// # Errors
    ///
    /// When Coder refuses the credential, or has never told its workspaces and does not answer.
    pub(super) async fn personal_index(&self, caller: &Caller) -> Result<Read, WorkspacesError> {
        let rights = caller.rights();
        let now = self.world.clock.now();
        let known = self.index.people.0.lock().get(&rights).cloned();
        let personal = known.unwrap_or_else(|| {
            let keys = &self.workspaces_config(caller.environment()).repo_url_param_keys;
            let index = WorkspaceIndex::new(keys, self.integrations.clone());
            let client = self.auth.renewing_client(caller);
            Arc::new(PersonalIndex {
                index: Arc::new(Lock::new(index)),
                reader: Mutex::new(IndexReader::new(&client, self.index.budget())),
                asked_at: Lock::new(now),
            })
        });
        *personal.asked_at.lock() = now;
        self.index.people.keep(&rights, &personal);
        let read = timeout(&*self.world.runtime, WAIT, Box::pin(personal.catch_up())).await;
        let index = Arc::clone(&personal.index);
        match read {
            None | Some(Ok(())) => Ok((index, None)),
            Some(Err(error)) if error.is_unauthorized() || index.lock().listed_at().is_none() => {
                Err(error)
            }
            Some(Err(error)) => Ok((index, Some(without_causes(&error)))),
        }
    }
}

impl PersonalIndex {
    /// Reads until the index is up to date, or Coder must be left alone for a while.
    async fn catch_up(&self) -> Result<(), WorkspacesError> {
        let mut reader = self.reader.lock().await;
        while reader.step(&self.index).await? == IndexStep::Working {}
        Ok(())
    }
}
