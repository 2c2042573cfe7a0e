//! `POST /logout`, and every other end of a session.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::earlier;
use http::header::SET_COOKIE;
use http::{Request, Response, StatusCode};

use crate::error::AuthError;
use crate::grant::detached::detached;
use crate::http::cookies::clear_former_refresh_tokens;
use crate::http::request::{Params, require_xml_http_request};
use crate::http::response;
use crate::service::{CoderAuth, Inner};
use crate::session::{LogoutScope, SessionHandle, SessionId};
use crate::store::RevocationRecord;
use crate::upstream::Upstream;

/// How many sessions the sweeper ends in one step.
const STEP: u32 = 500;

impl CoderAuth {
    /// Ends the browser's session: `POST /logout?env=…`, whichever environment of this portal it
    /// was made in. Coder is told to revoke the tokens when no other browser of this person needs
    /// them (RFC 7009); when Coder does not answer, [`sweep`](Self::sweep) tells it later.
    pub async fn logout(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let inner = self.inner();
        match inner.in_time(inner.logout(request)).await {
            Ok(response) => response,
            Err(error) => response::error(&error, request),
        }
    }

    /// Ends what has outlived its time: sessions, and token pairs that are to be revoked. Call it
    /// every few minutes; several replicas may do so at once. A part that fails does not keep the
    /// others from being done.
    ///
    /// # Errors
    ///
    /// When the store fails. What is left over is found the next time.
    pub async fn sweep(&self) -> Result<(), AuthError> {
        let inner = self.inner();
        let sessions = inner.expire_sessions().await;
        let pairs = inner.revocations.sweep(|revocation| inner.upstream_of(revocation)).await;
        let keys = inner.issuer.sweep().await;
        sessions.and(pairs).and(keys)
    }
}

impl Inner {
    async fn logout(
        self: &Arc<Self>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, AuthError> {
        self.environment(&Params::of(request).environment()?)?;
        require_xml_http_request(request.headers())?;
        self.origins.check_caller(request.headers())?;
        let mut response = response::empty(StatusCode::OK);
        let cookies = response.headers_mut();
        for cookie in clear_former_refresh_tokens(request.headers()) {
            cookies.append(SET_COOKIE, cookie);
        }
        let Some(cookie) = self.cookies.session(request.headers()) else { return Ok(response) };
        let id = SessionHandle::from_cookie(cookie).id();
        let this = self.clone();
        // Detached: a person who closes the window is signed out all the same.
        detached(&self.world, async move { this.sign_out(&id).await }).await??;
        response.headers_mut().append(SET_COOKIE, self.cookies.clear_session());
        Ok(response)
    }

    /// Does what a person asks for with a logout.
    async fn sign_out(&self, id: &SessionId) -> Result<(), AuthError> {
        match self.session.logout {
            LogoutScope::Session => self.end_session(id).await,
            LogoutScope::Grant => {
                let Some(session) = self.store.session(id).await? else { return Ok(()) };
                let ended = self.store.end_grant(&session.grant, self.revocations.due_at()).await?;
                self.revoke_ended(ended).await;
                Ok(())
            }
        }
    }

    /// Ends a session and, with the last one of it, the grant.
    pub(crate) async fn end_session(&self, id: &SessionId) -> Result<(), AuthError> {
        let ended = self.store.end_session(id, self.revocations.due_at()).await?;
        self.revoke_ended(ended).await;
        Ok(())
    }

    /// Revokes the pair of a grant that has just ended.
    pub(crate) async fn revoke_ended(&self, ended: Option<RevocationRecord>) {
        if let Some(revocation) = ended
            && let Some(upstream) = self.upstream_of(&revocation)
        {
            self.revocations.revoke(&upstream, &revocation).await;
        }
    }

    /// The same beside a login, whose answer does not wait for it.
    pub(crate) fn revoke_ended_beside(&self, ended: RevocationRecord) {
        if let Some(upstream) = self.upstream_of(&ended) {
            let revocations = self.revocations.clone();
            let work = async move { revocations.revoke(&upstream, &ended).await };
            self.world.runtime.spawn(Box::pin(work));
        }
    }

    async fn expire_sessions(&self) -> Result<(), AuthError> {
        let now = self.world.clock.now();
        let (idle, created) =
            (earlier(now, self.session.idle), earlier(now, self.session.absolute));
        while self.store.expire_sessions(idle, created, now, STEP).await? >= u64::from(STEP) {}
        Ok(())
    }

    /// The application that a pair was issued to, as far as it is configured.
    fn upstream_of(&self, revocation: &RevocationRecord) -> Option<Arc<Upstream>> {
        let mut upstreams = self.environments().map(|environment| &environment.upstream);
        upstreams.find(|upstream| *upstream.app() == revocation.app).cloned()
    }
}
