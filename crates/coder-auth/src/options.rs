//! What an embedder says about its portal and its Coder deployments. No YAML here.

use std::collections::BTreeMap;
use std::sync::Arc;

use coder_core::{DeploymentUrl, Secret};
use jiff::SignedDuration;
use url::Url;

use crate::http::origins::AllowedOrigins;
use crate::identity::{IdentityTokenOptions, StaticSigningKey, TrustedIssuer};
use crate::session::SessionOptions;
use crate::sign_in::SignIn;

/// The portal: where it lives, which environments it offers, and how long things last.
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
}

/// Who gets Coder's access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokenPolicy {
    /// The browser gets it, as in Backstage, and may call Coder itself.
    #[default]
    Browser,
    /// It stays here. The browser reaches Coder through the portal's own routes only; what is
    /// called `providerInfo.accessToken` is absent.
    Server,
}

impl AuthOptions {
    /// A portal whose auth backend is at `base_url` (`https://portal.example.com/api/auth`), and
    /// whose pages have these origins.
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
        }
    }

    /// Offers an environment, as in `?env=development`.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, options: EnvironmentOptions) -> Self {
        self.environments.insert(name.into(), Ok(options));
        self
    }

    /// Keeps the name of an environment that cannot be offered, so that those who ask for it are
    /// told why.
    #[must_use]
    pub fn misconfigured_environment(
        mut self,
        name: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        self.environments.insert(name.into(), Err(reason.into()));
        self
    }

    /// When sessions end.
    #[must_use]
    pub fn session(mut self, session: SessionOptions) -> Self {
        self.session = session;
        self
    }

    /// Writes what a person owns through into identity tokens, as `ent`, for backends that do not
    /// ask `/v1/userinfo` (`auth.omitIdentityTokenOwnershipClaim: false` in Backstage). Tokens grow
    /// with the number of groups.
    #[must_use]
    pub fn ownership_in_token(mut self, wanted: bool) -> Self {
        self.identity_tokens.ownership = wanted;
        self
    }

    /// Who gets Coder's access token: the browser, unless said otherwise.
    #[must_use]
    pub fn access_token(mut self, policy: AccessTokenPolicy) -> Self {
        self.access_token = policy;
        self
    }

    /// How long an identity token is good: 1 hour unless said otherwise, and always between 10
    /// minutes and 24 hours, as in Backstage (`auth.backstageTokenExpiration`).
    #[must_use]
    pub fn identity_lifetime(mut self, lifetime: SignedDuration) -> Self {
        let (least, most) = (SignedDuration::from_mins(10), SignedDuration::from_hours(24));
        self.identity_tokens.lifetime = lifetime.clamp(least, most);
        self
    }

    /// Signs identity tokens with the first of these keys and publishes all of them, in the place
    /// of keys that are drawn and rotated here. To change keys, put a new one behind the others
    /// first, and to the front when everybody has learnt of it, ten minutes later.
    #[must_use]
    pub fn signing_keys(mut self, keys: impl IntoIterator<Item = StaticSigningKey>) -> Self {
        self.identity_tokens.keys = keys.into_iter().collect();
        self
    }

    /// Keeps the keys that are drawn to sign identity tokens in this process, and not in the store:
    /// tokens are good until it ends, and for it alone. For one process beside a store that others
    /// read, too.
    #[must_use]
    pub fn signing_keys_in_memory(mut self) -> Self {
        self.identity_tokens.keys_in_memory = true;
        self
    }

    /// Allows cookies without `Secure` where every URL of the portal is plain http, also off this
    /// machine. Everybody on the way between browser and portal can then take over sessions.
    #[must_use]
    pub fn dangerously_allow_http(mut self, allowed: bool) -> Self {
        self.dangerously_allow_http = allowed;
        self
    }

    /// Believes identity tokens of another issuer, such as the Backstage backend beside this
    /// portal. They say who somebody is, and give access to Coder only to those who have linked a
    /// token of theirs ([`CoderAuth::link`](crate::CoderAuth::link)) or are signed in to Coder, too.
    #[must_use]
    pub fn trusted_issuer(mut self, issuer: impl Into<Arc<TrustedIssuer>>) -> Self {
        self.trusted_issuers.push(issuer.into());
        self
    }
}

/// One environment: an OAuth2 app at a Coder deployment.
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
    /// The app `client_id` at `deployment`, the URL under which browsers reach Coder.
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

    /// The URL under which this server reaches the same deployment.
    #[must_use]
    pub fn internal_url(mut self, url: DeploymentUrl) -> Self {
        self.internal = Some(url);
        self
    }

    /// The callback URL as it is registered at Coder, letter by letter. Without it,
    /// `{base_url}/coder/handler/frame`, or, in a portal with several deployments,
    /// `{base_url}/coder/handler/frame/{environment}` with the name of the deployment's first
    /// environment in the order of names.
    ///
    /// Two deployments must not share the path of their callback URLs: a callback is bound to its
    /// deployment by that path (RFC 9700 §4.4).
    #[must_use]
    pub fn callback_url(mut self, url: Url) -> Self {
        self.callback_url = Some(url);
        self
    }

    /// Scopes every login asks for. Coder honours scopes from 2.38 on; without any, a token can do
    /// all that its user can.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = String>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Lets people sign in to Backstage with Coder. Without it, a login gives access to Coder only.
    #[must_use]
    pub fn sign_in(mut self, sign_in: SignIn) -> Self {
        self.sign_in = Some(sign_in);
        self
    }
}
