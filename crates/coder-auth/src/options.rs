//! The options of an embedder for its portal and its Coder deployments. No YAML here.

use std::collections::BTreeMap;
use std::sync::Arc;

use coder_core::{CookieName, DeploymentUrl, Secret};
use jiff::SignedDuration;
use url::Url;

use crate::http::origins::AllowedOrigins;
use crate::identity::{IdentityTokenOptions, StaticSigningKey, TrustedIssuer};
use crate::observer::{AuthObserver, Events};
use crate::session::SessionOptions;
use crate::sign_in::SignIn;

/// The options of a portal's auth backend: its URL, its environments, its sessions and its identity
/// tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthOptions {
    pub(crate) base_url: Url,
    pub(crate) origins: AllowedOrigins,
    pub(crate) environments: BTreeMap<String, Result<EnvironmentOptions, String>>,
    pub(crate) session: SessionOptions,
    pub(crate) access_token: AccessTokenPolicy,
    pub(crate) identity_tokens: IdentityTokenOptions,
    pub(crate) trusted_issuers: Vec<Arc<TrustedIssuer>>,
    pub(crate) dangerously_allow_http: bool,
    pub(crate) cookie_name: CookieName,
    pub(crate) events: Events,
}

/// The recipient of Coder's access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokenPolicy {
    /// The token goes to the browser, as in Backstage, and the page may call Coder itself.
    #[default]
    Browser,
    /// The token stays on this server. A page reaches Coder through the portal only.
    ///
    /// In place of the token, the page gets a placeholder (`providerInfo.accessToken`). It is opaque,
    /// bound to the session, and opens nothing without an identity token or cookie of its person
    /// ([`CoderAuth::proxy_caller`](crate::CoderAuth::proxy_caller)).
    Server,
}

impl AuthOptions {
    /// Creates the options of a portal whose auth backend browsers reach at `base_url`, such as
    /// `https://portal.example.com/api/auth`, and whose pages have these origins.
    pub fn new(base_url: Url, origins: AllowedOrigins) -> Self {
        Self {
            base_url,
            origins,
            environments: BTreeMap::new(),
            session: SessionOptions::default(),
            access_token: AccessTokenPolicy::default(),
            identity_tokens: IdentityTokenOptions::default(),
            trusted_issuers: Vec::new(),
            dangerously_allow_http: false,
            cookie_name: CookieName::default(),
            events: Events::default(),
        }
    }

    /// Adds an environment, which a login names as in `?env=development`.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, options: EnvironmentOptions) -> Self {
        self.environments.insert(name.into(), Ok(options));
        self
    }

    /// Adds the name of an environment that cannot be used. A request for it is refused with this
    /// reason.
    #[must_use]
    pub fn misconfigured_environment(
        mut self,
        name: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        self.environments.insert(name.into(), Err(reason.into()));
        self
    }

    /// Sets when sessions end, and what a logout ends.
    #[must_use]
    pub fn session(mut self, session: SessionOptions) -> Self {
        self.session = session;
        self
    }

    /// Sets whether identity tokens list the entities through which their user owns things, in the
    /// claim `ent`. The default is no.
    ///
    /// Backends that do not ask `/v1/userinfo` need the claim
    /// (`auth.omitIdentityTokenOwnershipClaim: false` in Backstage). Tokens grow with the number of
    /// groups.
    #[must_use]
    pub fn ownership_in_token(mut self, wanted: bool) -> Self {
        self.identity_tokens.ownership = wanted;
        self
    }

    /// Sets the recipient of Coder's access token: the browser by default.
    #[must_use]
    pub fn access_token(mut self, policy: AccessTokenPolicy) -> Self {
        self.access_token = policy;
        self
    }

    /// Sets the lifetime of identity tokens: 1 hour by default.
    ///
    /// The value is raised to 10 minutes or lowered to 24 hours, as in Backstage
    /// (`auth.backstageTokenExpiration`).
    #[must_use]
    pub fn identity_lifetime(mut self, lifetime: SignedDuration) -> Self {
        let (least, most) = (SignedDuration::from_mins(10), SignedDuration::from_hours(24));
        self.identity_tokens.lifetime = lifetime.clamp(least, most);
        self
    }

    /// Sets the keys for identity tokens: the first one signs, and all of them are published.
    /// Without any, this backend generates and rotates keys itself.
    ///
    /// To change keys, add the new one behind the others, and move it to the front ten minutes
    /// later, when the readers of the key set know it.
    #[must_use]
    pub fn signing_keys(mut self, keys: impl IntoIterator<Item = StaticSigningKey>) -> Self {
        self.identity_tokens.keys = keys.into_iter().collect();
        self
    }

    /// Keeps generated signing keys in the memory of this process and out of the store.
    ///
    /// Tokens are then valid until the process ends, and only there. This is for one process that
    /// shares its store with others.
    #[must_use]
    pub fn signing_keys_in_memory(mut self) -> Self {
        self.identity_tokens.keys_in_memory = true;
        self
    }

    /// Sets whether cookies may lack `Secure` when every URL of the portal is plain http, also off
    /// this machine. The default is no.
    ///
    /// Everybody on the way between the browser and the portal can then take over sessions.
    #[must_use]
    pub fn dangerously_allow_http(mut self, allowed: bool) -> Self {
        self.dangerously_allow_http = allowed;
        self
    }

    /// Sets the name of the session cookie: `coder-session` by default.
    ///
    /// Portals of one host need a name each, because their cookies have the path `/` (a browser
    /// demands that of `__Host-`) and would replace each other. A new name signs everybody out.
    #[must_use]
    pub fn cookie_name(mut self, name: CookieName) -> Self {
        self.cookie_name = name;
        self
    }

    /// Sets who is told of each event of a login, beside the audit log. A second observer replaces the
    /// first.
    #[must_use]
    pub fn observer(mut self, observer: impl AuthObserver + 'static) -> Self {
        self.events = Events(Some(Arc::new(observer)));
        self
    }

    /// Adds an issuer whose identity tokens are accepted, such as the Backstage backend beside this
    /// portal.
    ///
    /// Tokens of an issuer name a user and give no access to Coder by themselves. Access needs a linked
    /// token ([`CoderAuth::link`](crate::CoderAuth::link)) or a login at Coder in the same browser.
    #[must_use]
    pub fn trusted_issuer(mut self, issuer: impl Into<Arc<TrustedIssuer>>) -> Self {
        self.trusted_issuers.push(issuer.into());
        self
    }
}

/// An environment: an OAuth2 application at a Coder deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnvironmentOptions {
    pub(crate) deployment: DeploymentUrl,
    pub(crate) internal: Option<DeploymentUrl>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) callback_url: Option<Url>,
    pub(crate) scopes: Vec<String>,
    pub(crate) sign_in: Option<SignIn>,
}

impl EnvironmentOptions {
    /// Creates an environment for the application `client_id` at `deployment`, the URL under which
    /// browsers reach Coder.
    pub fn new(
        deployment: DeploymentUrl,
        client_id: impl Into<String>,
        client_secret: Secret,
    ) -> Self {
        Self {
            deployment,
            internal: None,
            client_id: client_id.into(),
            client_secret,
            callback_url: None,
            scopes: Vec::new(),
            sign_in: None,
        }
    }

    /// Sets the URL under which this server reaches the same deployment, if it differs from that
    /// for browsers.
    #[must_use]
    pub fn internal_url(mut self, url: DeploymentUrl) -> Self {
        self.internal = Some(url);
        self
    }

    /// Sets the callback URL as it is registered at Coder, letter by letter.
    ///
    /// Without it, the URL is `{base_url}/coder/handler/frame`. In a portal with several
    /// deployments it is `{base_url}/coder/handler/frame/{environment}`, with the first environment
    /// of the deployment in the order of names.
    ///
    /// Two deployments must not share the path of their callback URLs, because that path binds a
    /// callback to its deployment (RFC 9700 §4.4).
    #[must_use]
    pub fn callback_url(mut self, url: Url) -> Self {
        self.callback_url = Some(url);
        self
    }

    /// Sets the scopes that every login asks for. Coder enforces scopes from 2.38 on.
    ///
    /// Without scopes, a token may do everything that its user may do.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = String>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Sets how users sign in to Backstage with Coder. Without it, a login gives access to Coder
    /// only.
    #[must_use]
    pub fn sign_in(mut self, sign_in: SignIn) -> Self {
        self.sign_in = Some(sign_in);
        self
    }
}
