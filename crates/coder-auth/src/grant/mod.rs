//! A grant: the one live token pair that Coder keeps per user and app, and whose it is.

pub(crate) mod detached;
pub(crate) mod key;
pub(crate) mod manager;
pub(crate) mod profile;
pub(crate) mod tokens;

use coder_core::Random;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{AuthError, Bug};
use crate::grant::key::GrantKey;
use crate::grant::profile::Profile;
use crate::grant::tokens::TokenPair;
use crate::seal::{OpenError, SealingKeys};
use crate::store::{Generation, GrantRecord};

/// The content of a grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) tokens: TokenPair,
    /// What was granted, as far as known.
    pub(crate) scope: Vec<String>,
    pub(crate) profile: Profile,
    /// When `/users/me` last answered with these tokens.
    pub(crate) confirmed_at: Timestamp,
    /// When Coder lets the access token go, as far as known.
    pub(crate) expires_at: Option<Timestamp>,
    /// Coder does not accept the tokens any more. Only a login helps.
    pub(crate) needs_login: bool,
}

impl Grant {
    /// A grant of tokens that came at `obtained_at`, for a user whom `/users/me` showed last at
    /// `confirmed_at`.
    pub(crate) fn new(
        tokens: TokenPair,
        scope: Vec<String>,
        profile: Profile,
        obtained_at: Timestamp,
        confirmed_at: Timestamp,
    ) -> Self {
        let expires_at = tokens.lifetime().map(|lifetime| obtained_at + lifetime);
        Self { tokens, scope, profile, confirmed_at, expires_at, needs_login: false }
    }

    /// Notes that Coder accepted the access token. Its expiry slides: once an hour of it has
    /// passed, every use moves it to a whole lifetime from then.
    pub(crate) fn confirm(&mut self, profile: Profile, now: Timestamp) {
        self.profile = profile;
        self.confirmed_at = now;
        if let (Some(lifetime), Some(expires_at)) = (self.tokens.lifetime(), self.expires_at)
            && lifetime - expires_at.duration_since(now) >= SignedDuration::from_hours(1)
        {
            self.expires_at = Some(now + lifetime);
        }
    }

    /// Seals the content under its key.
    pub(crate) fn seal(
        &self,
        keys: &SealingKeys,
        random: &dyn Random,
        key: &GrantKey,
        generation: Generation,
        now: Timestamp,
    ) -> Result<GrantRecord, AuthError> {
        let plaintext = zeroize::Zeroizing::new(serde_json::to_vec(self).map_err(Bug::unwritable)?);
        let sealed = keys.seal(random, &key.purpose(), &plaintext)?;
        Ok(GrantRecord { key: key.clone(), generation, sealed, stored_at: now })
    }

    /// Opens a stored grant.
    pub(crate) fn open(keys: &SealingKeys, record: &GrantRecord) -> Result<Self, OpenError> {
        let plaintext = keys.open(&record.key.purpose(), &record.sealed)?;
        serde_json::from_slice(&plaintext).map_err(|_| OpenError::Forged)
    }
}
