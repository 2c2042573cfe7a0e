//! The keys of rows.
//!
//! A key is the kind of its row and a hash of what it names, so it is short and ASCII whatever a name
//! holds. Rows that are found by a time have a second row, whose key begins with that time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_auth::store::{LinkKey, PairId};
use coder_auth::{AttemptId, GrantKey, SessionId};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::RowRange;

pub(super) const ATTEMPTS_BY_EXPIRY: &str = "attempt-expiry";
pub(super) const REVOCATIONS_BY_TIME: &str = "revocation-due";
pub(super) const SESSIONS_BY_USE: &str = "session-used";
pub(super) const SESSIONS_BY_BEGINNING: &str = "session-created";
pub(super) const SIGNING_KEYS: &str = "signing-key";
pub(super) const SESSIONS: &str = "session";

pub(super) fn attempt(id: &AttemptId) -> String {
    key("attempt", &[id.as_str()])
}

pub(super) fn grant(grant: &GrantKey) -> String {
    let GrantKey { app, user, .. } = grant;
    key("grant", &[app.deployment.as_str(), &app.client_id, &user.to_string()])
}

pub(super) fn session(id: &SessionId) -> String {
    key(SESSIONS, &[id.as_str()])
}

pub(super) fn revocation(pair: &PairId) -> String {
    key("revocation", &[pair.as_str()])
}

pub(super) fn link(link: &LinkKey) -> String {
    key("link", &[link.deployment.as_str(), &link.holder])
}

pub(super) fn person(user_entity_ref: &str) -> String {
    key("person", &[user_entity_ref])
}

pub(super) fn signing_key(id: &str, created_at: Timestamp) -> String {
    at(SIGNING_KEYS, created_at, &key("", &[id]))
}

/// Returns the key of a row that is found by `time` and leads to the row `other`.
pub(super) fn at(kind: &str, time: Timestamp, other: &str) -> String {
    let name = other.rsplit('/').next().unwrap_or(other);
    format!("{kind}/{}/{name}", ordered(time))
}

/// Returns the key of the row that a row found by its time leads to.
pub(super) fn found(kind: &str, by_time: &str) -> String {
    let name = by_time.rsplit('/').next().unwrap_or(by_time);
    format!("{kind}/{name}")
}

/// Returns the range of the rows of a kind whose time is before `end`.
pub(super) fn before(kind: &str, end: Timestamp, limit: u32) -> RowRange {
    RowRange { start: format!("{kind}/"), end: format!("{kind}/{}", ordered(end)), limit }
}

/// Returns the range of the rows of a kind whose time is not before `start`.
pub(super) fn since(kind: &str, start: Timestamp, limit: u32) -> RowRange {
    // `0` follows `/` in ASCII.
    RowRange { start: format!("{kind}/{}", ordered(start)), end: format!("{kind}0"), limit }
}

/// Returns the range of all rows of a kind.
pub(super) fn all(kind: &str) -> RowRange {
    since(kind, Timestamp::MIN, u32::MAX)
}

/// Returns the range of the rows of a kind that follow the row `after`, or of all of them.
pub(super) fn following(kind: &str, after: Option<String>, limit: u32) -> RowRange {
    // All hashes have one length, so no key is between one and the same with a character more.
    let start = after.map_or_else(|| format!("{kind}/"), |after| format!("{after}-"));
    RowRange { start, end: format!("{kind}0"), limit }
}

/// Writes a time so that texts have the order of times, to the microsecond.
fn ordered(time: Timestamp) -> String {
    // No time is before the year -9999.
    let since_the_first = i128::from(time.as_microsecond()) - i128::from(i64::MIN);
    format!("{since_the_first:020}")
}

fn key(kind: &str, names: &[&str]) -> String {
    let mut hash = Sha256::new();
    for name in names {
        // With its length, so that no two lists of names read alike.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
    }
    format!("{kind}/{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_that_of_times() {
        let times = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX];
        let keys = times.map(|time| at("kind", time, "other/name"));
        assert!(keys.is_sorted(), "{keys:?}");
        let all = all("kind");
        assert!(keys.iter().all(|key| *key >= all.start && *key < all.end), "{all:?}");
    }

    #[test]
    fn keys_are_short_and_ascii_whatever_they_name() {
        let named = key("signing-key", &["żółć\n", &"x".repeat(1000)]);
        assert!(named.is_ascii() && named.len() < 70, "{named}");
        assert_ne!(key("grant", &["a", "bc"]), key("grant", &["ab", "c"]));
    }
}
