//! `GET|POST /handler/frame`: Coder sends the browser back.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::Origin;
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response};

use crate::error::{AuthError, AuthErrorKind};
use crate::grant::detached::detached_or_else;
use crate::grant::key::GrantKey;
use crate::grant::profile::Profile;
use crate::grant::{Grant, StoredGrant, StoredPair};
use crate::login::attempt::{AttemptId, Flow, LoginAttempt, open_state};
use crate::routes::answer::SessionAnswer;
use crate::service::{CoderAuth, Environment, Inner};
use crate::session::{SessionHandle, SessionId};
use crate::sign_in::BackstageIdentity;
use crate::store::{GrantChange, LoginCompletion, LoginOutcome, SessionRecord};
use crate::upstream::UpstreamError;
use crate::web::cookies::clear_former_refresh_tokens;
use crate::web::popup::{self, Failure, Outcome};
use crate::web::request::Params;
use crate::web::request::RequestError;
use crate::web::respond;

/// How often a login tries again whose grant other writes have changed meanwhile.
const MOST_CONFLICTS: u32 = 20;

impl CoderAuth {
    /// Finishes a login: `GET /handler/frame?code=…&state=…`, or the same as a posted form.
    ///
    /// Answers with the popup page, which posts the session to the portal; in the redirect flow
    /// with 302 to the page the login was started for. An authorization error without a `state`
    /// goes to the newest attempt of this browser. Any other request without a `state` of ours is
    /// refused with JSON, since nobody waits for a message then.
    pub async fn callback(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        let params = match Params::of_callback(request) {
            Ok(params) => params,
            Err(error) => return respond::error(&error.into(), request),
        };
        if let Some(response) = inner.tell_without_state(&params, request) {
            return response;
        }
        let (id, environment) = match inner.resolve_state(&params) {
            Ok(named) => named,
            Err(error) => return respond::error(&error.into(), request),
        };
        let attempt = inner.consume_attempt(&id, &environment, &params, request).await;
        let (flow, origin) = match &attempt {
            Ok(attempt) => (attempt.flow.clone(), attempt.origin()),
            Err(_) => (Flow::Popup, None),
        };
        let outcome = match attempt {
            Ok(attempt) => {
                let login = inner.finish(&environment, attempt, &params, request.headers());
                inner.in_time(login).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            respond::log(error, request);
        }
        let origin = origin.unwrap_or_else(|| inner.origins.app().clone());
        let (outcome, handle) = match outcome {
            Ok((answer, handle)) => (Ok(answer), Some(handle)),
            Err(error) => (Err(error), None),
        };
        let mut response = respond_to(flow, &origin, outcome);
        let cookies = response.headers_mut();
        for cookie in clear_former_refresh_tokens(request.headers()) {
            cookies.append(SET_COOKIE, cookie);
        }
        cookies.append(SET_COOKIE, inner.cookies.clear_attempt(id.as_str()));
        if let Some(handle) = handle {
            let lifetime = inner.session.absolute;
            cookies.append(SET_COOKIE, inner.cookies.set_session(handle.expose(), lifetime));
        }
        response
    }
}

/// Answers at the end of the flow that the attempt was started for.
pub(crate) fn respond_to(
    flow: Flow,
    origin: &Origin,
    outcome: Result<SessionAnswer, AuthError>,
) -> Response<Bytes> {
    match (flow, outcome) {
        (Flow::Popup, outcome) => {
            let outcome = match outcome {
                Ok(response) => Outcome::Success { response },
                Err(error) => Outcome::Failure {
                    error: Failure { name: error.name().to_owned(), message: error.to_string() },
                },
            };
            popup::page(&outcome, origin)
        }
        (Flow::Redirect(url), Ok(_)) => respond::redirect(&url),
        (Flow::Redirect(mut url), Err(error)) => {
            let others: Vec<(String, String)> =
                url.query_pairs().into_owned().filter(|(name, _)| name != "error").collect();
            url.query_pairs_mut()
                .clear()
                .extend_pairs(others)
                .append_pair("error", &error.to_string());
            respond::redirect(&url)
        }
    }
}

/// The result of the detached part of a login.
struct LoggedIn {
    answer: SessionAnswer,
    handle: SessionHandle,
}

/// A person whom `/users/me` has just shown, with the pair of the login.
struct Confirmed {
    key: GrantKey,
    pair: StoredPair,
    grant: Grant,
}

impl Inner {
    /// The attempt and the environment that `state` names.
    fn resolve_state(
        &self,
        params: &Params<'_>,
    ) -> Result<(AttemptId, Arc<Environment>), RequestError> {
        let state = params.get("state").ok_or(RequestError::MissingState)?;
        let (id, environment) = open_state(&self.keys, state)?;
        Ok((id, self.environment(&environment)?.clone()))
    }

    /// The answer to an authorization error without a `state`, as Coder through 2.32 sends it when
    /// a person presses "Cancel": the newest attempt of this browser is told that it has ended.
    ///
    /// Any page can make a browser ask for this. So nobody is signed in or out, the attempt is not
    /// used up, and nothing that the request says is shown.
    fn tell_without_state(
        &self,
        params: &Params<'_>,
        request: &Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        if params.get("state").is_some() {
            return None;
        }
        let error = UpstreamError::of_authorization_code(params.get("error")?)?.into();
        let attempt = self.newest_attempt(request.headers())?;
        respond::log(&error, request);
        let origin = attempt.origin().unwrap_or_else(|| self.origins.app().clone());
        Some(respond_to(attempt.flow, &origin, Err(error)))
    }

    fn newest_attempt(&self, headers: &HeaderMap) -> Option<LoginAttempt> {
        let now = self.world.clock.now();
        let held = self.cookies.attempts(headers).into_iter();
        let opened = held.filter_map(|(id, sealed)| {
            LoginAttempt::open(&self.keys, &AttemptId::from_stored(id), &sealed).ok()
        });
        opened.filter(|attempt| !attempt.has_expired(now)).max_by_key(|attempt| attempt.started_at)
    }

    /// The attempt as this browser holds it. One that brings a code is marked as used.
    async fn consume_attempt(
        &self,
        id: &AttemptId,
        environment: &Environment,
        params: &Params<'_>,
        request: &Request<Bytes>,
    ) -> Result<LoginAttempt, AuthError> {
        let mut held = self.cookies.attempts(request.headers()).into_iter();
        let refused = self.cookies.are_refused_at(&environment.callback);
        let unknown = if refused { RequestError::PlainHttp } else { RequestError::UnknownAttempt };
        let (_, sealed) = held.find(|(name, _)| name == id.as_str()).ok_or(unknown)?;
        let attempt = LoginAttempt::open(&self.keys, id, &sealed)?;
        let now = self.world.clock.now();
        if attempt.environment != environment.name {
            return Err(RequestError::UnknownAttempt.into());
        }
        if attempt.has_expired(now) {
            return Err(RequestError::ExpiredAttempt.into());
        }
        environment.check_callback(request.uri().path(), params.get("iss"))?;
        // Without a code there is nothing that could be used twice.
        if params.get("code").is_some()
            && !self.store.use_attempt(id, now, attempt.expires_at()).await?
        {
            return Err(RequestError::UnknownAttempt.into());
        }
        Ok(attempt)
    }

    /// Reads what Coder says and, if it is a code, logs in: detached, since the code is gone
    /// whether or not the browser waits.
    async fn finish(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        attempt: LoginAttempt,
        params: &Params<'_>,
        headers: &HeaderMap,
    ) -> Result<(SessionAnswer, SessionHandle), AuthError> {
        if let Some(code) = params.get("error") {
            return Err(
                UpstreamError::of_authorization(code, params.get("error_description")).into()
            );
        }
        let code = params.get("code").ok_or(RequestError::UnexpectedCallback)?.to_owned();
        let former =
            self.cookies.session(headers).map(|held| SessionHandle::from_cookie(held).id());
        let (this, environment) = (self.clone(), environment.clone());
        let keeper = (self.clone(), environment.clone());
        let work = async move { this.log_in(&environment, attempt, code, former).await };
        let logged_in = detached_or_else(&self.world, work, move |result| {
            Box::pin(async move {
                // Nobody holds the handle of this session.
                let (inner, environment) = keeper;
                if let Ok(logged_in) = result {
                    inner.end_unheld_session(&environment, &logged_in.handle.id()).await;
                }
            })
        })
        .await??;
        Ok((logged_in.answer, logged_in.handle))
    }

    async fn log_in(
        &self,
        environment: &Environment,
        attempt: LoginAttempt,
        code: String,
        former: Option<SessionId>,
    ) -> Result<LoggedIn, AuthError> {
        let confirmed = self.exchange(environment, attempt, code).await?;
        let (pair, user) = (confirmed.pair.clone(), confirmed.key.user);
        let upstream = &environment.upstream;
        let identity = match self.identify(environment, &confirmed.grant.profile, user).await {
            Ok(identity) => identity,
            Err(refused) => {
                // The person is known to Coder and not to the portal. The login has killed the
                // pair of the sessions that the person has elsewhere: they get this one.
                if !matches!(self.complete_login(environment, confirmed, None).await, Ok(Some(_))) {
                    self.revocations.revoke_beside(upstream.clone(), pair);
                }
                return Err(refused);
            }
        };
        let handle = SessionHandle::draw(&*self.world.random)?;
        let session = Some((&handle, former));
        let result = match self.complete_login(environment, confirmed, session).await {
            Ok(Some(stored)) => self.hand_out(environment, stored, &pair, identity).await,
            Ok(None) => {
                self.revocations.revoke_beside(upstream.clone(), pair);
                return Err(AuthErrorKind::Overtaken.into());
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(answer) => {
                tracing::info!(environment = environment.name, %user, "signed in");
                Ok(LoggedIn { answer, handle })
            }
            Err(error) => {
                // The session may have been written, and nobody gets its handle.
                self.end_unheld_session(environment, &handle.id()).await;
                Err(error)
            }
        }
    }

    /// Answers with the grant of a finished login. One that another login has brought is handed out
    /// by the rule for all grants.
    async fn hand_out(
        &self,
        environment: &Environment,
        stored: StoredGrant,
        own: &StoredPair,
        identity: Option<BackstageIdentity>,
    ) -> Result<SessionAnswer, AuthError> {
        let stored = if stored.pair.id == own.id {
            stored
        } else {
            self.grants.valid(&environment.upstream, &stored.key).await?
        };
        self.answer(environment, &stored, identity).await
    }

    /// Exchanges the code, keeps the pair, and asks whose it is.
    async fn exchange(
        &self,
        environment: &Environment,
        attempt: LoginAttempt,
        code: String,
    ) -> Result<Confirmed, AuthError> {
        let upstream = &environment.upstream;
        let began_at = self.world.clock.now();
        let tokens = upstream.exchange(code, attempt.verifier).await?;
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
        let grant = Grant::new(&pair.tokens, scope, profile, began_at, now);
        let key = GrantKey::new(upstream.app().clone(), user);
        Ok(Confirmed { key, pair, grant })
    }

    /// Writes the login: the grant, the new session of this browser, and the end of its former
    /// one. `None` when the pair was not taken, and is to be revoked.
    async fn complete_login(
        &self,
        environment: &Environment,
        confirmed: Confirmed,
        session: Option<(&SessionHandle, Option<SessionId>)>,
    ) -> Result<Option<StoredGrant>, AuthError> {
        let Confirmed { key, pair, grant } = confirmed;
        for conflicts in 0..MOST_CONFLICTS {
            let current = self.store.grant(&key).await?;
            let expected = current.as_ref().map(|record| record.version.clone());
            let current = current.and_then(|record| self.grants.open(record));
            // No times are compared: clocks are set back, and replicas have their own.
            let rival = current.filter(|stored| !stored.grant.needs_login);
            let (stored, change) = match rival {
                // Another login came between, and has killed this pair.
                Some(rival) if self.is_dead(environment, &pair).await? => {
                    (rival, GrantChange::Keep)
                }
                // That other login has ended again already, and nobody has a living pair.
                None if conflicts > 0 && self.is_dead(environment, &pair).await? => {
                    return Ok(None);
                }
                rival => {
                    let next = self.grants.next(key.clone(), pair.clone(), grant.clone())?;
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
                        self.revoke_ended_beside(revocation);
                    }
                    return Ok(Some(stored));
                }
                LoginOutcome::Conflict => {}
                LoginOutcome::PairGone | LoginOutcome::NoSession => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn is_dead(
        &self,
        environment: &Environment,
        pair: &StoredPair,
    ) -> Result<bool, AuthError> {
        match environment.upstream.user(&pair.tokens.access_token).await {
            Ok(_) => Ok(false),
            Err(UpstreamError::TokenRefused(_)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks up who the person is in Backstage; `None` where logging in signs nobody in.
    pub(crate) async fn identify(
        &self,
        environment: &Environment,
        profile: &Profile,
        user: coder_client::UserId,
    ) -> Result<Option<BackstageIdentity>, AuthError> {
        match &environment.sign_in {
            None => Ok(None),
            Some(sign_in) => Ok(Some(sign_in.resolve_or_log(profile, user).await?)),
        }
    }

    async fn end_unheld_session(&self, environment: &Environment, id: &SessionId) {
        if let Err(error) = self.end_session(id).await {
            let environment = &environment.name;
            tracing::warn!(
                environment,
                error = error.to_string(),
                "a session that nobody holds was not ended; it expires"
            );
        }
    }
}
