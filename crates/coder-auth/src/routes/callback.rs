//! `GET|POST /handler/frame`: Coder sends the browser back.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, Secret, World};
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response};

use crate::environment::{Environment, Environments};
use crate::error::AuthError;
use crate::http::cookies::CookieRules;
use crate::http::error::RequestError;
use crate::http::origins::AllowedOrigins;
use crate::http::params::Params;
use crate::http::response;
use crate::login::attempt::{AttemptId, Flow, LoginAttempt, LoginState};
use crate::login::completion::{LoggedIn, Logins};
use crate::observer::{AuthEvent, AuthEventKind, Events};
use crate::parts::Parts;
use crate::routes::in_time;
use crate::routes::recipient::Recipient;
use crate::seal::SealingKeys;
use crate::session::SessionOptions;
use crate::store::AuthStore;
use crate::upstream::UpstreamError;

/// The route at which logins end.
pub(crate) struct CallbackRoute {
    world: World,
    store: Arc<dyn AuthStore>,
    keys: SealingKeys,
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    cookies: CookieRules,
    session: SessionOptions,
    logins: Logins,
    events: Events,
}

impl CallbackRoute {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            world: parts.world.clone(),
            store: Arc::clone(&parts.store),
            keys: parts.keys.clone(),
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            cookies: parts.cookies.clone(),
            session: parts.session,
            logins: Logins::new(parts),
            events: parts.events.clone(),
        }
    }

    pub(crate) async fn handle(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, AuthError> {
        let params = Params::from_callback(request)?;
        if let Some((attempt, error)) = self.error_without_state(&params, request.headers())? {
            self.tell_refused(&attempt.environment, &error);
            let recipient = Recipient::from_attempt(&attempt);
            return Ok(recipient.respond(Err(error), request));
        }
        let (id, environment) = self.resolve_state(&params)?;
        let attempt = self.consume_attempt(&id, &environment, &params, request).await;
        let recipient = match &attempt {
            Ok(attempt) => Recipient::from_attempt(attempt),
            Err(_) => Recipient { flow: Flow::Popup, origin: self.origins.app().clone() },
        };
        let answered = attempt.and_then(|attempt| Ok((attempt, code(&params)?)));
        if let Err(error) = &answered {
            self.tell_refused(&environment.name, error);
        }
        let former = self.cookies.session(request.headers()).map(|held| held.id());
        let login = Box::pin(async {
            let (attempt, code) = answered?;
            self.logins.finish(&environment, attempt, code, former).await
        });
        let (outcome, handle) = match in_time(&*self.world.runtime, login).await {
            Ok(LoggedIn { response, handle }) => (Ok(response), Some(handle)),
            Err(error) => (Err(error), None),
        };
        let mut response = recipient.respond(outcome, request);
        response::clear_former_cookies(&mut response, request.headers());
        let cookies = response.headers_mut();
        cookies.append(SET_COOKIE, self.cookies.clear_attempt(&id));
        if let Some(handle) = handle {
            cookies.append(SET_COOKIE, self.cookies.set_session(&handle, self.session.absolute));
        }
        Ok(response)
    }

    /// Finds the attempt and the environment that `state` names.
    fn resolve_state(
        &self,
        params: &Params<'_>,
    ) -> Result<(AttemptId, Arc<Environment>), RequestError> {
        let state = params.single("state")?.ok_or(RequestError::MissingState)?;
        let LoginState { attempt, environment } = LoginState::open(&self.keys, state)?;
        Ok((attempt, self.environments.named(&environment)?.clone()))
    }

    /// Recognises an authorization error without a `state`, as Coder through 2.32 sends it when a
    /// person presses "Cancel". The page of this browser's newest attempt is told about it.
    ///
    /// Any page can make a browser send this request. So nobody is signed in or out, the attempt is
    /// not used up, and nothing that the request says is shown.
    fn error_without_state(
        &self,
        params: &Params<'_>,
        headers: &HeaderMap,
    ) -> Result<Option<(LoginAttempt, AuthError)>, RequestError> {
        if params.single("state")?.is_some() {
            return Ok(None);
        }
        let error = params.single("error")?.and_then(UpstreamError::from_authorization_code);
        Ok(self.newest_attempt(headers).zip(error.map(AuthError::from)))
    }

    /// Tells of a login that has ended before anybody was asked about its user.
    fn tell_refused(&self, environment: &str, error: &AuthError) {
        let event = AuthEvent::new(AuthEventKind::SignedIn).environment(environment);
        self.events.tell(&event.or_not_signed_in(error));
    }

    fn newest_attempt(&self, headers: &HeaderMap) -> Option<LoginAttempt> {
        let now = self.world.clock.now();
        let held = self.cookies.attempts(headers).into_iter();
        let opened = held.filter_map(|attempt| attempt.open(&self.keys).ok());
        opened.filter(|attempt| !attempt.has_expired(now)).max_by_key(|attempt| attempt.started_at)
    }

    /// Opens the attempt as this browser holds it. An attempt that brings a code is marked as used.
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
        let attempt = held.find(|held| held.id == *id).ok_or(unknown)?.open(&self.keys)?;
        let now = self.world.clock.now();
        if attempt.environment != environment.name {
            return Err(RequestError::UnknownAttempt.into());
        }
        if attempt.has_expired(now) {
            return Err(RequestError::ExpiredAttempt.into());
        }
        environment.check_callback(request.uri().path(), params.single("iss")?)?;
        // Without a code there is nothing that could be used twice.
        if params.single("code")?.is_some()
            && !self.store.use_attempt(id, now, attempt.expires_at()).await?
        {
            return Err(RequestError::UnknownAttempt.into());
        }
        Ok(attempt)
    }
}

/// Reads the authorization response (RFC 6749 §4.1.2): its code, or the error that it is.
fn code(params: &Params<'_>) -> Result<Secret, AuthError> {
    if let Some(code) = params.single("error")? {
        let description = params.single("error_description")?;
        return Err(UpstreamError::from_authorization(code, description).into());
    }
    let code = params.single("code")?.ok_or(RequestError::UnexpectedCallback)?;
    Ok(Secret::new(code))
}
