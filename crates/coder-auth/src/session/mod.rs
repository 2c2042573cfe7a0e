//! A browser's session: an opaque handle in a cookie, and its hash in the store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, Secret};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use crate::random_token::random_token;

pub(crate) mod error;
pub(crate) mod manager;
pub(crate) mod placeholder;
pub(crate) mod response;

/// The lifetimes of sessions, and the scope of a logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionOptions {
    /// Idle lifetime: a session that is not used for this long ends. Default: 7 days.
    pub idle: SignedDuration,
    /// Absolute lifetime: a session ends this long after its sign-in, used or not. Default: 30
    /// days.
    pub absolute: SignedDuration,
    /// Scope of a logout. Default: that session.
    pub logout: LogoutScope,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            idle: SignedDuration::from_hours(7 * 24),
            absolute: SignedDuration::from_hours(30 * 24),
            logout: LogoutScope::Session,
        }
    }
}

impl SessionOptions {
    /// Creates options with these lifetimes. An idle lifetime above the absolute one is lowered to
    /// it.
    pub fn new(idle: SignedDuration, absolute: SignedDuration) -> Self {
        Self { idle: idle.min(absolute), absolute, ..Self::default() }
    }

    /// Sets what a logout ends.
    #[must_use]
    pub fn logout(mut self, scope: LogoutScope) -> Self {
        self.logout = scope;
        self
    }
}

/// The scope of a logout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutScope {
    /// The session of this browser. The grant is revoked with its last session.
    #[default]
    Session,
    /// The grant, with the sessions of this user in all browsers.
    Grant,
}

/// The handle that a browser holds: 256 random bits as base64url.
#[derive(Clone, Debug)]
pub(crate) struct SessionHandle(Secret);

impl SessionHandle {
    /// Generates the handle of a new session.
    pub(crate) fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        Ok(Self(Secret::new(random_token::<32>(random)?)))
    }

    /// Takes the value of a session cookie.
    pub(crate) fn from_cookie(value: &str) -> Self {
        Self(Secret::new(value))
    }

    /// Returns the text for the cookie, and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Returns the id under which the store knows the session.
    pub(crate) fn id(&self) -> SessionId {
        SessionId(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose().as_bytes())))
    }
}

/// The SHA-256 hash of a session's handle, as base64url. Nobody can make a cookie from it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// Returns the id as text, for stores.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first 8 characters, which tell sessions apart in a log.
    pub fn prefix(&self) -> String {
        self.0.chars().take(8).collect()
    }

    /// Restores an id that a store has kept as [`SessionId::as_str`].
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionId({}…)", self.prefix())
    }
}
