//! A browser's session: an opaque handle in a cookie, and its hash in the store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, Secret, random_bytes};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

/// When sessions end, and what ending one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionOptions {
    /// A session that was not used for this long ends. Default: 7 days.
    pub idle: SignedDuration,
    /// A session ends this long after its sign-in, used or not. Default: 30 days.
    pub absolute: SignedDuration,
    /// What a logout ends. Default: that session.
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
    /// These lifetimes; the idle one cannot exceed the absolute one.
    pub fn lasting(idle: SignedDuration, absolute: SignedDuration) -> Self {
        Self { idle: idle.min(absolute), absolute, ..Self::default() }
    }

    /// What a logout ends.
    #[must_use]
    pub fn logging_out(mut self, scope: LogoutScope) -> Self {
        self.logout = scope;
        self
    }
}

/// What a logout ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutScope {
    /// This browser's session; the grant is revoked with the last session of it.
    #[default]
    Session,
    /// The grant, and with it the sessions of all browsers of this person.
    Grant,
}

/// What a browser holds: 256 random bits as base64url.
#[derive(Clone, Debug)]
pub(crate) struct SessionHandle(Secret);

impl SessionHandle {
    pub(crate) fn draw(random: &dyn Random) -> Result<Self, RandomError> {
        Ok(Self(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>(random)?))))
    }

    pub(crate) fn from_cookie(value: String) -> Self {
        Self(Secret::new(value))
    }

    /// For the cookie, and nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the store knows of it.
    pub(crate) fn id(&self) -> SessionId {
        SessionId(URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose().as_bytes())))
    }
}

/// The SHA-256 of a session's handle, as base64url. Whoever reads the store cannot make a cookie
/// from it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// For stores: the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For stores: an id that was written with [`SessionId::as_str`].
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.0.chars().take(8).collect();
        write!(formatter, "SessionId({short}…)")
    }
}

/// Why a browser's session cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no session cookie.
    #[error("Missing session cookie")]
    Missing,
    /// The session ended, expired, or never was.
    #[error("The session has ended; sign in again")]
    Ended,
    /// The session belongs to another environment.
    #[error("The session belongs to another environment; sign in to this one")]
    OtherEnvironment,
    /// Coder does not accept the stored tokens any more. One new login revives every session.
    #[error("Coder asks you to sign in again")]
    NeedsLogin,
    /// The identity token is not one of ours, has expired, or has no grant behind it.
    #[error("The Backstage token is not valid here; sign in again")]
    InvalidToken,
    /// Coder does not accept the token that the request has brought along.
    #[error("Coder does not accept this Coder-Session-Token; make a new one, or sign in")]
    TokenRefused,
    /// The person is known, but neither signed in to Coder nor has a linked token that works.
    #[error("You have no access to Coder here yet; sign in to Coder, or link a session token")]
    NotLinked,
}
