//! The auth backend of one portal: its routes, as functions from request to response.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret, World, join_path, timeout};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use url::Url;

use crate::caller::links::Links;
use crate::caller::passed_tokens::PassedTokens;
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::manager::Grants;
use crate::grant::revocations::Revocations;
use crate::identity::{AcceptTokens, IdentityVerifier, Issuer};
use crate::options::{AccessTokenPolicy, AuthOptions, EnvironmentOptions};
use crate::seal::SealingKeys;
use crate::session::SessionOptions;
use crate::sign_in::SignIn;
use crate::store::AuthStore;
use crate::store::memory::MemoryAuthStore;
use crate::upstream::{SharedDeployment, Upstream};
use crate::web::cookies::CookieRules;
use crate::web::origins::AllowedOrigins;
use crate::web::request::RequestError;
use crate::web::respond;

/// The time in which every route answers. Portals and proxies wait for 20 seconds.
const ROUTE_TIMEOUT: Duration = Duration::from_secs(19);

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
pub struct CoderAuth(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn AuthStore>,
    pub(crate) keys: SealingKeys,
    pub(crate) grants: Grants,
    pub(crate) revocations: Revocations,
    pub(crate) links: Links,
    pub(crate) passed_tokens: PassedTokens,
    pub(crate) issuer: Issuer,
    /// Verifies the tokens of other issuers.
    pub(crate) others: IdentityVerifier,
    pub(crate) origins: AllowedOrigins,
    pub(crate) session: SessionOptions,
    pub(crate) access_token: AccessTokenPolicy,
    pub(crate) cookies: CookieRules,
    environments: BTreeMap<String, Result<Arc<Environment>, String>>,
}

/// One environment, ready for use.
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) scopes: Vec<String>,
    /// Redirect URI of its logins (RFC 6749 §3.1.2), as it is registered at Coder.
    pub(crate) callback: Url,
}

impl CoderAuth {
    /// Puts the parts together. `keys` seal cookies and everything secret in `store`.
    pub fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        options: AuthOptions,
    ) -> Self {
        let callbacks = Callbacks::of(&options);
        let mut deployments = BTreeMap::<String, SharedDeployment>::new();
        let environments: BTreeMap<_, _> = options
            .environments
            .into_iter()
            .map(|(name, environment)| {
                let ready = environment.map(|options| {
                    let deployment = options.deployment.to_string();
                    let shared = deployments.entry(deployment).or_default().clone();
                    Arc::new(Environment::new(world, &name, options, &callbacks, shared))
                });
                (name, ready)
            })
            .collect();
        let ready = environments.values().filter_map(|ready| ready.as_ref().ok());
        let cookies = CookieRules::new(
            options.origins.app(),
            ready.map(|environment| &environment.callback).chain([&options.base_url]),
            options.dangerously_allow_http,
        );
        let revocations = Revocations::new(world.clone(), store.clone(), keys.clone());
        Self(Arc::new(Inner {
            world: world.clone(),
            grants: Grants::new(world.clone(), store.clone(), keys.clone(), revocations.clone()),
            revocations,
            links: Links::new(world.clone(), store.clone(), keys.clone()),
            passed_tokens: PassedTokens::default(),
            issuer: Issuer::new(
                world,
                match options.identity_tokens.keys_in_memory {
                    true => Arc::new(MemoryAuthStore::new()),
                    false => store.clone(),
                },
                keys.clone(),
                &options.base_url,
                &options.identity_tokens,
            ),
            others: options
                .trusted_issuers
                .into_iter()
                .fold(IdentityVerifier::new(world), IdentityVerifier::trusting_shared),
            store,
            keys,
            cookies,
            origins: options.origins,
            session: options.session,
            access_token: options.access_token,
            environments,
        }))
    }

    /// The origins whose pages may use this backend with the browser's cookies.
    pub fn allowed_origins(&self) -> &AllowedOrigins {
        &self.0.origins
    }

    /// The redirect URI of each usable environment (RFC 6749 §3.1.2), as it has to be registered at
    /// its deployment.
    pub fn redirect_uris(&self) -> impl Iterator<Item = (&str, &Url)> {
        let ready = self.0.environments.iter();
        ready.filter_map(|(name, ready)| Some((name.as_str(), &ready.as_ref().ok()?.callback)))
    }

    /// The names of two environments at different deployments whose logins end at one path, if
    /// there are such.
    ///
    /// The path is what tells the answer of one authorization server from that of another (RFC 9700
    /// §4.4.2.2). Where it does not, whoever runs one deployment can have a code of the other
    /// redeemed, so a portal must refuse such options.
    pub fn environments_sharing_a_redirect_uri(&self) -> Option<(&str, &str)> {
        let ready: Vec<_> =
            self.0.environments.values().filter_map(|ready| ready.as_deref().ok()).collect();
        let share = |one: &Environment, other: &Environment| {
            one.upstream.deployment() != other.upstream.deployment()
                && one.accepts_callback_path(other.callback.path())
        };
        ready.iter().enumerate().find_map(|(index, one)| {
            let other = ready.iter().take(index).find(|other| share(one, other))?;
            Some((other.name.as_str(), one.name.as_str()))
        })
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// The keys that verify this portal's identity tokens (RFC 7517 §5).
    pub async fn jwks(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.0.issuer.jwks().await {
            Ok(keys) => respond::json_text(StatusCode::OK, keys),
            Err(error) => respond::error(&error, request),
        }
    }

    /// The discovery document of this portal's identity tokens.
    pub fn openid_configuration(&self) -> Response<Bytes> {
        respond::json(StatusCode::OK, &self.0.issuer.discovery())
    }

    /// Who the holder of an identity token (full or limited) is, and through which entities that
    /// person owns things: Backstage's `GET /v1/userinfo`.
    pub async fn userinfo(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match self.find_userinfo(request.headers()).await {
            Ok(response) => response,
            Err(error) => respond::error(&error, request),
        }
    }

    async fn find_userinfo(&self, headers: &HeaderMap) -> Result<Response<Bytes>, AuthError> {
        use crate::session::SessionError;
        let inner = &self.0;
        let token = bearer(headers).ok_or(SessionError::InvalidToken)?;
        let user = inner.issuer.verify(token.expose(), AcceptTokens::FullOrLimited).await?;
        let Some(person) = inner.store.person(&user).await? else {
            let mut response = respond::empty(StatusCode::NOT_FOUND);
            *response.body_mut() = Bytes::from_static(b"User info not found");
            return Ok(response);
        };
        let claims = serde_json::json!({
            "claims": { "sub": person.user_entity_ref, "ent": person.ownership_entity_refs },
        });
        Ok(respond::json(StatusCode::OK, &claims))
    }
}

impl Inner {
    /// Bounds the work of one route, however many questions it asks. Whatever must not be lost is
    /// detached, so that dropping the rest is safe.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        // On the heap: the future of a login is large, and callers nest it.
        let answer = timeout(&*self.world.runtime, ROUTE_TIMEOUT, Box::pin(work)).await;
        answer.unwrap_or_else(|| Err(AuthErrorKind::TooSlow.into()))
    }

    pub(crate) fn environment(&self, name: &str) -> Result<&Arc<Environment>, RequestError> {
        match self.environments.get(name) {
            Some(Ok(environment)) => Ok(environment),
            Some(Err(reason)) => Err(RequestError::Misconfigured { reason: reason.clone() }),
            None => Err(RequestError::UnknownEnvironment(name.to_owned())),
        }
    }

    /// The environments that can be used.
    pub(crate) fn environments(&self) -> impl Iterator<Item = &Arc<Environment>> {
        self.environments.values().filter_map(|ready| ready.as_ref().ok())
    }

    /// The only environment there is, for callers that need not name one.
    pub(crate) fn only_environment(&self) -> Result<&Arc<Environment>, RequestError> {
        let mut ready = self.environments();
        match (ready.next(), ready.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(RequestError::MissingEnvironment),
        }
    }
}

impl Environment {
    fn new(
        world: &World,
        name: &str,
        options: EnvironmentOptions,
        callbacks: &Callbacks,
        shared: SharedDeployment,
    ) -> Self {
        let callback =
            options.callback_url.unwrap_or_else(|| callbacks.default_for(&options.deployment));
        let upstream = Upstream::new(
            world,
            options.deployment,
            options.internal,
            options.client_id,
            options.client_secret,
            &callback,
        );
        Self {
            name: name.to_owned(),
            upstream: Arc::new(upstream.sharing(shared)),
            sign_in: options.sign_in,
            scopes: options.scopes,
            callback,
        }
    }

    /// Says whether a request to `path` came to the redirect URI of this environment.
    ///
    /// The part from `/coder/handler/frame` on is compared letter by letter. What stands in front
    /// of it may be changed by a reverse proxy. Another deployment cannot send a code to this path,
    /// which is what binds a callback to its authorization server (RFC 9700 §4.4.2.2).
    fn accepts_callback_path(&self, path: &str) -> bool {
        same_callback(self.callback.path(), path)
    }

    /// Refuses an answer of an authorization server that is not this environment's (RFC 9700 §4.4):
    /// one that arrives at another redirect URI, or names another issuer (RFC 9207 §2.4).
    pub(crate) fn check_callback(
        &self,
        path: &str,
        issuer: Option<&str>,
    ) -> Result<(), RequestError> {
        let own = self.upstream.deployment();
        // Coder names itself by its access URL, whose spelling may differ.
        let is_own = |issuer: &str| DeploymentUrl::parse(issuer).is_ok_and(|url| url == *own);
        if !issuer.is_none_or(is_own) || !self.accepts_callback_path(path) {
            return Err(RequestError::OtherServer);
        }
        Ok(())
    }
}

fn same_callback(own: &str, arrived: &str) -> bool {
    let arrived = arrived.strip_suffix('/').unwrap_or(arrived);
    match (frame_tail(own), frame_tail(arrived)) {
        (Some(own), Some(arrived)) => own == arrived,
        _ => own == arrived,
    }
}

const FRAME: &str = "/coder/handler/frame";

/// Everything behind the last `/coder/handler/frame` of a path: nothing, or the environment.
fn frame_tail(path: &str) -> Option<&str> {
    path.rfind(FRAME).and_then(|at| path.get(at + FRAME.len()..))
}

/// The redirect URIs of environments that name none themselves: one for a portal with one
/// deployment, else one for each deployment, named after its first environment.
struct Callbacks {
    base_url: Url,
    /// The first environment of each deployment.
    deployments: Vec<(DeploymentUrl, String)>,
}

impl Callbacks {
    fn of(options: &AuthOptions) -> Self {
        let mut deployments: Vec<(DeploymentUrl, String)> = Vec::new();
        for (name, environment) in &options.environments {
            let Ok(environment) = environment else { continue };
            if deployments.iter().all(|(known, _)| *known != environment.deployment) {
                deployments.push((environment.deployment.clone(), name.clone()));
            }
        }
        Self { base_url: options.base_url.clone(), deployments }
    }

    fn default_for(&self, deployment: &DeploymentUrl) -> Url {
        let mut url = join_path(&self.base_url, FRAME.trim_start_matches('/'));
        let first = self.deployments.iter().find(|(known, _)| known == deployment);
        if let (Some((_, first)), 2..) = (first, self.deployments.len())
            && let Ok(mut segments) = url.path_segments_mut()
        {
            segments.push(first);
        }
        url
    }
}

impl fmt::Debug for CoderAuth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CoderAuth")
            .field("environments", &self.0.environments.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// The bearer token of a request (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callbacks(environments: &[(&str, &str)]) -> Vec<String> {
        let origins = AllowedOrigins::new("https://portal.example.com".parse().unwrap(), []);
        let base_url = Url::parse("https://portal.example.com/api/auth").unwrap();
        let deployment = |url: &str| DeploymentUrl::parse(url).unwrap();
        let mut options = AuthOptions::new(base_url, origins);
        for (name, url) in environments {
            let environment = EnvironmentOptions::new(deployment(url), "id", Secret::new("secret"));
            options = options.environment(*name, environment);
        }
        let callbacks = Callbacks::of(&options);
        environments
            .iter()
            .map(|(_, url)| callbacks.default_for(&deployment(url)).path().to_owned())
            .collect()
    }

    #[test]
    fn a_portal_with_one_deployment_has_one_redirect_uri() {
        let one =
            callbacks(&[("a", "https://coder.example.com"), ("b", "https://coder.example.com")]);
        assert_eq!(one, ["/api/auth/coder/handler/frame"; 2]);
    }

    #[test]
    fn each_of_several_deployments_has_a_redirect_uri_named_after_its_first_environment() {
        let several = callbacks(&[
            ("a", "https://coder.example.com/one"),
            ("b", "https://coder.example.com/two"),
            ("c", "https://coder.example.com/one"),
            ("d e", "https://other.example.com"),
        ]);
        let named = ["a", "b", "a", "d%20e"];
        assert_eq!(several, named.map(|name| format!("/api/auth/coder/handler/frame/{name}")));
    }

    #[test]
    fn a_callback_counts_only_at_the_redirect_uri_of_its_deployment() {
        for (own, arrived, accepted) in [
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame", true),
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame/", true),
            ("/behind/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame/a", true),
            ("/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame/b", false),
            ("/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame", false),
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame/a", false),
            ("/own", "/own", true),
            ("/own", "/api/auth/coder/handler/frame", false),
        ] {
            assert_eq!(same_callback(own, arrived), accepted, "{own} {arrived}");
        }
    }
}
