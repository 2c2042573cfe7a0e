//! `auth`: who may sign in, and with which OAuth2 app at which Coder deployment.

use std::borrow::Cow;

use coder_core::{DeploymentUrl, DeploymentUrlError, Secret, quoted, with_causes};
use indexmap::IndexMap;
use jiff::SignedDuration;
use url::Url;

use super::callback_url::callback_url;
use super::duration::Range;
use super::key_store::KeyStoreConfig;
use super::peer_urls::{ALLOW_HTTP, Peer};
use super::reader::{Reader, Section, each_once};
use super::sign_in::SignInResolverConfig;
use crate::error::Hint;
use crate::suggest::did_you_mean;
use crate::{ConfigError, ConfigErrors, EnvironmentName, Location, Notice, Provenance};

/// `auth` of app-config, as far as it concerns Coder.
///
/// The struct is exhaustive, so that a portal that does not read a new key does not compile.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// `auth.environment`: which block of `auth.providers.coder` the portal's pages use.
    pub environment: EnvironmentName,
    /// `auth.experimentalExtraAllowedOrigins`: origins, possibly with `*`, whose pages may sign in.
    pub extra_allowed_origins: Vec<String>,
    /// `auth.backstageTokenExpiration`: how long identity tokens are good.
    pub token_expiration: Option<SignedDuration>,
    /// `auth.omitIdentityTokenOwnershipClaim`: whether identity tokens leave out what their person
    /// owns (the claim `ent`). The default is `true`.
    pub omit_ownership_claim: bool,
    /// `auth.keyStore`: where the keys that sign identity tokens come from, if it is said.
    pub key_store: Option<KeyStoreConfig>,
    /// `auth.session.secret`: what Backstage's backend signs its session cookie with. There is no
    /// such cookie here: what is stored is sealed with `coder.session.keys`.
    pub session_secret: Option<Secret>,
    /// The blocks of `auth.providers.coder`. One that cannot be used is its problems; the
    /// configured environment's never is.
    pub environments: IndexMap<EnvironmentName, Result<CoderEnvironment, ConfigErrors>>,
}

/// One block of `auth.providers.coder`: an OAuth2 app at a Coder deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CoderEnvironment {
    /// `clientId` of the app.
    pub client_id: String,
    /// `clientSecret` of the app.
    pub client_secret: Secret,
    /// `deploymentUrl`: where browsers reach Coder.
    pub deployment_url: DeploymentUrl,
    /// `internalUrl`: where this server reaches the same deployment, if it is another place. It may
    /// be plain http where `dangerouslyAllowHttp` of the block says so.
    pub internal_url: Option<DeploymentUrl>,
    /// `callbackUrl` as it is registered at Coder, if it is not the default one.
    pub callback_url: Option<Url>,
    /// `additionalScopes` that every login asks for, each once.
    pub additional_scopes: Vec<String>,
    /// `sessionDuration`: how long a browser stays signed in.
    pub session_duration: Option<SignedDuration>,
    /// `signIn.resolvers`, in order. Without any, a login gives access to Coder only.
    pub sign_in_resolvers: Vec<SignInResolverConfig>,
    /// The place where the block is written.
    pub provenance: Provenance,
    path: String,
    /// Place where `callbackUrl` is written, if it is.
    callback_at: Option<Provenance>,
    /// Place where `signIn` is written, if it is.
    sign_in_at: Option<Provenance>,
}

impl AuthConfig {
    /// Creates the section with one environment, which is the portal's own, and nothing else set.
    pub fn new(name: EnvironmentName, environment: CoderEnvironment) -> Self {
        Self {
            environment: name.clone(),
            extra_allowed_origins: Vec::new(),
            token_expiration: None,
            omit_ownership_claim: true,
            key_store: None,
            session_secret: None,
            environments: IndexMap::from([(name, Ok(environment))]),
        }
    }
}

impl CoderEnvironment {
    /// Creates the environment of an OAuth2 application that is not read from configuration. A login
    /// gives access to Coder only.
    pub fn new(
        deployment_url: DeploymentUrl,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            deployment_url,
            internal_url: None,
            callback_url: None,
            additional_scopes: Vec::new(),
            session_duration: None,
            sign_in_resolvers: Vec::new(),
            provenance: Provenance::at(Location::Program),
            path: "auth.providers.coder".to_owned(),
            callback_at: None,
            sign_in_at: None,
        }
    }

    /// Returns the URL at which this server reaches the deployment.
    fn reached_at(&self) -> &DeploymentUrl {
        self.internal_url.as_ref().unwrap_or(&self.deployment_url)
    }

    /// Creates the error for a `callbackUrl` that cannot be used, at its place: `problem` says
    /// what is wrong with it and what to do.
    pub fn invalid_callback_url(&self, problem: impl Into<String>) -> ConfigError {
        let at = self.callback_at.as_ref().unwrap_or(&self.provenance);
        ConfigError::invalid(format!("{}.callbackUrl", self.path), at.clone(), problem)
    }

    /// Creates the error for `signIn.resolvers` that cannot be used as they are, at their place:
    /// `problem` says what is wrong with them and what to do.
    pub fn invalid_resolvers(&self, problem: impl Into<String>) -> ConfigError {
        let at = self.sign_in_at.as_ref().unwrap_or(&self.provenance);
        ConfigError::invalid(format!("{}.signIn.resolvers", self.path), at.clone(), problem)
    }

    /// Returns `true` when nobody can sign in without a User entity in the catalog: there are
    /// resolvers, all of them are built in, and none lets in people who are in no catalog.
    pub fn needs_users(&self) -> bool {
        let resolvers = &self.sign_in_resolvers;
        !resolvers.is_empty()
            && resolvers.iter().all(|resolver| match resolver {
                SignInResolverConfig::BuiltIn(rule) => {
                    !rule.dangerously_allow_sign_in_without_user_in_catalog
                }
                SignInResolverConfig::Custom(_) => false,
            })
    }
}

/// The environment that Backstage's pages use when `auth.environment` is not set.
const DEFAULT_ENVIRONMENT: &str = "development";

const AUTH_KEYS: &[&str] = &[
    "environment",
    "session",
    "experimentalExtraAllowedOrigins",
    "backstageTokenExpiration",
    "identityTokenAlgorithm",
    "omitIdentityTokenOwnershipClaim",
    "keyStore",
    "providers",
];

const ENVIRONMENT_KEYS: &[&str] = &[
    "clientId",
    "clientSecret",
    "deploymentUrl",
    "internalUrl",
    ALLOW_HTTP,
    "callbackUrl",
    "additionalScopes",
    "sessionDuration",
    "signIn",
];

/// Coder, as this server reaches it.
const CODER: Peer = Peer {
    example: "https://coder.example.com",
    secrets: "the client secret and everybody's tokens",
};

impl<'a> Reader<'a> {
    pub(super) fn auth(&mut self, root: &Section<'a>) -> Option<AuthConfig> {
        let auth = self.section(root, "auth");
        self.slips(&auth, AUTH_KEYS);
        let written = self.text(&auth, "environment");
        let environment = written.unwrap_or(DEFAULT_ENVIRONMENT);
        let extra_allowed_origins = self.texts(&auth, "experimentalExtraAllowedOrigins");
        let extra_allowed_origins = each_once(extra_allowed_origins);
        let token_expiration =
            self.duration(&auth, "backstageTokenExpiration", &Range::IDENTITY_TOKEN);
        if let Some(algorithm) = self.value(&auth, "identityTokenAlgorithm") {
            self.es256(&algorithm);
        }
        let omit_ownership_claim = self.flag(&auth, "omitIdentityTokenOwnershipClaim");
        let key_store = self.key_store(&auth);
        let session = self.section(&auth, "session");
        self.slips(&session, &["secret"]);
        let session_secret = self.text(&session, "secret").map(Secret::new);
        self.without_effect(&session, "secret");
        let providers = self.section(&auth, "providers");
        let coder = self.section(&providers, "coder");
        self.every_key(&coder);
        self.misplaced(&coder);
        let mut environments = IndexMap::new();
        let mut names = coder.keys();
        names.retain(|name| !is_misplaced(name));
        for text in names {
            let Some(name) = self.environment_name(&coder, text) else { continue };
            let (read, errors) = self.apart(|reader| reader.environment(&coder, text));
            if text == environment {
                self.errors.extend(errors.iter().cloned());
            } else {
                self.notices.extend(errors.iter().map(|error| misconfigured(text, error)));
            }
            match ConfigErrors::unless_empty(errors, read) {
                Ok(read) => environments.extend(read.map(|read| (name, Ok(read)))),
                Err(errors) => drop(environments.insert(name, Err(errors))),
            }
        }
        self.reached_in_one_way(&coder, &environments);
        let Some((_, own, _)) = environments.get_full(environment) else {
            // A block whose name is none is told already.
            if coder.key_location(environment).is_none() {
                let error = self.no_environment(&coder, environment, written.is_some());
                self.errors.push(error);
            }
            return None;
        };
        Some(AuthConfig {
            environment: own.clone(),
            extra_allowed_origins,
            token_expiration,
            omit_ownership_claim: omit_ownership_claim.unwrap_or(true),
            key_store,
            session_secret,
            environments,
        })
    }

    /// Reads the name of a block of `auth.providers.coder`. One that cannot be a name is an error
    /// in every block: whatever is named after it could not be told apart from something else.
    fn environment_name(&mut self, coder: &Section<'a>, text: &str) -> Option<EnvironmentName> {
        let name = EnvironmentName::parse(text);
        if let Err(error) = &name {
            let why = with_causes(error);
            let problem = format!("has a block {}, which is {why}; rename it", quoted(text));
            let at = coder.key_location(text).cloned().map(Provenance::at);
            self.errors.push(ConfigError::invalid(coder.path(), at, problem));
        }
        name.ok()
    }

    /// Refuses two places at which this server would reach one deployment: a token of one
    /// environment could be shown to whoever answers at the place of the other.
    fn reached_in_one_way(
        &mut self,
        coder: &Section<'a>,
        environments: &IndexMap<EnvironmentName, Result<CoderEnvironment, ConfigErrors>>,
    ) {
        let usable = environments
            .iter()
            .filter_map(|(name, environment)| Some((name, environment.as_ref().ok()?)));
        let mut first = IndexMap::<&DeploymentUrl, (&EnvironmentName, &CoderEnvironment)>::new();
        for (name, environment) in usable {
            let deployment = &environment.deployment_url;
            let (former_name, former) = *first.entry(deployment).or_insert((name, environment));
            if environment.reached_at() == former.reached_at() {
                continue;
            }
            let [written, other] = match environment.internal_url {
                Some(_) => [(name, environment), (former_name, former)],
                None => [(former_name, former), (name, environment)],
            };
            let section = self.section(coder, written.0.as_str());
            if let Some(value) = self.value(&section, "internalUrl") {
                let problem = format!(
                    "is `{}`, while the environment `{}` at {} reaches the same deployment \
                     `{deployment}` at `{}`; write the same `internalUrl` for both",
                    written.1.reached_at(),
                    other.0,
                    other.1.provenance,
                    other.1.reached_at()
                );
                self.invalid(&value, problem);
            }
        }
    }

    /// Refuses `clientId` and the like directly below `coder`, where the environment was forgotten.
    fn misplaced(&mut self, coder: &Section<'a>) {
        if let Some(key) = coder.keys().into_iter().find(|key| is_misplaced(key)) {
            let path = coder.path_of(key);
            let problem = format!(
                "stands directly below `{}`; put it into a block with the environment's name, \
                 like `{}.{DEFAULT_ENVIRONMENT}.{key}`",
                coder.path(),
                coder.path()
            );
            let at = coder.provenance();
            self.errors.push(ConfigError::invalid(path, at, problem));
        }
    }

    fn no_environment(&self, coder: &Section<'a>, name: &str, written: bool) -> ConfigError {
        let mut names = coder.keys();
        names.retain(|name| !is_misplaced(name) && EnvironmentName::parse(name).is_ok());
        let error = self.missing(coder, name);
        if names.is_empty() {
            return error;
        }
        let with_place = |name: &&str| match coder.key_location(name) {
            Some(at) => format!("`{name}` at {at}"),
            None => format!("`{name}`"),
        };
        let known = names.iter().map(with_place).collect::<Vec<_>>().join(", ");
        let hint = did_you_mean(name, &names);
        let which = if written { "is" } else { "is not set and thus" };
        let text =
            format!(": `auth.environment` {which} `{name}`, but there is only {known}{hint}");
        let hint = match (self.at(&["auth", "environment"]), coder.provenance()) {
            (Some(written), _) => Hint::new(written.node.provenance().clone(), &*text, &*text),
            (None, Some(at)) => Hint::new(at, &*text, &*text),
            (None, None) => Hint::without_place(text),
        };
        ConfigError::missing(coder.path_of(name), hint)
    }

    fn environment(&mut self, coder: &Section<'a>, name: &str) -> Option<CoderEnvironment> {
        let section = self.section(coder, name);
        self.only(&section, ENVIRONMENT_KEYS);
        let client_id = self.required(&section, "clientId");
        let client_secret = self.required_secret(&section, "clientSecret");
        let deployment_url = self
            .required(&section, "deploymentUrl")
            .and_then(|text| self.parse(&section, "deploymentUrl", text, deployment_url));
        let internal_url = self.peer_url(&section, "internalUrl", &CODER);
        let callback_url = self.parsed(&section, "callbackUrl", callback_url);
        let additional_scopes = self.texts(&section, "additionalScopes");
        // Backstage separates scopes by space, comma or bar.
        let additional_scopes = each_once(
            additional_scopes
                .iter()
                .flat_map(|text| text.split([' ', ',', '|', '\t', '\n']))
                .filter(|scope| !scope.is_empty()),
        );
        let session_duration = self.duration(&section, "sessionDuration", &Range::SESSION);
        let sign_in_resolvers = self.sign_in_resolvers(&section);
        Some(CoderEnvironment {
            client_id: client_id?.trim().to_owned(),
            client_secret: client_secret?,
            deployment_url: deployment_url?,
            internal_url,
            callback_url,
            additional_scopes,
            session_duration,
            sign_in_resolvers,
            provenance: section.provenance()?,
            path: section.path().to_owned(),
            callback_at: self
                .value(&section, "callbackUrl")
                .map(|value| value.node.provenance().clone()),
            sign_in_at: self.section(&section, "signIn").provenance(),
        })
    }
}

/// Reads where browsers reach Coder. The reason against plain http is Coder's own there: its
/// consent form compares the `Origin` of the page with its own host on https.
fn deployment_url(text: &str) -> Result<DeploymentUrl, Cow<'static, str>> {
    DeploymentUrl::parse(text).map_err(|error| match error {
        DeploymentUrlError::PlainHttp => Cow::Borrowed(
            "plain http is refused for hosts other than this machine, since nobody could sign in: \
             from 2.31.1 on Coder takes its consent form from pages on https only; use https",
        ),
        other => Cow::Owned(with_causes(&other)),
    })
}

fn is_misplaced(key: &str) -> bool {
    ENVIRONMENT_KEYS.contains(&key)
}

fn misconfigured(environment: &str, error: &ConfigError) -> Notice {
    let notice = Notice::from(error.clone());
    let message = format!("the environment `{environment}` cannot be used: {}", notice.message);
    Notice { message, ..notice }
}
