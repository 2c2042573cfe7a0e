//! `GET|POST /handler/frame`: Coder sends the browser back.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::Origin;
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response};
use zeroize::Zeroizing;

use crate::error::{AuthError, Bug};
use crate::grant::Grant;
use crate::grant::detached::detached;
use crate::grant::key::GrantKey;
use crate::grant::manager::{Kept, revoke};
use crate::grant::tokens::TokenPair;
use crate::login::attempt::{self, AttemptId, Flow, LoginAttempt, open_state};
use crate::routes::answer::SessionAnswer;
use crate::seal::Purpose;
use crate::service::{CoderAuth, Environment, Inner};
use crate::session::SessionHandle;
use crate::store::{PendingRecord, SessionRecord};
use crate::upstream::UpstreamError;
use crate::web::cookies::clear_former_refresh_tokens;
use crate::web::popup::{self, Failure, Outcome};
use crate::web::request::Params;
use crate::web::request::RequestError;
use crate::web::respond;

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
        let named = inner.named_attempt(&params);
        let (id, environment) = match named {
            Ok(named) => named,
            Err(error) => return respond::error(&error.into(), request),
        };
        let attempt = inner.take_attempt(&id, &environment, request.headers()).await;
        let (flow, origin) = match &attempt {
            Ok(attempt) => (attempt.flow.clone(), attempt.origin()),
            Err(_) => (Flow::Popup, None),
        };
        let outcome = match attempt {
            Ok(attempt) => {
                inner.finish(&environment, id.clone(), attempt, &params, request.headers()).await
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

/// The end of the flow that the attempt was started for.
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
            // Strings and numbers can always be written as JSON.
            popup::page(&outcome, origin)
                .unwrap_or_else(|_| respond::empty(http::StatusCode::INTERNAL_SERVER_ERROR))
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

/// What the detached part of a login has made.
struct LoggedIn {
    kept: Kept,
    answer: SessionAnswer,
    handle: SessionHandle,
}

impl Inner {
    /// The attempt and the environment that `state` names.
    fn named_attempt(
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

    /// The attempt as this browser holds it, marked as used.
    async fn take_attempt(
        &self,
        id: &AttemptId,
        environment: &Environment,
        headers: &HeaderMap,
    ) -> Result<LoginAttempt, AuthError> {
        let mut held = self.cookies.attempts(headers).into_iter();
        let (_, sealed) =
            held.find(|(name, _)| name == id.as_str()).ok_or(RequestError::UnknownAttempt)?;
        let attempt = LoginAttempt::open(&self.keys, id, &sealed)?;
        let now = self.world.clock.now();
        if attempt.environment != environment.name {
            return Err(RequestError::UnknownAttempt.into());
        }
        if attempt.has_expired(now) {
            return Err(RequestError::ExpiredAttempt.into());
        }
        if !self.store.use_attempt(id, attempt.started_at + attempt::LIFETIME).await? {
            return Err(RequestError::UnknownAttempt.into());
        }
        Ok(attempt)
    }

    /// Reads what Coder says and, if it is a code, logs in: detached, since the code is gone
    /// whether or not the browser waits.
    async fn finish(
        self: &Arc<Self>,
        environment: &Arc<Environment>,
        id: AttemptId,
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
        let former = self.cookies.session(headers).map(SessionHandle::from_cookie);
        let (this, environment) = (self.clone(), environment.clone());
        let keeper = (self.clone(), environment.clone());
        let work = async move { this.log_in(&environment, id, attempt, code, former).await };
        let logged_in = detached(&self.world, work, move |result| {
            Box::pin(async move {
                // The grant is kept; only the session that nobody holds the handle of is not.
                let (inner, environment) = keeper;
                if let Ok(logged_in) = result {
                    inner.forget_session(&environment, &logged_in).await;
                }
            })
        })
        .await??;
        Ok((logged_in.answer, logged_in.handle))
    }

    async fn log_in(
        &self,
        environment: &Environment,
        id: AttemptId,
        attempt: LoginAttempt,
        code: String,
        former: Option<SessionHandle>,
    ) -> Result<LoggedIn, AuthError> {
        let upstream = &environment.upstream;
        let started_at = self.world.clock.now();
        let tokens = upstream.exchange(code, attempt.verifier).await?;
        if let Err(error) = self.keep_pending(environment, &id, &tokens).await {
            revoke(upstream, &tokens).await;
            return Err(error);
        }
        let (user, profile) = match upstream.user(&tokens.access_token).await {
            Ok(user) => user,
            Err(error) => {
                revoke(upstream, &tokens).await;
                self.store.delete_pending(&id).await?;
                return Err(error.into());
            }
        };
        let now = self.world.clock.now();
        let scope = tokens.scope.clone().unwrap_or(attempt.scope);
        let grant = Grant::new(tokens, scope, profile, started_at, now);
        let key = GrantKey::new(upstream.deployment().origin().clone(), upstream.client_id(), user);
        let kept = self.grants.keep_login(upstream, key, grant, started_at).await?;
        self.store.delete_pending(&id).await?;
        let answer = match self.answer(environment, &kept).await {
            Ok(answer) => answer,
            Err(error) => {
                // The person is known to Coder and not to the portal. The pair is kept for the
                // sessions that stand on it already; without any, nobody can use it.
                self.end_unused_grant(environment, kept).await?;
                return Err(error);
            }
        };
        let handle = self.open_session(environment, &kept, former).await?;
        tracing::info!(environment = environment.name, key = ?kept.key, "signed in");
        Ok(LoggedIn { kept, answer, handle })
    }

    /// Keeps the pair before anything else is done with it: if this process ends now, the sweeper
    /// of the next one finds it.
    async fn keep_pending(
        &self,
        environment: &Environment,
        id: &AttemptId,
        tokens: &TokenPair,
    ) -> Result<(), AuthError> {
        let json = serde_json::to_vec(tokens).map_err(Bug::unwritable)?;
        let plaintext = Zeroizing::new(json);
        let sealed = self.keys.seal(&*self.world.random, &pending_purpose(id), &plaintext)?;
        let record = PendingRecord {
            attempt: id.clone(),
            environment: environment.name.clone(),
            sealed,
            stored_at: self.world.clock.now(),
        };
        Ok(self.store.put_pending(record).await?)
    }

    /// Revokes a pair whose login was cut off before its user was known.
    pub(crate) async fn end_pending(&self, pending: &PendingRecord) -> Result<(), AuthError> {
        let plaintext = self.keys.open(&pending_purpose(&pending.attempt), &pending.sealed);
        let tokens = plaintext.ok().and_then(|json| serde_json::from_slice(&json).ok());
        if let (Some(tokens), Ok(environment)) = (tokens, self.environment(&pending.environment)) {
            revoke(&environment.upstream, &tokens).await;
        }
        Ok(self.store.delete_pending(&pending.attempt).await?)
    }

    /// A new session on this grant, in place of the one the browser had.
    async fn open_session(
        &self,
        environment: &Environment,
        kept: &Kept,
        former: Option<SessionHandle>,
    ) -> Result<SessionHandle, AuthError> {
        let handle = SessionHandle::draw(&*self.world.random)?;
        let now = self.world.clock.now();
        self.store
            .put_session(SessionRecord {
                id: handle.id(),
                grant: kept.key.clone(),
                environment: environment.name.clone(),
                created_at: now,
                used_at: now,
            })
            .await?;
        if let Some(former) = former {
            self.end_session(&former.id()).await?;
        }
        Ok(handle)
    }

    async fn forget_session(&self, environment: &Environment, logged_in: &LoggedIn) {
        if let Err(error) = self.store.delete_session(&logged_in.handle.id()).await {
            let (environment, key) = (&environment.name, &logged_in.kept.key);
            tracing::warn!(environment, ?key, %error, "a session nobody holds was not deleted");
        }
    }
}

fn pending_purpose(id: &AttemptId) -> Purpose {
    Purpose::new(&["pending tokens", id.as_str()])
}
