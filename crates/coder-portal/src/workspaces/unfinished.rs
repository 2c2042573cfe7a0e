//! Actions of two builds that go on after their answer.

use std::collections::HashMap;
use std::sync::Arc;

use coder_auth::CallerRights;
use coder_client::WorkspaceId;
use coder_core::Lock;
use indexmap::IndexMap;

use crate::api::ApiError;

/// The kind of an action of two builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Restart,
    Update,
}

/// The rest of an action of two builds, when the first one was asked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) kind: Kind,
    /// Values of parameters for the start.
    pub(super) values: IndexMap<String, String>,
}

/// The actions that go on after their answer, at most one for each workspace and credential.
///
/// Each asks Coder again and again until the first build is done. So an action that is asked for
/// many times goes on once: otherwise a person who keeps asking would use up what Coder lets that
/// person ask. Another action would start the workspace in another way, and is refused meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Arc<Lock<HashMap<Key, Rest>>>);

/// The rights of the caller, because what one credential may do another one may not.
type Key = (CallerRights, WorkspaceId);

impl Unfinished {
    /// Checks that no other action goes on. The same one may.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unfinished`] when an action of another kind or with other values goes on.
    pub(super) fn check(
        &self,
        rights: CallerRights,
        workspace: WorkspaceId,
        rest: &Rest,
    ) -> Result<(), ApiError> {
        let unfinished = self.0.lock();
        match unfinished.get(&(rights, workspace)) {
            Some(going_on) if going_on != rest => Err(ApiError::Unfinished),
            Some(_) | None => Ok(()),
        }
    }

    /// Marks an action as going on; `None` if it goes on already.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub(super) fn begin(
        &self,
        rights: CallerRights,
        workspace: WorkspaceId,
        rest: &Rest,
    ) -> Result<Option<GoingOn>, ApiError> {
        let key = (rights, workspace);
        let mut unfinished = self.0.lock();
        match unfinished.get(&key) {
            Some(going_on) if going_on != rest => Err(ApiError::Unfinished),
            Some(_) => Ok(None),
            None => {
                unfinished.insert(key.clone(), rest.clone());
                Ok(Some(GoingOn { unfinished: self.clone(), key }))
            }
        }
    }
}

/// The mark of an action that goes on. When this is dropped, the action has ended.
pub(super) struct GoingOn {
    unfinished: Unfinished,
    key: Key,
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        self.unfinished.0.lock().remove(&self.key);
    }
}
