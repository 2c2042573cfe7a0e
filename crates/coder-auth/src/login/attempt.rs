//! One login attempt: what must be remembered between `start` and the callback.
//!
//! An attempt is kept in the browser, in a sealed cookie of its own, so that several attempts of one
//! browser do not disturb each other and the server stores nothing for people who never come back.
//! The `state` parameter (RFC 6749 §4.1.1) names the attempt; it is sealed too, so a pair of state
//! and cookie that this server did not make is refused.

use coder_core::{Origin, Random, RandomError, Secret, is_within, later};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::AuthError;
use crate::http::error::RequestError;
use crate::random_token::random_token;
use crate::seal::{AssociatedData, NONCE_LENGTH, SealingKeys, json};

/// The time that a person has for the login at Coder.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The number of attempts of one browser that may be under way. The oldest ones give way.
pub(crate) const MAX_AT_ONCE: usize = 5;

/// The number of random bytes of an id.
const ID_BYTES: usize = 16;
/// The number of random bytes that sealing an attempt takes: an id, and the state and the cookie.
pub(crate) const RANDOM_BYTES: usize = ID_BYTES + 2 * NONCE_LENGTH;

/// The id of a login attempt: 128 random bits as base64url, fit for the name of a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptId(String);

impl AttemptId {
    fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        random_token::<ID_BYTES>(random).map(Self)
    }

    /// Returns the id as text, for stores.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Restores an id that a store has kept as [`AttemptId::as_str`].
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// The way in which a page learns the result of its login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flow {
    /// A message to the page that opened the popup.
    Popup,
    /// A redirect to this page of the portal.
    Redirect(Url),
}

/// A login attempt, as its cookie holds it.
#[derive(Serialize, Deserialize)]
pub(crate) struct LoginAttempt {
    pub(crate) environment: String,
    /// The PKCE code verifier (RFC 7636 §4.1).
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub(crate) verifier: Secret,
    /// The origin of the page that the login was started from.
    #[serde(with = "origin_text")]
    pub(crate) origin: Origin,
    pub(crate) flow: Flow,
    /// The requested scopes. They count as granted when Coder does not name any (RFC 6749 §5.1).
    pub(crate) scope: Vec<String>,
    pub(crate) started_at: Timestamp,
}

/// The content of the `state` parameter.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LoginState {
    pub(crate) attempt: AttemptId,
    pub(crate) environment: String,
}

/// An attempt, sealed for the URL at Coder and for the browser's cookie.
pub(crate) struct SealedAttempt {
    pub(crate) state: String,
    pub(crate) cookie: AttemptCookie,
}

/// An attempt as its browser holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttemptCookie {
    pub(crate) id: AttemptId,
    pub(crate) sealed: String,
}

impl LoginAttempt {
    /// Seals the attempt under a new id.
    pub(crate) fn seal(
        &self,
        keys: &SealingKeys,
        random: &dyn Random,
    ) -> Result<SealedAttempt, AuthError> {
        let id = AttemptId::generate(random)?;
        let state = LoginState { attempt: id.clone(), environment: self.environment.clone() };
        let state = keys.seal_text(random, &state_purpose(), &json(&state)?)?;
        let sealed = keys.seal_text(random, &cookie_purpose(&id), &json(self)?)?;
        Ok(SealedAttempt { state, cookie: AttemptCookie { id, sealed } })
    }

    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        !is_within(LIFETIME, now, self.started_at)
    }

    /// Returns the moment from which on the attempt cannot be used.
    pub(crate) fn expires_at(&self) -> Timestamp {
        later(self.started_at, LIFETIME)
    }
}

impl AttemptCookie {
    /// Opens the attempt that the cookie holds.
    pub(crate) fn open(&self, keys: &SealingKeys) -> Result<LoginAttempt, RequestError> {
        let opened = keys.open_text(&cookie_purpose(&self.id), &self.sealed);
        let plaintext = opened.map_err(|_| RequestError::UnknownAttempt)?;
        serde_json::from_slice(&plaintext).map_err(|_| RequestError::UnknownAttempt)
    }
}

impl LoginState {
    /// Opens a `state` parameter.
    pub(crate) fn open(keys: &SealingKeys, state: &str) -> Result<Self, RequestError> {
        let opened = keys.open_text(&state_purpose(), state);
        let plaintext = opened.map_err(|_| RequestError::InvalidState)?;
        serde_json::from_slice(&plaintext).map_err(|_| RequestError::InvalidState)
    }
}

/// The text form of an [`Origin`], for serde.
mod origin_text {
    use coder_core::Origin;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        origin: &Origin,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(origin.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Origin, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn state_purpose() -> AssociatedData {
    AssociatedData::new(&["login state"])
}

fn cookie_purpose(id: &AttemptId) -> AssociatedData {
    AssociatedData::new(&["login attempt", &id.0])
}

#[cfg(test)]
mod tests {
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
            verifier: verifier.into(),
            origin: "https://portal.example.com".parse().unwrap(),
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
            let SealedAttempt { state, cookie } = sealed.seal(&keys(), &Fixed(7)).unwrap();
            prop_assert!(!state.contains(&verifier) && !cookie.sealed.contains(&verifier));
            let named = LoginState { attempt: cookie.id.clone(), environment: environment.clone() };
            prop_assert_eq!(LoginState::open(&keys(), &state).unwrap(), named);
            let opened = cookie.open(&keys()).unwrap();
            prop_assert_eq!(opened.verifier.expose(), verifier);
            prop_assert_eq!(opened.environment, environment);
            prop_assert_eq!(opened.scope, scope);
        }

        #[test]
        fn nothing_that_this_server_did_not_seal_opens(text in ".*") {
            prop_assert!(LoginState::open(&keys(), &text).is_err());
            let id = AttemptId::from_stored("some attempt");
            let cookie = AttemptCookie { id, sealed: text };
            prop_assert!(cookie.open(&keys()).is_err());
        }

        #[test]
        fn what_was_changed_at_any_place_does_not_open(place in 0_usize..10_000, by in 1_u8..64) {
            let sealed = attempt("development".to_owned(), "v".repeat(43), Vec::new());
            let SealedAttempt { state, cookie } = sealed.seal(&keys(), &Fixed(7)).unwrap();
            let changed = |text: &str| {
                const ALPHABET: &[u8] =
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                let mut bytes = text.as_bytes().to_vec();
                let place = place % bytes.len();
                let old = ALPHABET.iter().position(|byte| *byte == bytes[place]).unwrap_or(0);
                bytes[place] = ALPHABET[(old + usize::from(by)) % ALPHABET.len()];
                String::from_utf8(bytes).unwrap()
            };
            prop_assert!(LoginState::open(&keys(), &changed(&state)).is_err());
            let forged = AttemptCookie { sealed: changed(&cookie.sealed), ..cookie };
            prop_assert!(forged.open(&keys()).is_err());
            let cut_off: String = state.chars().take(place % state.len()).collect();
            prop_assert!(LoginState::open(&keys(), &cut_off).is_err());
        }

        #[test]
        fn a_state_and_a_cookie_cannot_take_each_others_place(first in 0_u8..9, second in 10_u8..19) {
            let sealed = attempt("development".to_owned(), "v".repeat(43), Vec::new());
            let one = sealed.seal(&keys(), &Fixed(first)).unwrap();
            let other = sealed.seal(&keys(), &Fixed(second)).unwrap();
            prop_assert!(LoginState::open(&keys(), &one.cookie.sealed).is_err());
            let swapped = AttemptCookie { id: one.cookie.id, sealed: one.state };
            prop_assert!(swapped.open(&keys()).is_err());
            let anothers = AttemptCookie { id: other.cookie.id, sealed: one.cookie.sealed };
            prop_assert!(anothers.open(&keys()).is_err(), "another attempt's");
        }
    }
}
