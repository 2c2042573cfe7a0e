//! The end of a login: a code becomes a grant and a session.

use std::sync::Arc;

use coder_core::{Secret, World};

use crate::environment::Environment;
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::detached::detached_or_else;
use crate::grant::key::GrantKey;
use crate::grant::manager::Grants;
use crate::grant::revocations::Revocations;
use crate::grant::{Grant, StoredGrant, StoredPair};
use crate::login::attempt::LoginAttempt;
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::parts::Parts;
use crate::random_token::random_token;
use crate::session::manager::Sessions;
use crate::session::response::{SessionResponse, SessionResponses};
use crate::session::{SessionHandle, SessionId};
use crate::sign_in::BackstageIdentity;
use crate::store::{AuthStore, GrantChange, LoginCompletion, LoginOutcome, SessionRecord};
use crate::upstream::UpstreamError;

/// The number of times that a login tries again after other writes have changed its grant.
const MAX_CONFLICTS: u32 = 20;

/// Ends of logins: each one is finished here. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Logins {
    world: World,
    store: Arc<dyn AuthStore>,
    grants: Grants,
    revocations: Revocations,
    sessions: Sessions,
    responses: SessionResponses,
    events: Events,
}

/// A finished login: the response for the page, and the handle for the browser's cookie.
pub(crate) struct LoggedIn {
    pub(crate) response: SessionResponse,
    pub(crate) handle: SessionHandle,
}

/// A user whom `/users/me` has just shown, with the pair of the login.
struct Confirmed {
    key: GrantKey,
    pair: StoredPair,
    grant: Grant,
}

impl Logins {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            store: Arc::clone(&parts.store),
            grants: parts.grants.clone(),
            revocations: parts.revocations.clone(),
            sessions: parts.sessions.clone(),
            responses: SessionResponses::new(parts),
            events: parts.events.clone(),
        }
    }

    /// Exchanges the code and signs the user in. `former` is the session that the browser had
    /// before, which ends.
    ///
    /// The work is detached from the caller, because the code is used up whether or not anybody
    /// waits. A session whose browser has gone away ends at once.
    pub(crate) async fn finish(
        &self,
        environment: &Arc<Environment>,
        attempt: LoginAttempt,
        code: Secret,
        former: Option<SessionId>,
    ) -> Result<LoggedIn, AuthError> {
        let login = (self.clone(), Arc::clone(environment));
        let (sessions, ended_in) = (self.sessions.clone(), Arc::clone(environment));
        let work = async move {
            let (this, environment) = login;
            this.log_in_and_tell(&environment, attempt, &code, former).await
        };
        detached_or_else(&self.world, work, move |result| {
            Box::pin(async move {
                if let Ok(LoggedIn { handle, .. }) = result {
                    sessions.end_unheld(&ended_in, &handle).await;
                }
            })
        })
        .await?
    }

    /// Signs the user in, and tells what came of it. The event names the user as far as it is known.
    async fn log_in_and_tell(
        &self,
        environment: &Environment,
        attempt: LoginAttempt,
        code: &Secret,
        former: Option<SessionId>,
    ) -> Result<LoggedIn, AuthError> {
        let mut event = AuthEvent::new(AuthEventKind::SignedIn).environment(&environment.name);
        let result = self.log_in(environment, attempt, code, former, &mut event).await;
        if let Err(error) = &result {
            event.session = None;
            event = event.or_not_signed_in(error);
        }
        self.events.tell(&event);
        result
    }

    async fn log_in(
        &self,
        environment: &Environment,
        attempt: LoginAttempt,
        code: &Secret,
        former: Option<SessionId>,
        event: &mut AuthEvent,
    ) -> Result<LoggedIn, AuthError> {
        let confirmed = self.exchange(environment, attempt, code).await?;
        let (pair, profile) = (confirmed.pair.clone(), &confirmed.grant.profile);
        *event = event.clone().user(&profile.username, confirmed.key.user);
        let upstream = &environment.upstream;
        let identity = match environment.identify(profile).await {
            Ok(identity) => identity,
            Err(nobody) => {
                event.resolvers.clone_from(&nobody.tried);
                // The user is known to Coder and not to the portal. The login has killed the pair
                // of the sessions that this user has elsewhere: they get this one.
                if !matches!(self.store(environment, confirmed, None).await, Ok(Some(_))) {
                    self.revocations.revoke_beside(upstream.clone(), pair);
                }
                return Err(nobody.into());
            }
        };
        event.entity = identity.as_ref().map(|identity| identity.user.clone());
        let handle = SessionHandle::generate(&*self.world.random)?;
        event.session = Some(handle.id().prefix());
        let session = Some((&handle, former));
        let result = match self.store(environment, confirmed, session).await {
            Ok(Some(stored)) => {
                self.respond(environment, stored, &pair, &handle.id(), identity).await
            }
            Ok(None) => {
                self.revocations.revoke_beside(upstream.clone(), pair);
                return Err(AuthErrorKind::Overtaken.into());
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(response) => Ok(LoggedIn { response, handle }),
            Err(error) => {
                // The session may have been written, and nobody gets its handle.
                self.sessions.end_unheld(environment, &handle).await;
                Err(error)
            }
        }
    }

    /// Makes the response with the grant of a finished login. A grant with the pair of another
    /// login is handed out by the rule for all grants.
    async fn respond(
        &self,
        environment: &Environment,
        stored: StoredGrant,
        own: &StoredPair,
        session: &SessionId,
        identity: Option<BackstageIdentity>,
    ) -> Result<SessionResponse, AuthError> {
        let stored = if stored.pair.id == own.id {
            stored
        } else {
            self.grants.valid(&environment.upstream, &stored.key).await?
        };
        self.responses.create(environment, &stored, session, identity).await
    }

    /// Exchanges the code, stores the pair among the revocations, and asks Coder for its user.
    async fn exchange(
        &self,
        environment: &Environment,
        attempt: LoginAttempt,
        code: &Secret,
    ) -> Result<Confirmed, AuthError> {
        let upstream = &environment.upstream;
        let began_at = self.world.clock.now();
        let tokens = upstream.exchange(code, &attempt.verifier).await?;
        let pair = self.revocations.keep_pending(upstream, tokens).await?;
        let (user, profile) = match upstream.user(&pair.tokens.access_token).await {
            Ok(user) => user,
            Err(error) => {
                self.revocations.revoke_beside(upstream.clone(), pair);
                return Err(error.into());
            }
        };
        let now = self.world.clock.now();
        let scope = pair.tokens.scope.clone().unwrap_or(attempt.scope);
        let name = random_token::<16>(&*self.world.random)?;
        let grant = Grant::new(name, &pair.tokens, scope, profile, began_at, now);
        let key = GrantKey::new(upstream.app().clone(), user);
        Ok(Confirmed { key, pair, grant })
    }

    /// Writes the login: the grant, the new session of this browser, and the end of its former one.
    /// `None` means that the pair was not taken, and is to be revoked.
    async fn store(
        &self,
        environment: &Environment,
        confirmed: Confirmed,
        session: Option<(&SessionHandle, Option<SessionId>)>,
    ) -> Result<Option<StoredGrant>, AuthError> {
        let Confirmed { key, pair, grant } = confirmed;
        for conflicts in 0..MAX_CONFLICTS {
            let current = self.store.grant(&key).await?;
            let expected = current.as_ref().map(|record| record.version.clone());
            let current = current.and_then(|record| self.grants.open(record));
            let grant = match &current {
                Some(former) => grant.clone().following(former),
                None => grant.clone(),
            };
            // No times are compared: clocks are set back, and replicas have their own.
            let rival = current.filter(|stored| !stored.grant.needs_login);
            let (stored, change) = match rival {
                // Another login came between, and has killed this pair.
                Some(rival) if is_dead(environment, &pair).await? => (rival, GrantChange::Keep),
                // That other login has ended again already, and nobody has a living pair.
                None if conflicts > 0 && is_dead(environment, &pair).await? => return Ok(None),
                rival => {
                    let next = self.grants.next(key.clone(), pair.clone(), grant)?;
                    // Both may be alive, where requests at Coder overlapped.
                    let revoke_former =
                        rival.is_some() && environment.upstream.revokes_pairs().await;
                    (next.0, GrantChange::Replace { record: next.1, revoke_former })
                }
            };
            let now = self.world.clock.now();
            let record = session.as_ref().map(|(handle, _)| SessionRecord {
                id: handle.id(),
                grant: key.clone(),
                environment: environment.name.clone(),
                created_at: now,
                used_at: now,
            });
            let outcome = self
                .store
                .finish_login(LoginCompletion {
                    pair: pair.id.clone(),
                    grant: key.clone(),
                    expected,
                    change,
                    session: record,
                    former: session.as_ref().and_then(|(_, former)| former.clone()),
                    due_at: self.revocations.due_at(),
                })
                .await?;
            match outcome {
                LoginOutcome::Finished(ended) => {
                    for revocation in ended {
                        self.sessions.revoke_ended_beside(revocation);
                    }
                    return Ok(Some(stored));
                }
                LoginOutcome::Conflict => {}
                LoginOutcome::PairGone | LoginOutcome::NoSession => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// Asks Coder whether the access token of a pair is dead.
async fn is_dead(environment: &Environment, pair: &StoredPair) -> Result<bool, AuthError> {
    match environment.upstream.user(&pair.tokens.access_token).await {
        Ok(_) => Ok(false),
        Err(UpstreamError::TokenRefused(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
