//! One login attempt: what must be remembered between `start` and the callback.
//!
//! It is kept in the browser, in a sealed cookie of its own, so that several attempts of one
//! browser do not disturb each other and the server stores nothing for people who never come back.
//! The `state` parameter (RFC 6749 §4.1.1) names the attempt; it is sealed too, so a pair of state
//! and cookie that this server did not make is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Origin, Random, RandomError, is_within, later, random_bytes};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{AuthError, Bug};
use crate::http::request::RequestError;
use crate::seal::{Purpose, SealingKeys};

/// How long a person may take at Coder.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How many attempts of one browser may be under way; the oldest gives way.
pub(crate) const MOST_AT_ONCE: usize = 5;

/// The name of an attempt: 128 random bits as base64url, fit for the name of a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(String);

impl AttemptId {
    fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random_bytes::<16>(random)?)))
    }

    /// For stores: the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For stores: an id that was written with [`AttemptId::as_str`].
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Where the answer of a login goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flow {
    /// A message to the page that opened the popup.
    Popup,
    /// Back to this page of the portal.
    Redirect(Url),
}

/// What the attempt's cookie holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct LoginAttempt {
    pub(crate) environment: String,
    /// The PKCE code verifier (RFC 7636 §4.1).
    pub(crate) verifier: String,
    pub(crate) origin: String,
    pub(crate) flow: Flow,
    /// What was asked for, which is what was granted when Coder does not say (RFC 6749 §5.1).
    pub(crate) scope: Vec<String>,
    pub(crate) started_at: Timestamp,
}

/// What the `state` parameter says.
#[derive(Serialize, Deserialize)]
struct State {
    attempt: String,
    environment: String,
}

impl LoginAttempt {
    /// Seals the attempt: its id, the `state` for Coder, and the cookie's value.
    pub(crate) fn seal(
        &self,
        keys: &SealingKeys,
        random: &dyn Random,
    ) -> Result<(AttemptId, String, String), AuthError> {
        let id = AttemptId::draw(random)?;
        let state = State { attempt: id.0.clone(), environment: self.environment.clone() };
        let json = |value: serde_json::Result<Vec<u8>>| value.map_err(Bug::unwritable);
        let state = keys.seal_text(random, &state_purpose(), &json(serde_json::to_vec(&state))?)?;
        let purpose = cookie_purpose(&id);
        let cookie = keys.seal_text(random, &purpose, &json(serde_json::to_vec(self))?)?;
        Ok((id, state, cookie))
    }

    /// Opens the cookie of an attempt.
    pub(crate) fn open(
        keys: &SealingKeys,
        id: &AttemptId,
        cookie: &str,
    ) -> Result<Self, RequestError> {
        let opened = keys.open_text(&cookie_purpose(id), cookie);
        let plaintext = opened.map_err(|_| RequestError::UnknownAttempt)?;
        serde_json::from_slice(&plaintext).map_err(|_| RequestError::UnknownAttempt)
    }

    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        !is_within(LIFETIME, now, self.started_at)
    }

    /// When the attempt cannot be used any more.
    pub(crate) fn expires_at(&self) -> Timestamp {
        later(self.started_at, LIFETIME)
    }

    /// The origin the login was started from.
    pub(crate) fn origin(&self) -> Option<Origin> {
        self.origin.parse().ok()
    }
}

/// The attempt and the environment that a `state` names.
pub(crate) fn open_state(
    keys: &SealingKeys,
    state: &str,
) -> Result<(AttemptId, String), RequestError> {
    let plaintext =
        keys.open_text(&state_purpose(), state).map_err(|_| RequestError::InvalidState)?;
    let state: State =
        serde_json::from_slice(&plaintext).map_err(|_| RequestError::InvalidState)?;
    Ok((AttemptId(state.attempt), state.environment))
}

fn state_purpose() -> Purpose {
    Purpose::new(&["login state"])
}

fn cookie_purpose(id: &AttemptId) -> Purpose {
    Purpose::new(&["login attempt", &id.0])
}

#[cfg(test)]
mod tests {
    use coder_core::Secret;
    use proptest::prelude::*;

    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
            destination.fill(self.0);
            Ok(())
        }
    }

    fn keys() -> SealingKeys {
        SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]).unwrap()
    }

    fn attempt(environment: String, verifier: String, scope: Vec<String>) -> LoginAttempt {
        LoginAttempt {
            environment,
            verifier,
            origin: "https://portal.example.com".to_owned(),
            flow: Flow::Popup,
            scope,
            started_at: Timestamp::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn an_attempt_comes_back_as_it_was_sealed(
            environment in ".*", verifier in "[A-Za-z0-9_-]{43}", scope in prop::collection::vec(".*", 0..4)
        ) {
            let sealed = attempt(environment.clone(), verifier.clone(), scope.clone());
            let (id, state, cookie) = sealed.seal(&keys(), &Fixed(7)).unwrap();
            prop_assert!(!state.contains(&verifier) && !cookie.contains(&verifier));
            prop_assert_eq!(open_state(&keys(), &state).unwrap(), (id.clone(), environment.clone()));
            let opened = LoginAttempt::open(&keys(), &id, &cookie).unwrap();
            prop_assert_eq!(opened.verifier, verifier);
            prop_assert_eq!(opened.environment, environment);
            prop_assert_eq!(opened.scope, scope);
        }

        #[test]
        fn nothing_that_this_server_did_not_seal_opens(text in ".*") {
            prop_assert!(open_state(&keys(), &text).is_err());
            let id = AttemptId::from_stored("some attempt");
            prop_assert!(LoginAttempt::open(&keys(), &id, &text).is_err());
        }

        #[test]
        fn what_was_changed_at_any_place_does_not_open(place in 0_usize..10_000, by in 1_u8..64) {
            let sealed = attempt("development".to_owned(), "v".repeat(43), Vec::new());
            let (id, state, cookie) = sealed.seal(&keys(), &Fixed(7)).unwrap();
            let changed = |text: &str| {
                const ALPHABET: &[u8] =
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let mut bytes = text.as_bytes().to_vec();
                let place = place % bytes.len();
                let old = ALPHABET.iter().position(|byte| *byte == bytes[place]).unwrap_or(0);
                bytes[place] = ALPHABET[(old + usize::from(by)) % ALPHABET.len()];
                String::from_utf8(bytes).unwrap()
            };
            prop_assert!(open_state(&keys(), &changed(&state)).is_err());
            prop_assert!(LoginAttempt::open(&keys(), &id, &changed(&cookie)).is_err());
            let cut_off: String = state.chars().take(place % state.len()).collect();
            prop_assert!(open_state(&keys(), &cut_off).is_err());
        }

        #[test]
        fn a_state_and_a_cookie_cannot_take_each_others_place(first in 0_u8..9, second in 10_u8..19) {
            let sealed = attempt("development".to_owned(), "v".repeat(43), Vec::new());
            let (one, state, cookie) = sealed.seal(&keys(), &Fixed(first)).unwrap();
            let (other, _, _) = sealed.seal(&keys(), &Fixed(second)).unwrap();
            prop_assert!(open_state(&keys(), &cookie).is_err());
            prop_assert!(LoginAttempt::open(&keys(), &one, &state).is_err());
            prop_assert!(LoginAttempt::open(&keys(), &other, &cookie).is_err(), "another attempt's");
        }
    }
}
