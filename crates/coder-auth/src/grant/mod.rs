//! A grant: the one live token pair that Coder keeps per user and application.

pub(crate) mod detached;
pub(crate) mod former_tokens;
pub(crate) mod key;
pub(crate) mod manager;
pub(crate) mod profile;
pub(crate) mod revocations;
pub(crate) mod tokens;

use coder_core::{Random, later};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::grant::former_tokens::FormerTokens;
use crate::grant::key::GrantKey;
use crate::grant::profile::Profile;
use crate::grant::tokens::TokenPair;
use crate::seal::{AssociatedData, OpenError, SealingKeys, json};
use crate::store::{GrantRecord, GrantVersion, PairId, PairRecord};

/// The content of a grant beside its token pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    /// Random name of the grant, from its beginning to its end. The next grant of the same user
    /// has another one.
    pub(crate) name: String,
    /// Granted scopes, as far as known.
    pub(crate) scope: Vec<String>,
    pub(crate) profile: Profile,
    /// Moment of the last answer of `/users/me` to these tokens, or to those that they replace.
    pub(crate) confirmed_at: Timestamp,
    /// Expiry of the access token at Coder, as far as known.
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether Coder has refused the tokens, so that only a login helps.
    pub(crate) needs_login: bool,
    /// Access tokens that the grant had before.
    #[serde(default)]
    pub(crate) former: FormerTokens,
}

impl Grant {
    /// Creates the content for `tokens` that came at `obtained_at`. `confirmed_at` is the moment of
    /// the last answer of `/users/me` about their user.
    pub(crate) fn new(
        name: String,
        tokens: &TokenPair,
        scope: Vec<String>,
        profile: Profile,
        obtained_at: Timestamp,
        confirmed_at: Timestamp,
    ) -> Self {
        let expires_at = tokens.lifetime().map(|lifetime| later(obtained_at, lifetime));
        let former = FormerTokens::default();
        Self { name, scope, profile, confirmed_at, expires_at, needs_login: false, former }
    }

    /// Returns the content as that of a grant which goes on with other tokens: it keeps its name,
    /// and remembers the access token that it had.
    pub(crate) fn following(self, former: &StoredGrant) -> Self {
        let tokens = former.grant.former.clone().with(former.access_token());
        Self { name: former.grant.name.clone(), former: tokens, ..self }
    }

    /// Notes that Coder accepted the access token.
    ///
    /// The expiry of the token slides: once an hour of the lifetime has passed, each use moves the expiry to a
    /// whole lifetime from then.
    fn confirm(&mut self, lifetime: Option<SignedDuration>, profile: Profile, now: Timestamp) {
        self.profile = profile;
        self.confirmed_at = now;
        if let (Some(lifetime), Some(expires_at)) = (lifetime, self.expires_at)
            && lifetime - expires_at.duration_since(now) >= SignedDuration::from_hours(1)
        {
            self.expires_at = Some(later(now, lifetime));
        }
    }
}

/// A token pair with its id, opened.
#[derive(Clone, Debug)]
pub(crate) struct StoredPair {
    pub(crate) id: PairId,
    pub(crate) tokens: TokenPair,
    /// Sealed form of the pair, as it is stored.
    record: PairRecord,
}

impl StoredPair {
    /// Seals a new pair under a new id.
    pub(crate) fn new(
        keys: &SealingKeys,
        random: &dyn Random,
        tokens: TokenPair,
    ) -> Result<Self, AuthError> {
        let id = PairId::generate(random)?;
        let sealed = keys.seal(random, &pair_purpose(&id), &json(&tokens)?)?;
        let record = PairRecord { id: id.clone(), sealed };
        Ok(Self { id, tokens, record })
    }

    /// Opens a stored token pair.
    pub(crate) fn open(keys: &SealingKeys, record: &PairRecord) -> Result<Self, OpenError> {
        let plaintext = keys.open(&pair_purpose(&record.id), &record.sealed)?;
        let tokens = serde_json::from_slice(&plaintext).map_err(|_| OpenError::Forged)?;
        Ok(Self { id: record.id.clone(), tokens, record: record.clone() })
    }

    pub(crate) fn record(&self) -> PairRecord {
        self.record.clone()
    }
}

/// A stored grant, opened: its key, its version and its content.
#[derive(Clone, Debug)]
pub(crate) struct StoredGrant {
    pub(crate) key: GrantKey,
    pub(crate) version: GrantVersion,
    pub(crate) pair: StoredPair,
    pub(crate) grant: Grant,
}

impl StoredGrant {
    /// Seals the next content of a grant, under a new version.
    pub(crate) fn next(
        keys: &SealingKeys,
        random: &dyn Random,
        key: GrantKey,
        pair: StoredPair,
        grant: Grant,
    ) -> Result<(Self, GrantRecord), AuthError> {
        let version = GrantVersion::generate(random)?;
        let sealed = keys.seal(random, &key.purpose(), &json(&grant)?)?;
        let record =
            GrantRecord { key: key.clone(), version: version.clone(), pair: pair.record(), sealed };
        Ok((Self { key, version, pair, grant }, record))
    }

    /// Opens a stored grant and its pair.
    pub(crate) fn open(keys: &SealingKeys, record: GrantRecord) -> Result<Self, OpenError> {
        let plaintext = keys.open(&record.key.purpose(), &record.sealed)?;
        let grant = serde_json::from_slice(&plaintext).map_err(|_| OpenError::Forged)?;
        let pair = StoredPair::open(keys, &record.pair)?;
        let GrantRecord { key, version, .. } = record;
        Ok(Self { key, version, pair, grant })
    }

    pub(crate) fn access_token(&self) -> &coder_core::Secret {
        &self.pair.tokens.access_token
    }
}

fn pair_purpose(id: &PairId) -> AssociatedData {
    AssociatedData::new(&["token pair", id.as_str()])
}
