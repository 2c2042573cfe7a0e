//! Actions of two builds that go on after their answer.

use std::collections::HashSet;
use std::sync::Arc;

use coder_auth::CallerRights;
use coder_client::WorkspaceId;
use coder_core::Lock;

/// The rest of an action of two builds, when the first one was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rest {
    Restart,
    Update,
}

/// The actions that go on after their answer.
///
/// Each asks Coder again and again until the first build is done. So an action that is asked for
/// many times goes on once: otherwise a person who keeps asking would use up what Coder lets that
/// person ask.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Arc<Lock<HashSet<Key>>>);

/// The rights of the caller, because what one credential may do another one may not.
type Key = (CallerRights, WorkspaceId, Rest);

impl Unfinished {
    /// Marks an action as going on; `None` if it goes on already.
    pub(super) fn begin(
        &self,
        rights: CallerRights,
        workspace: WorkspaceId,
        rest: Rest,
    ) -> Option<GoingOn> {
        let key = (rights, workspace, rest);
        let is_new = self.0.lock().insert(key.clone());
        is_new.then(|| GoingOn { unfinished: self.clone(), key })
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
