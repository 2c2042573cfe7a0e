//! Reading the index of a person while the person waits.

use std::sync::Arc;
use std::time::Duration;

use coder_auth::Caller;
use coder_core::{Lock, timeout, without_causes};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{IndexReader, WorkspaceIndex};

use super::personal::PersonalIndex;
use crate::state::PortalState;

/// The time in which an answer waits for its index. What is not read by then is read for the next one.
const WAIT: Duration = Duration::from_secs(8);
/// An index, and why it may be out of date.
pub(super) type Read = (Arc<Lock<WorkspaceIndex>>, Option<String>);

impl PortalState {
    /// Returns the index of what the caller may see at Coder, read as far as a few seconds allow.
    ///
    /// # Errors
    ///
    /// When Coder refuses the credential, or has never told its workspaces and does not answer.
    pub(super) async fn personal_index(&self, caller: &Caller) -> Result<Read, WorkspacesError> {
        let now = self.world.clock.now();
        let personal = self.index.people.of(caller, now, || {
            let keys = &self.workspaces_config(caller.environment()).repo_url_param_keys;
            let index = WorkspaceIndex::new(keys, self.integrations.clone());
            let client = self.auth.renewing_client(caller);
            PersonalIndex::new(index, IndexReader::new(&client, self.index.budget()))
        });
        let runtime = &*self.world.runtime;
        let read = timeout(runtime, WAIT, Box::pin(personal.catch_up(runtime))).await;
        let index = Arc::clone(&personal.index);
        match read {
            None => Ok((index, None)),
            Some(Ok(problem)) => Ok((index, problem)),
            Some(Err(error)) if error.is_unauthorized() || index.lock().listed_at().is_none() => {
                Err(error)
            }
            Some(Err(error)) => Ok((index, Some(without_causes(&error)))),
        }
    }
}
