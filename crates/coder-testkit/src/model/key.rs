//! API keys: sessions, tokens people make, and OAuth access tokens.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::TwoPart;

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
    /// A session that began with a login.
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
    /// Returns the name that a person has given the token.
    pub(crate) fn token_name(&self) -> Option<&str> {
        match &self.kind {
            KeyKind::Token { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Returns the name that the API shows: a person's own, or the one that Coder gives an OAuth
    /// key.
    pub(crate) fn shown_name(&self) -> String {
        match &self.kind {
            KeyKind::Session => String::new(),
            KeyKind::Token { name, .. } => name.clone(),
            KeyKind::OAuth2 { app, .. } => format!("{}_{app}_oauth_session_token", self.user),
        }
    }

    /// Marks the key as used. A use moves the expiry once an hour of the lifetime has passed,
    /// except of tokens.
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

/// Returns `time` plus `duration`, or the latest time that there is.
pub(crate) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
