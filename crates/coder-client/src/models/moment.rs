//! Moments that stand for never.

use jiff::Timestamp;

/// Returns the moment unless it stands for never: Coder writes the year 1, and some releases 1970.
pub(super) fn unless_never(moment: Option<Timestamp>) -> Option<Timestamp> {
    moment.filter(|moment| *moment > Timestamp::UNIX_EPOCH)
}
