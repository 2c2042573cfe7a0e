//! The auth backend of one portal: its routes, as functions from request to response.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Body, World};
use http::{HeaderMap, Request, Response, StatusCode};
use url::Url;

use crate::caller::links::Links;
use crate::caller::passed_tokens::PassedTokens;
use crate::caller::user::BackstageUsers;
use crate::caller::{Caller, Callers};
use crate::environment::Environments;
use crate::error::AuthError;
use crate::grant::manager::Grants;
use crate::grant::revocations::Revocations;
use crate::http::cookies::CookieRules;
use crate::http::origins::AllowedOrigins;
use crate::http::response::{self, ErrorResponse};
use crate::identity::{IdentityVerifier, Issuer};
use crate::login::completion::Logins;
use crate::options::AuthOptions;
use crate::routes::callback::CallbackRoute;
use crate::routes::in_time;
use crate::routes::link::LinkRoutes;
use crate::routes::logout::LogoutRoute;
use crate::routes::refresh::{RefreshRoute, refresh_error};
use crate::routes::start::StartRoute;
use crate::routes::userinfo::UserInfoRoute;
use crate::seal::SealingKeys;
use crate::session::manager::Sessions;
use crate::session::response::SessionResponses;
use crate::store::AuthStore;
use crate::store::memory::MemoryAuthStore;

/// Coder as the OAuth2 provider of one portal. Cheap to clone.
///
/// Every route is a method from an HTTP request to an HTTP response; whoever serves them only has
/// to look at the path:
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
#[derive(Clone)]
pub struct CoderAuth(Arc<AuthState>);

/// The routes of one portal, and what they share.
struct AuthState {
    world: World,
    base_url: Url,
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    issuer: Arc<Issuer>,
    sessions: Sessions,
    revocations: Revocations,
    callers: Callers,
    start: StartRoute,
    callback: CallbackRoute,
    refresh: RefreshRoute,
    logout: LogoutRoute,
    userinfo: UserInfoRoute,
    links: LinkRoutes,
}

impl CoderAuth {
    /// Puts the parts together. `keys` seal cookies and everything secret in `store`.
    pub fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        options: AuthOptions,
    ) -> Self {
        let AuthOptions { base_url, identity_tokens, session, .. } = options;
        let environments = Arc::new(Environments::new(world, &base_url, options.environments));
        let origins = Arc::new(options.origins);
        let callbacks = environments.usable().map(|environment| &environment.callback);
        let cookies = CookieRules::new(
            origins.app(),
            callbacks.chain([&base_url]),
            options.dangerously_allow_http,
        );
        let key_store = if identity_tokens.keys_in_memory {
            Arc::new(MemoryAuthStore::new())
        } else {
            Arc::clone(&store)
        };
        let issuer =
            Arc::new(Issuer::new(world, key_store, keys.clone(), &base_url, &identity_tokens));
        let trusted = options
            .trusted_issuers
            .into_iter()
            .fold(IdentityVerifier::new(world), IdentityVerifier::trusted_issuer);
        let revocations = Revocations::new(world.clone(), Arc::clone(&store), keys.clone());
        let grants =
            Grants::new(world.clone(), Arc::clone(&store), keys.clone(), revocations.clone());
        let sessions = Sessions {
            world: world.clone(),
            store: Arc::clone(&store),
            environments: Arc::clone(&environments),
            revocations: revocations.clone(),
            cookies,
            options: session,
        };
        let responses = SessionResponses {
            world: world.clone(),
            store: Arc::clone(&store),
            keys: keys.clone(),
            issuer: Arc::clone(&issuer),
            access_token: options.access_token,
        };
        let links = Links::new(world.clone(), Arc::clone(&store), keys.clone());
        let users = BackstageUsers {
            keys: keys.clone(),
            environments: Arc::clone(&environments),
            origins: Arc::clone(&origins),
            sessions: sessions.clone(),
            grants: grants.clone(),
            issuer: Arc::clone(&issuer),
            trusted: Arc::new(trusted),
        };
        Self(Arc::new(AuthState {
            callers: Callers {
                world: world.clone(),
                environments: Arc::clone(&environments),
                grants: grants.clone(),
                links: links.clone(),
                passed_tokens: PassedTokens::default(),
                users: users.clone(),
            },
            start: StartRoute {
                world: world.clone(),
                store: Arc::clone(&store),
                keys: keys.clone(),
                environments: Arc::clone(&environments),
                origins: Arc::clone(&origins),
                cookies,
                grants: grants.clone(),
            },
            callback: CallbackRoute {
                world: world.clone(),
                store: Arc::clone(&store),
                keys,
                environments: Arc::clone(&environments),
                origins: Arc::clone(&origins),
                cookies,
                session,
                logins: Logins {
                    world: world.clone(),
                    store: Arc::clone(&store),
                    grants: grants.clone(),
                    revocations: revocations.clone(),
                    sessions: sessions.clone(),
                    responses: responses.clone(),
                },
            },
            refresh: RefreshRoute {
                environments: Arc::clone(&environments),
                origins: Arc::clone(&origins),
                sessions: sessions.clone(),
                grants,
                responses,
            },
            logout: LogoutRoute {
                world: world.clone(),
                environments: Arc::clone(&environments),
                origins: Arc::clone(&origins),
                cookies,
                sessions: sessions.clone(),
            },
            userinfo: UserInfoRoute { store, issuer: Arc::clone(&issuer) },
            links: LinkRoutes {
                world: world.clone(),
                environments: Arc::clone(&environments),
                users,
                links,
            },
            world: world.clone(),
            base_url,
            environments,
            origins,
            issuer,
            sessions,
            revocations,
        }))
    }

    /// Returns the origins whose pages may use this backend with the browser's cookies.
    pub fn allowed_origins(&self) -> &AllowedOrigins {
        &self.0.origins
    }

    /// Lists the redirect URI of each usable environment (RFC 6749 §3.1.2), as it has to be
    /// registered at its deployment.
    pub fn redirect_uris(&self) -> impl Iterator<Item = (&str, &Url)> {
        self.0.environments.usable().map(|ready| (ready.name.as_str(), &ready.callback))
    }

    /// Finds two environments at different deployments whose logins end at one path.
    ///
    /// The path tells the answer of one authorization server from that of another (RFC 9700
    /// §4.4.2.2). Where two share it, whoever runs one deployment can have a code of the other
    /// redeemed, so a portal must refuse such options.
    pub fn environments_sharing_a_redirect_uri(&self) -> Option<(&str, &str)> {
        self.0.environments.sharing_a_redirect_uri()
    }

    /// Returns the part of a request's path below the base URL of this backend, as Express names it
    /// in `req.url`; a path elsewhere is returned whole.
    pub fn local_path<'a>(&self, path: &'a str) -> &'a str {
        let mount = self.0.base_url.path().trim_end_matches('/');
        path.strip_prefix(mount).filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }

    /// Starts a login: `GET /start?env=…[&origin=…][&scope=…][&flow=popup|redirect][&redirectUrl=…]`.
    ///
    /// Answers 302 to Coder's consent page (RFC 6749 §4.1.1 with PKCE, RFC 7636), and gives the
    /// browser the sealed attempt. Where the login is known to fail, nobody is sent to Coder: the
    /// popup, or the page of the redirect flow, is told why.
    pub async fn start(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.start.handle(request))).await
    }

    /// Finishes a login: `GET /handler/frame?code=…&state=…`, or the same as a posted form.
    ///
    /// Answers with the popup page, which posts the session to the portal; in the redirect flow
    /// with 302 to the page the login was started for. An authorization error without a `state`
    /// goes to the newest attempt of this browser. Any other request without a `state` of ours is
    /// refused with JSON, since nobody waits for a message then.
    pub async fn callback(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.callback.handle(request))).await
    }

    /// Tells the browser who it is and gives it fresh tokens: `GET /refresh?env=…`, with the
    /// session cookie and `X-Requested-With: XMLHttpRequest`.
    ///
    /// 401 means that the session is over, or needs a new login; 503, with `Retry-After`, that it
    /// is not.
    pub async fn refresh(&self, request: &Request<Bytes>) -> Response<Body> {
        let handler = Box::pin(self.0.refresh.handle(request));
        let refreshed = in_time(&*self.0.world.runtime, handler);
        let refreshed = async { refreshed.await.map_err(|error| refresh_error(&error)) };
        let mut response = self.respond(request, refreshed).await;
        response::clear_former_cookies(&mut response, request.headers());
        response
    }

    /// Ends the browser's session: `POST /logout?env=…`, whichever environment of this portal it
    /// was made in. Coder is told to revoke the tokens when no other browser of this person needs
    /// them (RFC 7009); when Coder does not answer, [`sweep`](Self::sweep) tells it later.
    pub async fn logout(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.logout.handle(request))).await
    }

    /// The keys that verify this portal's identity tokens (RFC 7517 §5).
    pub async fn jwks(&self, request: &Request<Bytes>) -> Response<Body> {
        let keys = async {
            let keys = self.0.issuer.jwks().await?;
            Ok::<_, AuthError>(response::json_text(StatusCode::OK, keys))
        };
        self.respond(request, keys).await
    }

    /// The discovery document of this portal's identity tokens.
    pub fn openid_configuration(&self) -> Response<Body> {
        response::json(StatusCode::OK, &self.0.issuer.discovery())
    }

    /// Who the holder of an identity token (full or limited) is, and through which entities that
    /// person owns things: Backstage's `GET /v1/userinfo`.
    pub async fn userinfo(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond(request, Box::pin(self.0.userinfo.handle(request.headers()))).await
    }

    /// Says whose Coder token the person has linked: `GET /link?env=…`.
    ///
    /// The person is known by an identity token in `Authorization`, ours or that of a trusted
    /// issuer, or by the session cookie with `X-Requested-With: XMLHttpRequest` from a page of an
    /// allowed origin. The environment may be left out when it is that of the sign-in, or the only
    /// one.
    pub async fn show_link(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.show(request))).await
    }

    /// Links a Coder session token: `POST /link?env=…` with `{"token": "…"}`, in the place of one
    /// that was linked before. Callers are known as in [`show_link`](Self::show_link).
    ///
    /// The token must be good and, as far as this portal can tell, the person's own: not that of
    /// another user than the person is signed in to Coder as, and not that of a user whom the
    /// sign-in resolvers know as somebody else.
    pub async fn link(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.link(request))).await
    }

    /// Forgets the linked token: `DELETE /link?env=…`. At Coder it stays what it is, since it is
    /// the person's own. Callers are known as in [`show_link`](Self::show_link).
    pub async fn unlink(&self, request: &Request<Bytes>) -> Response<Body> {
        self.respond_in_time(request, Box::pin(self.0.links.unlink(request))).await
    }

    /// Finds out who makes a request, and with which rights at Coder. In this order:
    ///
    /// 1. `Coder-Session-Token`: the caller's own token, once Coder has accepted it at `/users/me`.
    ///    Its answer, a refusal too, counts for a minute.
    /// 2. `Authorization: Bearer` with one of our identity tokens: the grant that the token was
    ///    issued for, and no other.
    /// 3. `Authorization: Bearer` with an identity token of a trusted issuer
    ///    ([`AuthOptions::trusting`](crate::AuthOptions::trusting)), which names a person and gives
    ///    no access by itself: the session of 4., if it is that person's. Where logging in signs
    ///    nobody in to Backstage, nobody can tell whose session it is; the caller then has the
    ///    rights of the session, and no name.
    /// 4. The session cookie, with `X-Requested-With: XMLHttpRequest`, from a page of an allowed
    ///    origin. `GET` is no exception: what is read belongs to the person, too.
    ///
    /// Where 2. to 4. lead to a person but to no grant that can be used, the token counts that the
    /// person has linked ([`link`](Self::link)).
    ///
    /// `environment` is the one the request names; a session or a token brings its own.
    ///
    /// # Errors
    ///
    /// 401 when nobody is there or must sign in again, 403 for another site, 503 when Coder, the
    /// catalog or a trusted issuer cannot be asked right now.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let found = Box::pin(self.0.callers.find(headers, environment));
        in_time(&*self.0.world.runtime, found).await
    }

    /// The same caller after Coder has refused a request with 401: asks `/users/me` whether the
    /// token is dead, and rotates it then. A linked token that is dead is forgotten.
    ///
    /// # Errors
    ///
    /// 401 when only a new login or link helps, or when the caller brought the token; 503 when
    /// Coder cannot be asked right now.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthError> {
        self.0.callers.renew(caller).await
    }

    /// Ends what has outlived its time: sessions, and token pairs that are to be revoked. Call it
    /// every few minutes; several replicas may do so at once. A part that fails does not keep the
    /// others from being done.
    ///
    /// # Errors
    ///
    /// When the store fails. What is left over is found the next time.
    pub async fn sweep(&self) -> Result<(), AuthError> {
        let state = &*self.0;
        let sessions = state.sessions.expire().await;
        let upstream_of = |app: &_| state.environments.upstream_of(app).cloned();
        let pairs = state.revocations.sweep(|revocation| upstream_of(&revocation.app)).await;
        let keys = state.issuer.sweep().await;
        sessions.and(pairs).and(keys)
    }

    async fn respond_in_time(
        &self,
        request: &Request<Bytes>,
        handler: impl Future<Output = Result<Response<Body>, AuthError>> + Unpin,
    ) -> Response<Body> {
        self.respond(request, in_time(&*self.0.world.runtime, handler)).await
    }

    /// Makes the response of a route; an error of its handler is logged and answered here.
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
            .field("environments", &self.0.environments.names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
