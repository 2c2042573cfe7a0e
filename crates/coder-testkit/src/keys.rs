//! API keys: sessions, tokens people make, and OAuth access tokens.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::mint::TwoPart;
use crate::store::{Deployment, State};

/// An expired key is kept this long; what hangs on it goes with it.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An API key. Its text is `<id>-<secret>`.
#[derive(Clone)]
pub(crate) struct ApiKey {
    pub(crate) parts: TwoPart,
    pub(crate) user: Uuid,
    pub(crate) kind: KeyKind,
    pub(crate) created_at: Timestamp,
    /// `None` before the first use.
    pub(crate) last_used: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
    pub(crate) lifetime: SignedDuration,
    /// Names of §1.9; `coder:all` is everything.
    pub(crate) scopes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// A login.
    Session,
    /// Made by a person, for a fixed time. The allow list has what it may touch, as `type:id`.
    Token { name: String, allow_list: Vec<String> },
    /// The access half of an OAuth pair.
    OAuth2 { app: Uuid, audience: Option<String> },
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ApiKey({}, {:?})", self.parts.id, self.kind)
    }
}

impl ApiKey {
    /// The name a person has given it.
    pub(crate) fn token_name(&self) -> Option<&str> {
        match &self.kind {
            KeyKind::Token { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The name that the API shows: a person's own, or the one that Coder gives an OAuth key.
    pub(crate) fn shown_name(&self) -> String {
        match &self.kind {
            KeyKind::Session => String::new(),
            KeyKind::Token { name, .. } => name.clone(),
            KeyKind::OAuth2 { app, .. } => format!("{}_{app}_oauth_session_token", self.user),
        }
    }

    /// A use moves the expiry once an hour of the lifetime has passed, except of tokens.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.last_used = Some(now);
        if self.token_name().is_some() {
            return;
        }
        let slid = after(now, self.lifetime);
        if slid.duration_since(self.expires_at) >= SignedDuration::from_hours(1) {
            self.expires_at = slid;
        }
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// `time` and a while; the end of time when there is no later one.
pub(crate) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

impl Deployment<'_> {
    /// Stores a new key.
    pub(crate) fn mint_key(
        &mut self,
        user: Uuid,
        kind: KeyKind,
        lifetime: Duration,
        scopes: Vec<String>,
    ) -> ApiKey {
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let key = ApiKey {
            parts: self.mint().key(),
            user,
            kind,
            created_at: self.now,
            last_used: None,
            expires_at: after(self.now, lifetime),
            lifetime,
            scopes,
        };
        self.state.keys.insert(key.parts.id.clone(), key.clone());
        key
    }

    /// Forgets keys that have been expired for long, and the refresh tokens that hang on them.
    pub(crate) fn purge_expired(&mut self) {
        let now = self.now;
        self.state.keys.retain(|_, key| now.duration_since(key.expires_at) < RETENTION);
        self.state.drop_orphaned_refresh_tokens();
    }
}

impl State {
    /// Deletes keys, and with each the refresh token that hangs on it.
    pub(crate) fn delete_keys(&mut self, doomed: impl Fn(&ApiKey) -> bool) {
        self.keys.retain(|_, key| !doomed(key));
        self.drop_orphaned_refresh_tokens();
    }

    fn drop_orphaned_refresh_tokens(&mut self) {
        let keys = &self.keys;
        self.refresh_tokens.retain(|_, token| keys.contains_key(&token.key));
    }
}
