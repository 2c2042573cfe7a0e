//! Moments that Coder writes where there is none.

use jiff::Timestamp;

/// A moment that has been or will be: Coder writes the year 1, and some releases 1970, for never.
pub(super) fn ever(moment: Option<Timestamp>) -> Option<Timestamp> {
    moment.filter(|moment| *moment > Timestamp::UNIX_EPOCH)
}
