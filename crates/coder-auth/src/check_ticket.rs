//! The ticket by which the servers of a portal know a check of it.

use coder_core::{Secret, is_within};
use jiff::{SignedDuration, Timestamp};

use crate::error::AuthError;
use crate::parts::Parts;
use crate::seal::AssociatedData;
use crate::service::CoderAuth;

/// The time for which a ticket is good, as the clocks of both sides tell it.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

impl CoderAuth {
    /// Makes a ticket for a check of this portal. Every server with the same sealing keys admits it
    /// for five minutes.
    ///
    /// # Errors
    ///
    /// Fails when the source of randomness does.
    pub fn check_ticket(&self) -> Result<Secret, AuthError> {
        let Parts { world, keys, .. } = self.parts();
        let now = world.clock.now().as_microsecond().to_be_bytes();
        keys.seal_text(&*world.random, &purpose(), &now).map(Secret::new)
    }

    /// Tells whether a text is a ticket of somebody who has the sealing keys of this portal.
    pub fn admits_check(&self, ticket: &str) -> bool {
        let Parts { world, keys, .. } = self.parts();
        let Ok(opened) = keys.open_text(&purpose(), ticket) else { return false };
        let made = <[u8; 8]>::try_from(opened.as_slice()).map(i64::from_be_bytes);
        let made = made.ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        made.is_some_and(|made| is_within(LIFETIME, world.clock.now(), made))
    }
}

fn purpose() -> AssociatedData {
    AssociatedData::new(&["check of a portal"])
}
