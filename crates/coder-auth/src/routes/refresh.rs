//! `GET|POST /refresh`: a session in use.

use bytes::Bytes;
use coder_core::is_within;
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::SignedDuration;

use crate::error::AuthError;
use crate::http::cookies::clear_former_refresh_tokens;
use crate::http::request::{Params, require_xml_http_request};
use crate::http::response;
use crate::service::{CoderAuth, Inner};
use crate::session::{SessionError, SessionHandle};
use crate::store::SessionRecord;

/// How exactly the last use of a session is known. Each use within it saves a write.
const USE_PRECISION: SignedDuration = SignedDuration::from_mins(1);

impl CoderAuth {
    /// Tells the browser who it is and gives it fresh tokens: `GET /refresh?env=…`, with the
    /// session cookie and `X-Requested-With: XMLHttpRequest`.
    ///
    /// 401 means that the session is over, or needs a new login; 503, with `Retry-After`, that it
    /// is not.
    pub async fn refresh(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        let mut response = match inner.in_time(inner.refresh(request)).await {
            Ok(response) => response,
            Err(error) => response::error(&error, request),
        };
        for cookie in clear_former_refresh_tokens(request.headers()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

impl Inner {
    async fn refresh(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, AuthError> {
        let environment = self.environment(&Params::of(request).environment()?)?.clone();
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let session = self.session(request.headers(), Some(&environment.name)).await?;
        let stored = self.grants.valid(&environment.upstream, &session.grant).await?;
        let user = stored.key.user;
        let identity = self.identify(&environment, &stored.grant.profile, user).await?;
        let answer = self.answer(&environment, &stored, identity).await?;
        Ok(response::json(StatusCode::OK, &answer))
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
        if !is_within(self.session.idle, now, session.used_at)
            || !is_within(self.session.absolute, now, session.created_at)
        {
            self.end_session(&id).await?;
            return Err(SessionError::Ended.into());
        }
        if environment.is_some_and(|environment| environment != session.environment) {
            return Err(SessionError::OtherEnvironment.into());
        }
        if !is_within(USE_PRECISION, now, session.used_at) {
            self.store.touch_session(&id, now).await?;
        }
        Ok(session)
    }
}
