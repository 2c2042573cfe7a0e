//! The turns in which answers about an index are made.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use coder_client::UserId;
use coder_core::Lock;
use futures_util::lock::{Mutex, OwnedMutexGuard};

/// The turns of all persons. Each person has one answer made at a time, since an answer about 100,000
/// workspaces keeps a core busy.
#[derive(Default)]
pub(super) struct Turns(Lock<HashMap<UserId, Weak<Mutex<()>>>>);

/// A person's turn, until this is dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// Waits for the turn of a person.
    pub(super) async fn take(&self, person: UserId) -> Turn {
        self.of(person).lock_owned().await
    }

    fn of(&self, person: UserId) -> Arc<Mutex<()>> {
        let mut turns = self.0.lock();
        if let Some(turn) = turns.get(&person).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(person, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn a_person_waits_for_the_own_answer_and_for_nobody_else_s() {
        let turns = Turns::default();
        let [alice, bob]: [UserId; 2] =
            [1, 2].map(|number| format!("{number:032x}").parse().unwrap());
        let first = turns.take(alice).now_or_never();
        let mut second = Box::pin(turns.take(alice));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(turns.take(bob).now_or_never().is_some());
        drop(first);
        assert!(second.now_or_never().is_some());
        assert!(turns.take(alice).now_or_never().is_some());
        assert_eq!(turns.0.lock().len(), 1, "who waits for nothing is forgotten");
    }
}
