//! Actions of two builds that go on after their answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use coder_auth::CallerRights;
use coder_client::WorkspaceId;
use coder_core::Lock;
use indexmap::IndexMap;

/// The kind of an action that starts or stops a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    Stop,
    Restart,
    Update,
}

/// The wish of a person for a workspace.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) kind: Kind,
    /// Values of parameters for the start.
    pub(super) values: IndexMap<String, String>,
}

/// A wish that is refused, because an action with another wish goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} {going_on} of this workspace{} is under way; wait until it runs again, then {wished} it",
    .going_on.article(),
    others(*.has_other_values)
)]
pub(crate) struct UnderWay {
    going_on: Kind,
    wished: Kind,
    has_other_values: bool,
}

/// The actions that go on after their answer, at most one for each workspace and credential.
///
/// Each asks Coder again and again until the first build is done. So an action that is asked for
/// many times goes on once: otherwise a person who keeps asking would use up what Coder lets that
/// person ask. Another action would leave the workspace in another state, and is refused meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Arc<Lock<HashMap<Key, Wish>>>);

/// The rights of the caller, because what one credential may do another one may not.
type Key = (CallerRights, WorkspaceId);

impl Unfinished {
    /// Checks that no action with another wish goes on.
    ///
    /// # Errors
    ///
    /// [`UnderWay`] when one does.
    pub(super) fn check(
        &self,
        rights: CallerRights,
        workspace: WorkspaceId,
        wish: &Wish,
    ) -> Result<(), UnderWay> {
        self.0.lock().get(&(rights, workspace)).map_or(Ok(()), |going_on| going_on.admits(wish))
    }

    /// Marks an action as going on, before anything is asked of Coder. Returns `None` when the same
    /// one goes on already.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub(super) fn begin(
        &self,
        rights: CallerRights,
        workspace: WorkspaceId,
        wish: &Wish,
    ) -> Result<Option<GoingOn>, UnderWay> {
        let key = (rights, workspace);
        let mut unfinished = self.0.lock();
        if let Some(going_on) = unfinished.get(&key) {
            return going_on.admits(wish).map(|()| None);
        }
        unfinished.insert(key.clone(), wish.clone());
        Ok(Some(GoingOn { unfinished: self.clone(), key }))
    }
}

impl Wish {
    /// Checks that another wish is this one.
    fn admits(&self, other: &Self) -> Result<(), UnderWay> {
        if self == other {
            return Ok(());
        }
        let (going_on, wished) = (self.kind, other.kind);
        Err(UnderWay { going_on, wished, has_other_values: going_on == wished })
    }
}

fn others(has_other_values: bool) -> &'static str {
    if has_other_values { " with other values" } else { "" }
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Update => "update",
        }
    }

    fn article(self) -> &'static str {
        match self {
            Self::Start | Self::Stop | Self::Restart => "a",
            Self::Update => "an",
        }
    }
}

/// The verb has the form of the noun.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.noun())
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
