//! Sessions in use: `refresh`, `logout`, and how sessions and grants end.

use std::sync::Arc;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::SignedDuration;

use crate::error::AuthError;
use crate::grant::manager::Kept;
use crate::service::{CoderAuth, Environment, Inner};
use crate::session::SessionError;
use crate::session::{LogoutScope, SessionHandle, SessionId};
use crate::store::SessionRecord;
use crate::web::cookies::clear_former_refresh_tokens;
use crate::web::request::{Params, require_xml_http_request};
use crate::web::respond;

/// How exactly the last use of a session is known. Each use within it saves a write.
const USE_PRECISION: SignedDuration = SignedDuration::from_mins(1);
/// A pending pair this old belongs to a login that was cut off.
const PENDING_AT_MOST: SignedDuration = SignedDuration::from_mins(5);

impl CoderAuth {
    /// Tells the browser who it is and gives it fresh tokens: `GET /refresh?env=…`, with the
    /// session cookie and `X-Requested-With: XMLHttpRequest`.
    ///
    /// 401 means that the session is over, or needs a new login; 503, with `Retry-After`, that it
    /// is not.
    pub async fn refresh(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = match self.inner().refresh(request).await {
            Ok(response) => response,
            Err(error) => respond::error(&error, request),
        };
        for cookie in clear_former_refresh_tokens(request.headers()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Ends the browser's session: `POST /logout?env=…`. Coder is told to revoke the tokens when
    /// no other browser of this person needs them (RFC 7009).
    pub async fn logout(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.inner().logout(request).await {
            Ok(response) => response,
            Err(error) => respond::error(&error, request),
        }
    }

    /// Ends what has outlived its time: sessions, and logins that were cut off. Call it every few
    /// minutes; several replicas may do so at once.
    ///
    /// # Errors
    ///
    /// When the store fails. What is left over is found the next time.
    pub async fn sweep(&self) -> Result<(), AuthError> {
        let inner = self.inner();
        let now = inner.world.clock.now();
        for pending in inner.store.pending_before(now - PENDING_AT_MOST).await? {
            inner.end_pending(&pending).await?;
        }
        let (idle, created) = (now - inner.session.idle, now - inner.session.absolute);
        for session in inner.store.sessions_before(idle, created).await? {
            inner.end_session(&session.id).await?;
        }
        inner.issuer.sweep().await
    }
}

impl Inner {
    async fn refresh(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let environment = self.environment(&Params::of(request).environment()?)?.clone();
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let session = self.session(request.headers(), Some(&environment.name)).await?;
        let kept = self.grants.usable(&environment.upstream, &session.grant).await?;
        let answer = self.answer(&environment, &kept).await?;
        Ok(respond::json(StatusCode::OK, &answer))
    }

    async fn logout(
        self: &Arc<Self>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, AuthError> {
        let environment = self.environment(&Params::of(request).environment()?)?.clone();
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let mut response = respond::empty(StatusCode::OK);
        let cookies = response.headers_mut();
        for cookie in clear_former_refresh_tokens(request.headers()) {
            cookies.append(SET_COOKIE, cookie);
        }
        match self.session(request.headers(), Some(&environment.name)).await {
            Ok(session) => {
                let this = self.clone();
                let work = async move { this.end_session(&session.id).await };
                // Detached: a person who closes the window is signed out all the same.
                crate::grant::detached::detached(&self.world, work, |_| Box::pin(async {}))
                    .await??;
            }
            Err(error)
                if matches!(error.kind(), crate::AuthErrorKind::Session(SessionError::Missing)) =>
            {
                return Ok(response);
            }
            // Whatever the cookie was, it goes.
            Err(error) if error.is_transient() => return Err(error),
            Err(_) => {}
        }
        response.headers_mut().append(SET_COOKIE, self.cookies.clear_session());
        Ok(response)
    }

    /// The session of the browser's cookie, if it may still be used, in this environment.
    pub(crate) async fn session(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<SessionRecord, AuthError> {
        let cookie = self.cookies.session(headers).ok_or(SessionError::Missing)?;
        let id = SessionHandle::from_cookie(cookie).id();
        let session = self.store.session(&id).await?.ok_or(SessionError::Ended)?;
        let now = self.world.clock.now();
        if now.duration_since(session.used_at) >= self.session.idle
            || now.duration_since(session.created_at) >= self.session.absolute
        {
            self.end_session(&id).await?;
            return Err(SessionError::Ended.into());
        }
        if environment.is_some_and(|environment| environment != session.environment) {
            return Err(SessionError::OtherEnvironment.into());
        }
        if now.duration_since(session.used_at) >= USE_PRECISION {
            self.store.touch_session(&id, now).await?;
        }
        Ok(session)
    }

    /// Ends a session and, with the last one of it, the grant; with [`LogoutScope::Grant`] the
    /// grant at once.
    pub(crate) async fn end_session(&self, id: &SessionId) -> Result<(), AuthError> {
        let Some(session) = self.store.delete_session(id).await? else { return Ok(()) };
        let Ok(environment) = self.environment(&session.environment) else { return Ok(()) };
        let Some(kept) = self.grants.read(&session.grant).await? else { return Ok(()) };
        match self.session.logout {
            LogoutScope::Session => self.end_unused_grant(environment, kept).await,
            LogoutScope::Grant => self.grants.end(&environment.upstream, kept).await,
        }
    }

    /// Ends a grant that no session stands on.
    pub(crate) async fn end_unused_grant(
        &self,
        environment: &Environment,
        kept: Kept,
    ) -> Result<(), AuthError> {
        if self.store.count_sessions(&kept.key).await? > 0 {
            return Ok(());
        }
        self.grants.end(&environment.upstream, kept).await
    }
}
