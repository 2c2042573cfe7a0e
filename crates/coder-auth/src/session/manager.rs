//! The sessions of browsers: finding the one of a request, and every way one ends.

use std::sync::Arc;

use coder_core::{World, earlier, is_within, with_causes};
use http::HeaderMap;
use jiff::SignedDuration;

use crate::environment::{Environment, Environments};
use crate::error::AuthError;
use crate::grant::StoredGrant;
use crate::grant::key::GrantKey;
use crate::grant::revocations::Revocations;
use crate::http::cookies::CookieRules;
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::seal::SealingKeys;
use crate::session::error::SessionError;
use crate::session::{LogoutScope, SessionHandle, SessionId, SessionOptions};
use crate::store::{AuthStore, GrantRecord, RevocationRecord, SessionRecord};

/// The precision with which the last use of a session is stored. Each use within it saves a write.
const USE_PRECISION: SignedDuration = SignedDuration::from_mins(1);
/// The number of sessions that the sweeper ends in one step.
const STEP: u32 = 500;

/// The sessions of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    environments: Arc<Environments>,
    revocations: Revocations,
    cookies: CookieRules,
    options: SessionOptions,
    events: Events,
}

impl Sessions {
    #[expect(clippy::too_many_arguments, reason = "each is a part of its own")]
    pub(crate) fn new(
        world: World,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        environments: Arc<Environments>,
        revocations: Revocations,
        cookies: CookieRules,
        options: SessionOptions,
        events: Events,
    ) -> Self {
        Self { world, store, keys, environments, revocations, cookies, options, events }
    }

    /// Refuses a request without a session cookie.
    pub(crate) fn require_cookie(&self, headers: &HeaderMap) -> Result<(), SessionError> {
        self.cookies.session(headers).map(|_| ()).ok_or(SessionError::Missing)
    }

    /// Finds the session of the browser's cookie, with its grant as it is stored. The session must
    /// be usable, and belong to `environment` if one is named.
    pub(crate) async fn find(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<(SessionRecord, Option<GrantRecord>), AuthError> {
        let id = self.cookies.session(headers).ok_or(SessionError::Missing)?.id();
        self.find_by_id(&id, environment).await
    }

    /// Finds the session of this id, as [`Self::find`] does.
    pub(crate) async fn find_by_id(
        &self,
        id: &SessionId,
        environment: Option<&str>,
    ) -> Result<(SessionRecord, Option<GrantRecord>), AuthError> {
        let found = self.store.session_with_grant(id).await?;
        let (session, grant) = found.ok_or(SessionError::Ended)?;
        let now = self.world.clock.now();
        if !is_within(self.options.idle, now, session.used_at)
            || !is_within(self.options.absolute, now, session.created_at)
        {
            self.end(id).await?;
            return Err(SessionError::Ended.into());
        }
        if environment.is_some_and(|environment| environment != session.environment) {
            return Err(SessionError::OtherEnvironment.into());
        }
        if !is_within(USE_PRECISION, now, session.used_at) {
            self.store.touch_session(id, now).await?;
        }
        Ok((session, grant))
    }

    /// Ends a session and, with the last one of it, the grant.
    async fn end(&self, id: &SessionId) -> Result<(), AuthError> {
        let ended = self.store.end_session(id, self.revocations.due_at()).await?;
        self.revoke_ended(ended).await;
        Ok(())
    }

    /// Ends a session whose handle has reached no browser.
    pub(crate) async fn end_unheld(&self, environment: &Environment, handle: &SessionHandle) {
        if let Err(error) = self.end(&handle.id()).await {
            let environment = &environment.name;
            tracing::warn!(
                environment,
                error = with_causes(&error),
                "a session that nobody holds was not ended; it expires"
            );
        }
    }

    /// Ends what a logout of this session ends: the session or its grant.
    pub(crate) async fn log_out(&self, id: &SessionId) -> Result<(), AuthError> {
        let Some((session, grant)) = self.store.session_with_grant(id).await? else {
            return Ok(());
        };
        let due_at = self.revocations.due_at();
        let ended = match self.options.logout {
            LogoutScope::Session => self.store.end_session(id, due_at).await?,
            LogoutScope::Grant => self.store.end_grant(&session.grant, due_at).await?,
        };
        let event = AuthEvent::new(AuthEventKind::SignedOut)
            .environment(&session.environment)
            .user(&self.username(grant), session.grant.user)
            .session(id);
        self.events.tell(&event);
        self.revoke_ended(ended).await;
        Ok(())
    }

    /// Ends all sessions of a grant, and the grant with them. `event` is what is told of that, without
    /// the user.
    pub(crate) async fn log_out_all(
        &self,
        key: &GrantKey,
        event: AuthEvent,
    ) -> Result<(), AuthError> {
        let grant = self.store.grant(key).await?;
        let ended = self.store.end_grant(key, self.revocations.due_at()).await?;
        if ended.is_some() {
            self.events.tell(&event.user(&self.username(grant), key.user));
        }
        self.revoke_ended(ended).await;
        Ok(())
    }

    /// Returns the name of a grant's user at Coder; an empty one if the sealing keys do not open it.
    fn username(&self, grant: Option<GrantRecord>) -> String {
        let stored = grant.and_then(|record| StoredGrant::open(&self.keys, record).ok());
        stored.map(|stored| stored.grant.profile.username).unwrap_or_default()
    }

    /// Ends the sessions that are too old or were not used for too long.
    pub(crate) async fn expire(&self) -> Result<(), AuthError> {
        let now = self.world.clock.now();
        let idle = earlier(now, self.options.idle);
        let created = earlier(now, self.options.absolute);
        while self.store.expire_sessions(idle, created, now, STEP).await? >= u64::from(STEP) {}
        Ok(())
    }

    /// Revokes the pair of a grant that has just ended.
    async fn revoke_ended(&self, ended: Option<RevocationRecord>) {
        if let Some(revocation) = ended
            && let Some(upstream) = self.environments.upstream_of(&revocation.app)
        {
            self.revocations.revoke(upstream, &revocation).await;
        }
    }

    /// Revokes the pair of a grant that a login has just ended, beside the caller.
    pub(crate) fn revoke_ended_beside(&self, ended: RevocationRecord) {
        let this = self.clone();
        let work = async move { this.revoke_ended(Some(ended)).await };
        self.world.runtime.spawn(Box::pin(work));
    }
}
