//! The auth backend of one portal: its routes, as functions from request to response.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, World, with_causes};
use http::{HeaderMap, Request, Response, StatusCode};
use url::Url;

use crate::administration::Administration;
use crate::caller::credential_kind::CredentialKind;
use crate::caller::page::PageError;
use crate::caller::user::SentBy;
use crate::caller::{Caller, Callers, page};
use crate::error::AuthError;
use crate::http::origins::AllowedOrigins;
use crate::http::response::{self, ErrorResponse};
use crate::observer::{AuthEvent, AuthEventKind};
use crate::options::AuthOptions;
use crate::parts::Parts;
use crate::routes::callback::CallbackRoute;
use crate::routes::in_time;
use crate::routes::link::LinkRoutes;
use crate::routes::logout::LogoutRoute;
use crate::routes::refresh::{RefreshRoute, refresh_error};
use crate::routes::start::StartRoute;
use crate::routes::userinfo::UserInfoRoute;
use crate::seal::SealingKeys;
use crate::session::SessionId;
use crate::store::AuthStore;

/// The time between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);

/// Coder as the OAuth2 provider of one portal. Cheap to clone.
///
/// Each route is a method from an HTTP request to an HTTP response. A server only has to dispatch
/// by method and path:
///
/// | route below `/api/auth` | method |
/// |---|---|
/// | `GET /coder/start` | [`start`](Self::start) |
/// | `GET`, `POST /coder/handler/frame` | [`callback`](Self::callback) |
/// | `GET`, `POST /coder/refresh` | [`refresh`](Self::refresh) |
/// | `POST /coder/logout` | [`logout`](Self::logout) |
/// | `GET /.well-known/jwks.json` | [`jwks`](Self::jwks) |
/// | `GET /.well-known/openid-configuration` | [`openid_configuration`](Self::openid_configuration) |
/// | `GET /v1/userinfo` | [`userinfo`](Self::userinfo) |
///
/// | route of the portal | method |
/// |---|---|
/// | `GET /api/coder/v1/link` | [`show_link`](Self::show_link) |
/// | `POST /api/coder/v1/link` | [`link`](Self::link) |
/// | `DELETE /api/coder/v1/link` | [`unlink`](Self::unlink) |
/// | `DELETE /api/coder/v1/connection` | [`disconnect`](Self::disconnect) |
///
/// Errors are answered in Backstage's form ([`ErrorResponse`]) and logged.
#[derive(Clone)]
pub struct CoderAuth(Arc<AuthState>);

/// The routes of one portal, and the parts that they share.
struct AuthState {
    parts: Parts,
    callers: Callers,
    start: StartRoute,
    callback: CallbackRoute,
    refresh: RefreshRoute,
    logout: LogoutRoute,
    userinfo: UserInfoRoute,
    links: LinkRoutes,
}

impl AuthState {
    async fn disconnect(&self, request: &Request<Bytes>) -> Result<Response<Body>, AuthError> {
        let session = self.logout.session(request.headers())?;
        // The link first: the session names the user whose link it is, so that a request which has
        // failed here can be sent again.
        let user = self.links.forget(request).await?;
        match (session, user) {
            (Some(session), Some(_) | None) => self.logout.end(session).await?,
            (None, Some(user)) => self.logout.end_all(&user).await?,
            (None, None) => {}
        }
        Ok(self.logout.ended(StatusCode::NO_CONTENT, request.headers()))
    }
}

impl CoderAuth {
    /// Creates the auth backend of a portal. `keys` seal cookies, and everything secret in `store`.
    ///
    /// A store that is used elsewhere as well is passed as a clone of its [`Arc`].
    pub fn new(
        world: &World,
        store: impl AuthStore + 'static,
        keys: SealingKeys,
        options: AuthOptions,
    ) -> Self {
        let parts = Parts::new(world, Arc::new(store), keys, options);
        Self(Arc::new(AuthState {
            callers: Callers::new(&parts),
            start: StartRoute::new(&parts),
            callback: CallbackRoute::new(&parts),
            refresh: RefreshRoute::new(&parts),
            logout: LogoutRoute::new(&parts),
            userinfo: UserInfoRoute::new(&parts),
            links: LinkRoutes::new(&parts),
            parts,
        }))
    }

    /// Returns the origins whose pages may use this backend with the browser's cookies.
    pub fn allowed_origins(&self) -> &AllowedOrigins {
        &self.0.parts.origins
    }

    /// Lists the redirect URI of each usable environment (RFC 6749 §3.1.2), as it has to be
    /// registered at its deployment.
    pub fn redirect_uris(&self) -> impl Iterator<Item = (&str, &Url)> {
        self.0.parts.environments.usable().map(|ready| (ready.name.as_str(), &ready.callback))
    }

    /// Finds two environments at different deployments whose logins end at one path.
    ///
    /// The path tells the answer of one authorization server from that of another (RFC 9700
    /// §4.4.2.2). Where two share it, whoever runs one deployment can have a code of the other
    /// redeemed, so a portal must refuse such options.
    pub fn environments_sharing_a_redirect_uri(&self) -> Option<(&str, &str)> {
        self.0.parts.environments.sharing_a_redirect_uri()
    }

    /// Returns the part of a path below the base URL of this backend, as Express names it in
    /// `req.url`. Any other path is returned whole.
    pub fn local_path<'a>(&self, path: &'a str) -> &'a str {
        let mount = self.0.parts.base_url.path().trim_end_matches('/');
        path.strip_prefix(mount).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// Starts a login:
    /// `GET /start?env=…[&origin=…][&scope=…][&flow=popup|redirect][&redirectUrl=…]`.
    ///
    /// The answer redirects the browser to Coder's consent page (RFC 6749 §4.1.1, with PKCE, RFC
    /// 7636), and gives it the sealed login attempt. If Coder is known to refuse the login, the
    /// popup or the page of the redirect flow is told so instead.
    pub async fn start(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.start.handle(request))).await
    }

    /// Finishes a login: `GET /handler/frame?code=…&state=…`, or the same as a posted form.
    ///
    /// The answer is the page of the popup, which posts the session to the portal; in the redirect
    /// flow it redirects to the page that the login was started from.
    ///
    /// An authorization error without a `state` goes to the newest login attempt of this
    /// browser. Any other request without a valid `state` is refused with JSON, because no page
    /// waits for a message.
    pub async fn callback(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.callback.handle(request))).await
    }

    /// Returns the session of a browser with valid tokens: `GET /refresh?env=…`, with the session
    /// cookie and `X-Requested-With: XMLHttpRequest`.
    ///
    /// The status 401 means that the session is over or needs a new login; 503, with `Retry-After`,
    /// that it is still good.
    pub async fn refresh(&self, request: &Request<Bytes>) -> Response<Body> {
        let handler = Box::pin(self.0.refresh.handle(request));
        let refreshed = in_time(&*self.0.parts.world.runtime, handler);
        let refreshed = async { refreshed.await.map_err(|error| refresh_error(&error)) };
        let mut response = self.respond(request, refreshed).await;
        response::clear_former_cookies(&mut response, request.headers());
        response
    }

    /// Ends the browser's session: `POST /logout?env=…`. The session may belong to any environment
    /// of this portal.
    ///
    /// With the last session of a user's grant, its tokens are revoked at Coder (RFC 7009). If
    /// Coder does not answer, [`sweep`](Self::sweep) revokes them later.
    pub async fn logout(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.logout.handle(request))).await
    }

    /// Returns the keys that verify this portal's identity tokens, as a JSON Web Key Set (RFC 7517
    /// §5).
    pub async fn jwks(&self, request: &Request<Bytes>) -> Response<Body> {
        let keys = async {
            let keys = self.0.parts.issuer.jwks().await?;
            Ok::<_, AuthError>(response::json_text(StatusCode::OK, keys))
        };
        self.respond(request, keys).await
    }

    /// Returns the discovery document for this portal's identity tokens.
    pub fn openid_configuration(&self) -> Response<Body> {
        response::json(StatusCode::OK, &self.0.parts.issuer.discovery())
    }

    /// Returns the user of an identity token, full or limited, and the entities through which the
    /// user owns things: Backstage's `GET /v1/userinfo`.
    pub async fn userinfo(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.userinfo.handle(request.headers()))).await
    }

    /// Returns the Coder user whose token the caller has linked: `GET /link?env=…`.
    ///
    /// The caller is identified by an identity token in `Authorization`, of this portal or of a
    /// trusted issuer, or by the session cookie with `X-Requested-With: XMLHttpRequest` from a page
    /// of an allowed origin. `env` may be left out if the portal has one environment, or for that
    /// of the caller's sign-in.
    pub async fn show_link(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.show(request))).await
    }

    /// Links a Coder session token to the caller: `POST /link?env=…` with `{"token": "…"}`. It
    /// replaces one that was linked before. Callers are identified as in
    /// [`show_link`](Self::show_link).
    ///
    /// Coder must accept the token, and it must be the caller's own as far as this portal can tell.
    /// So a token is refused if its Coder user is another one than that of the caller's login, or
    /// if the environment has sign-in resolvers and they do not map its user to the caller.
    pub async fn link(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.link(request))).await
    }

    /// Deletes the caller's linked token: `DELETE /link?env=…`. Callers are identified as in
    /// [`show_link`](Self::show_link).
    ///
    /// The token stays valid at Coder, because it is the caller's own.
    pub async fn unlink(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.unlink(request))).await
    }

    /// Ends what connects the caller with Coder: `DELETE /connection?env=…`. Callers are identified as
    /// in [`show_link`](Self::show_link).
    ///
    /// The token that the caller has linked is forgotten. The session of the browser ends as at
    /// [`logout`](Self::logout); a request without a session cookie that brings an identity token of
    /// this portal ends all sessions of the login that the token was issued for. What a request may
    /// not end is refused before anything has ended, so 204 means that nothing of it is left.
    ///
    /// After a 503 the link may be forgotten while the session is still there. The same request ends
    /// what is left.
    pub async fn disconnect(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.disconnect(request))).await
    }

    /// Identifies the caller of a request, with a client for Coder's API. The first of these
    /// credentials counts:
    ///
    /// 1. `Coder-Session-Token`: a token of Coder, once Coder has accepted it at `/users/me`.
    ///    The portal keeps that answer for a minute, and a refusal as well.
    /// 2. `Authorization: Bearer` with an identity token of this portal: the grant that the token
    ///    was issued for, and no other.
    /// 3. `Authorization: Bearer` with an identity token of a trusted issuer
    ///    ([`AuthOptions::trusted_issuer`](crate::AuthOptions::trusted_issuer)). It names a user
    ///    and gives no access by itself. It is combined with the session of 4. if that belongs to
    ///    the same user. If a login in that environment does not sign in to Backstage, the
    ///    session's user is unknown; the caller then has the rights of the session and no name.
    /// 4. The session cookie, with `X-Requested-With: XMLHttpRequest`, from a page of an allowed
    ///    origin. This holds for `GET` as well, because the data belongs to the user.
    ///
    /// If 2. to 4. identify a user without a usable grant, the user's linked token counts
    /// ([`link`](Self::link)).
    ///
    /// `environment` is the one that the request names. Without it, the environment of the session
    /// or token counts.
    ///
    /// # Errors
    ///
    /// The status is
    /// - 400 if no environment is named, none follows from the credential, and the portal has
    ///   several;
    /// - 401 if no caller is identified or a new login is needed;
    /// - 403 for a page of another site;
    /// - 404 if the environment is unknown or its configuration is incomplete;
    /// - 503 if Coder, the catalog or a trusted issuer does not answer, or if all of it takes more than
    ///   20 seconds.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let found = Box::pin(self.0.callers.find(headers, environment, SentBy::Script));
        in_time(&*self.0.parts.world.runtime, found).await
    }

    /// Returns the id of the session whose cookie a request brings, without looking whether there is
    /// such a session.
    ///
    /// The id tells which work belongs to a session that has just been ended.
    pub fn session_id(&self, headers: &HeaderMap) -> Option<SessionId> {
        self.0.parts.cookies.session(headers).map(|handle| handle.id())
    }

    /// Returns the kind of credential that a request brings, for the log. It may be worth nothing:
    /// [`caller`](Self::caller) tells who asks.
    pub fn credential_kind(&self, headers: &HeaderMap) -> CredentialKind {
        CredentialKind::new(headers, &self.0.parts.cookies)
    }

    /// Identifies the caller of a page that the browser navigates to. Such a request has the session
    /// cookie and no header of a script.
    ///
    /// The cookie counts for a `GET` or `HEAD` that comes from a page of the same origin, or from
    /// nowhere, such as a bookmark (`Sec-Fetch-Site: same-origin` or `none`, W3C Fetch Metadata).
    /// Such a request must change nothing. Every other request is one of a script, whose caller is
    /// identified as by [`caller`](Self::caller).
    ///
    /// # Errors
    ///
    /// [`PageError::to_response`] makes the answer of each:
    /// - [`PageError::Login`] if nobody is signed in. The browser is sent to the login, and from there
    ///   back to this page. After a login that failed, the query has an `error`, and the error is
    ///   [`PageError::Auth`] with 401 instead, so that the browser does not go round in circles.
    /// - [`PageError::OtherSite`] if a page of another site has led here, as Coder's does at the end of
    ///   a login. The browser loads the page once more, now from its own origin.
    /// - [`PageError::Auth`] as [`caller`](Self::caller) fails.
    pub async fn caller_of_page(
        &self,
        request: &http::request::Parts,
        environment: Option<&str>,
    ) -> Result<Caller, PageError> {
        let parts = &self.0.parts;
        let sent_by = page::sender(&request.method, &request.headers)?;
        let found = Box::pin(self.0.callers.find(&request.headers, environment, sent_by));
        let found = in_time(&*parts.world.runtime, found).await;
        found.map_err(|error| PageError::new(error, request, environment, parts))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.0.callers
    }

    /// Renews the token of a caller after Coder has refused a request with 401.
    ///
    /// `/users/me` tells whether the token is dead. A grant is then rotated; a dead linked token is
    /// deleted.
    ///
    /// # Errors
    ///
    /// The status is 401 if only a new login or link helps, or if the request brought the token;
    /// 503 if Coder does not answer.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthError> {
        self.0.callers.renew(caller).await
    }

    /// Ends expired sessions, revokes token pairs that are due, and deletes old signing keys. Call
    /// it every few minutes; several replicas may do so at once.
    ///
    /// A part that fails does not stop the others.
    ///
    /// # Errors
    ///
    /// Fails when the store fails. The next call finds what was left over.
    pub async fn sweep(&self) -> Result<(), AuthError> {
        let parts = &self.0.parts;
        let sessions = parts.sessions.expire().await;
        let upstream_of = |app: &_| parts.environments.upstream_of(app).cloned();
        let pairs = parts.revocations.sweep(|revocation| upstream_of(&revocation.app)).await;
        let keys = parts.issuer.sweep().await;
        let swept = sessions.and(pairs.map(drop)).and(keys);
        parts.events.tell(&match &swept {
            Ok(()) => AuthEvent::new(AuthEventKind::Swept),
            Err(error) => AuthEvent::new(AuthEventKind::SweepFailed).reason(error),
        });
        swept
    }

    /// Returns a future that calls [`sweep`](Self::sweep) now and every 5 minutes, and logs what
    /// fails. It ends when this login and all its clones are gone.
    ///
    /// A server spawns it once:
    ///
    /// ```
    /// # fn start(auth: &coder_auth::CoderAuth) {
    /// tokio::spawn(auth.sweeper());
    /// # }
    /// ```
    pub fn sweeper(&self) -> impl Future<Output = ()> + use<> {
        let state = Arc::downgrade(&self.0);
        let runtime = Arc::clone(&self.0.parts.world.runtime);
        async move {
            while let Some(state) = state.upgrade() {
                if let Err(error) = Box::pin(Self(state).sweep()).await {
                    tracing::warn!(
                        error = with_causes(&error),
                        "sweeping failed; it is tried again"
                    );
                }
                runtime.sleep(SWEEP_EVERY).await;
            }
        }
    }

    /// Returns the administration of this portal.
    pub fn administration(&self) -> Administration<'_> {
        Administration::new(&self.0.parts)
    }

    /// Asks the store for something that is not there, which tells whether it answers: for probes.
    ///
    /// # Errors
    ///
    /// Fails when the store does not answer. There is no time limit here.
    pub async fn ask_store(&self) -> Result<(), AuthError> {
        self.0.parts.store.session(&SessionId::from_stored("readiness")).await?;
        Ok(())
    }

    /// Tells whether the deployment of each usable environment answered the last time that it was
    /// asked; `None` if that is not known yet.
    ///
    /// Deployments are asked beside the caller, at most every 10 seconds: a probe does not wait for
    /// Coder.
    pub fn reached_deployments(&self) -> impl Iterator<Item = (&str, Option<bool>)> {
        let usable = self.0.parts.environments.usable();
        usable.map(|ready| (ready.name.as_str(), ready.upstream.is_reached()))
    }

    /// Returns the store of grants and sessions.
    pub fn store(&self) -> &dyn AuthStore {
        &*self.0.parts.store
    }

    /// Returns the world that this login lives in.
    pub fn world(&self) -> &World {
        &self.0.parts.world
    }

    async fn respond_in_time(
        &self,
        request: &Request<Bytes>,
        handler: impl Future<Output = Result<Response<Body>, AuthError>> + Unpin,
    ) -> Response<Body> {
        self.respond(request, in_time(&*self.0.parts.world.runtime, handler)).await
    }

    /// Makes the response of a route. An error of its handler is logged and answered here.
    async fn respond<E: Into<ErrorResponse>>(
        &self,
        request: &Request<Bytes>,
        handler: impl Future<Output = Result<Response<Body>, E>>,
    ) -> Response<Body> {
        handler.await.unwrap_or_else(|error| {
            let error = error.into();
            error.log(request);
            error.to_response(request.method(), self.local_path(request.uri().path()))
        })
    }
}

impl fmt::Debug for CoderAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CoderAuth")
            .field("environments", &self.0.parts.environments.names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
