//! The number of connections to Coder that pages keep open.

use std::collections::HashMap;
use std::sync::Arc;

use coder_client::UserId;
use coder_core::Lock;

/// The number of streams of events and WebSockets that one person may have open at a time.
const MAX_OF_A_PERSON: usize = 32;
/// The number of them that may be open at a time: each is a connection of a page and one to Coder, and
/// no limit of a server counts a WebSocket.
const MAX: usize = 1_024;

/// The connections that are open, by the person who has opened them; `None` for strangers.
#[derive(Debug, Default)]
pub(super) struct Seats(Arc<Lock<HashMap<Option<UserId>, usize>>>);

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    user: Option<UserId>,
    taken: Arc<Lock<HashMap<Option<UserId>, usize>>>,
}

/// Reasons why no further connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SeatError {
    /// The person has as many as one person may have.
    #[error("you have {MAX_OF_A_PERSON} connections to Coder open already; close a page")]
    OfPerson,
    /// The portal has as many as it can serve.
    #[error("too many connections to Coder are open at this portal; try again in a while")]
    Full,
}

impl Seats {
    /// Counts a further connection of this person. Strangers have no number of their own.
    ///
    /// # Errors
    ///
    /// See [`SeatError`].
    pub(super) fn take(&self, user: Option<UserId>) -> Result<Seat, SeatError> {
        let mut taken = self.0.lock();
        let own = taken.get(&user).copied().unwrap_or_default();
        if user.is_some() && own >= MAX_OF_A_PERSON {
            return Err(SeatError::OfPerson);
        }
        if taken.values().sum::<usize>() >= MAX {
            return Err(SeatError::Full);
        }
        taken.insert(user, own + 1);
        Ok(Seat { user, taken: Arc::clone(&self.0) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        match taken.get_mut(&self.user) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: usize) -> Option<UserId> {
        Some(format!("10000000-0000-4000-8000-{number:012}").parse().unwrap())
    }

    #[test]
    fn a_person_takes_so_many_seats_and_one_that_is_left_is_free_again() {
        let seats = Seats::default();
        let mut taken: Vec<Seat> =
            (0..MAX_OF_A_PERSON).map(|_| seats.take(user(1)).unwrap()).collect();
        assert_eq!(seats.take(user(1)).unwrap_err(), SeatError::OfPerson);
        assert!(seats.take(user(2)).is_ok());
        taken.pop();
        assert!(seats.take(user(1)).is_ok());
        taken.clear();
        assert!(seats.0.lock().is_empty(), "nobody is remembered who has none");
    }

    #[test]
    fn all_persons_and_strangers_together_take_so_many_seats() {
        let seats = Seats::default();
        let mut taken: Vec<Seat> =
            (0..MAX / 2).map(|at| seats.take(user(at / MAX_OF_A_PERSON)).unwrap()).collect();
        taken.extend((0..MAX / 2).map(|_| seats.take(None).unwrap()));
        assert_eq!(seats.take(user(MAX)).unwrap_err(), SeatError::Full);
        assert_eq!(seats.take(None).unwrap_err(), SeatError::Full);
        drop(taken);
        assert!(seats.take(user(MAX)).is_ok());
    }
}
