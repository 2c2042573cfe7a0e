//! API keys are made, and forgotten some time after they have expired.

use std::time::Duration;

use jiff::SignedDuration;
use uuid::Uuid;

use crate::model::{ApiKey, KeyKind, after};
use crate::store::Deployment;

/// An expired key is kept this long; what hangs on it goes with it.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

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
