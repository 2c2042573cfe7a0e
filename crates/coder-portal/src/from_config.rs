//! Configuration becomes ready parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstage_catalog::Catalog;
use coder_auth::identity::TrustedIssuer;
use coder_auth::store::AuthStore;
use coder_auth::{
    AccessTokenPolicy, AllowedOrigins, AuthEvent, AuthOptions, CoderAuth,
    EmailLocalPartMatchingUserEntityName, EmailMatchingUserEntityProfileEmail, EmailOptions,
    EnvironmentOptions, LogoutScope, SealingKeys, SessionOptions, SignIn, SignInResolver,
    UsernameMatchingUserEntityName,
};
use coder_config::{
    AppConfig, AuthConfig, BuiltInSignInResolver, CoderEnvironment, ConfigError, ConfigErrors,
    CorsConfig, EnvironmentName, Logout, SessionConfig, SignInResolverConfig, SignInResolverName,
    TrustedIssuerConfig, WorkspacesConfig,
};
use coder_core::{Origin, World, join_path, with_causes};
use coder_workspaces::{DeploymentHostsCache, TemplateVersionCache};
use jiff::SignedDuration;

use crate::PortalError;
use crate::api::Idempotency;
use crate::builder::PortalBuilder;
use crate::closing::{Closing, Draining};
use crate::cors::Cors;
use crate::held_streams::HeldStreams;
use crate::index::{Index, ServiceIndex};
use crate::live::Live;
use crate::portal::Portal;
use crate::proxy::Proxy;
use crate::routes::AUTH_PATH;
use crate::signing_keys::with_keys;
use crate::state::PortalState;
use crate::workspaces::{RepositoriesOfBuilds, Unfinished};

impl Portal {
    /// Creates the portal that this configuration describes.
    ///
    /// Entities come from `catalog`; `store` keeps grants and sessions. Without
    /// `coder.session.keys` a key is generated, and the values that it seals are lost with the
    /// process. [`Portal::builder`] takes further parts of a program.
    ///
    /// # Errors
    ///
    /// Fails as [`PortalBuilder::build`] does.
    pub fn from_config(
        config: &AppConfig,
        world: &World,
        catalog: impl Catalog + 'static,
        store: impl AuthStore + 'static,
    ) -> Result<Self, PortalError> {
        Self::builder(config, world, catalog, store).build()
    }
}

impl PortalBuilder<'_> {
    /// Builds the portal that the configuration describes.
    ///
    /// # Errors
    ///
    /// Fails if the portal's own environment (`auth.environment`) is missing or incomplete, or
    /// names an unknown sign-in resolver; if keys cannot be used; if two deployments share a
    /// redirect URI. Another environment that cannot be used is logged, and requests for it get
    /// 404.
    pub fn build(self) -> Result<Portal, PortalError> {
        let (config, world) = (self.config, self.world);
        let keys = match config.session.keys.as_slice() {
            [] => SealingKeys::ephemeral(&*world.random)?,
            keys => SealingKeys::from_secrets(keys).map_err(PortalError::Keys)?,
        };
        let mut options = self.auth_options()?;
        if let Some(observer) = self.observer {
            options = options.observer(move |event: &AuthEvent| observer.observe(event));
        }
        let app = Origin::from_url(&config.app_base_url).map_err(PortalError::AppOrigin)?;
        let cors = config.backend.cors.as_ref();
        let cors = cors.map(|cors| Cors::new(cors, readers(app, config, cors)));
        let auth = CoderAuth::new(world, self.store, keys, options);
        with_redirect_uris_of_their_own(&auth, config).map_err(PortalError::RedirectUri)?;
        let service = ServiceIndex::from_config(config, world);
        let index = Arc::new(Index::new(service, config.index.requests_per_minute));
        Ok(Portal::new(PortalState {
            auth,
            cors,
            proxy: Proxy::new(config),
            world: world.clone(),
            catalog: self.catalog,
            integrations: config.integrations.clone(),
            own_workspaces: config.workspaces.clone(),
            workspaces: workspaces(config),
            hosts: DeploymentHostsCache::default(),
            draining: Draining::default(),
            template_versions: TemplateVersionCache::default(),
            live: Arc::new(Live::new(world, Arc::clone(&index))),
            closing: Closing::new(),
            held_streams: HeldStreams::default(),
            index,
            repositories: RepositoriesOfBuilds::default(),
            idempotency: Idempotency::default(),
            unfinished: Unfinished::default(),
        }))
    }

    fn auth_options(&self) -> Result<AuthOptions, PortalError> {
        let config = self.config;
        // All of it: a key that is not read here does not compile.
        let AuthConfig {
            environment: own,
            extra_allowed_origins,
            token_expiration,
            omit_ownership_claim,
            key_store,
            session_secret: _,
            environments,
        } = &config.auth;
        let app = Origin::from_url(&config.app_base_url).map_err(PortalError::AppOrigin)?;
        let origins = AllowedOrigins::new(app, extra_allowed_origins.iter().cloned());
        let mut options = AuthOptions::new(join_path(&config.backend.base_url, AUTH_PATH), origins);
        let mut own_duration = None;
        for (name, environment) in environments {
            let is_own = name == own;
            if let (true, Ok(environment)) = (is_own, environment) {
                own_duration = environment.session_duration;
            }
            let ready = environment.as_ref().map_err(ConfigErrors::clone);
            options = match ready.and_then(|ready| Ok(self.environment_options(ready)?)) {
                Ok(ready) => options.environment(name.as_str(), ready),
                Err(errors) if is_own => {
                    return Err(PortalError::Environment { environment: name.to_string(), errors });
                }
                Err(errors) => {
                    let error = with_causes(&errors);
                    tracing::warn!(environment = %name, error, "this environment cannot be offered");
                    options.misconfigured_environment(name.as_str(), error)
                }
            };
        }
        if !environments.contains_key(own) {
            return Err(PortalError::NoEnvironment { environment: own.to_string() });
        }
        options = with_session(options, &config.session, own_duration)
            .ownership_in_token(!omit_ownership_claim);
        if let Some(lifetime) = token_expiration {
            options = options.identity_lifetime(*lifetime);
        }
        for trusted in &config.trusted_issuers {
            options = options.trusted_issuer(trusted_issuer(trusted)?);
        }
        with_keys(options, key_store.as_ref(), self.files).map_err(PortalError::SigningKeys)
    }

    fn environment_options(
        &self,
        environment: &CoderEnvironment,
    ) -> Result<EnvironmentOptions, ConfigError> {
        let mut options = EnvironmentOptions::new(
            environment.deployment_url.clone(),
            &*environment.client_id,
            environment.client_secret.clone(),
        )
        .scopes(environment.additional_scopes.iter().cloned());
        if let Some(url) = &environment.internal_url {
            options = options.internal_url(url.clone());
        }
        if let Some(url) = &environment.callback_url {
            options = options.callback_url(url.clone());
        }
        if !environment.sign_in_resolvers.is_empty() {
            let mut sign_in = SignIn::new(self.catalog.clone());
            for resolver in &environment.sign_in_resolvers {
                sign_in = match resolver {
                    SignInResolverConfig::BuiltIn(config) => sign_in.resolver(built_in(config)),
                    SignInResolverConfig::Custom(custom) => self.with_custom(sign_in, custom)?,
                };
            }
            if let Some(rule) = &self.ownership {
                sign_in = sign_in.ownership(Arc::clone(rule));
            }
            options = options.sign_in(sign_in);
        }
        Ok(options)
    }
}

/// Adds what `coder.session` says. `own_duration` is the `sessionDuration` of the portal's own
/// environment.
fn with_session(
    options: AuthOptions,
    config: &SessionConfig,
    own_duration: Option<SignedDuration>,
) -> AuthOptions {
    // All of it: a key that is not read here does not compile.
    let SessionConfig {
        idle,
        absolute,
        logout,
        access_token,
        cookie_name,
        dangerously_allow_http,
        // Read where the portal is built.
        keys: _,
        // Opened by the program.
        store: _,
    } = config;
    let defaults = SessionOptions::default();
    let session = SessionOptions::new(
        idle.unwrap_or(defaults.idle),
        absolute.or(own_duration).unwrap_or(defaults.absolute),
    );
    options
        .session(session.logout(match logout {
            Logout::Grant => LogoutScope::Grant,
            Logout::Session => LogoutScope::Session,
        }))
        .access_token(match access_token {
            coder_config::AccessTokenPolicy::Server => AccessTokenPolicy::Server,
            coder_config::AccessTokenPolicy::Browser => AccessTokenPolicy::Browser,
        })
        .cookie_name(cookie_name.clone())
        .dangerously_allow_http(*dangerously_allow_http)
}

/// Returns the origins whose pages may read answers: those of the login and of
/// `backend.cors.origin`.
///
/// An origin that may only read is not one that a login can end at.
fn readers(app: Origin, config: &AppConfig, cors: &CorsConfig) -> AllowedOrigins {
    let login = &config.auth.extra_allowed_origins;
    AllowedOrigins::new(app, login.iter().chain(&cors.origins).cloned())
}

/// Refuses a redirect URI that two deployments share. The error names the place of one that is
/// configured.
fn with_redirect_uris_of_their_own(
    auth: &CoderAuth,
    config: &AppConfig,
) -> Result<(), ConfigError> {
    let Some((one, other)) = auth.environments_sharing_a_redirect_uri() else { return Ok(()) };
    let usable = |name: &str| config.auth.environments.get(name)?.as_ref().ok();
    let written = |name: &str| usable(name).filter(|found| found.callback_url.is_some());
    // One of them is written, since the default ones differ.
    let (environment, other) = match (written(other), written(one)) {
        (Some(environment), _) => (environment, one),
        (None, Some(environment)) => (environment, other),
        (None, None) => return Ok(()),
    };
    Err(environment.invalid_callback_url(format!(
        "ends logins at the path of the environment `{other}`, which is at another deployment: \
         whoever runs one of the two could take part in logins of the other; remove it, and \
         register at Coder what `coder-backstage config check` then prints"
    )))
}

fn trusted_issuer(config: &TrustedIssuerConfig) -> Result<TrustedIssuer, PortalError> {
    let issuer = TrustedIssuer::from_jwks_url(config.jwks_url.clone());
    let issuer = issuer.map_err(PortalError::TrustedIssuer)?;
    Ok(issuer.issuer(&*config.issuer).audience(&*config.audience))
}

/// Creates the built-in resolver that configuration names.
fn built_in(config: &BuiltInSignInResolver) -> Arc<dyn SignInResolver> {
    let outsiders = config.dangerously_allow_sign_in_without_user_in_catalog;
    let mut options =
        EmailOptions::default().dangerously_allow_sign_in_without_user_in_catalog(outsiders);
    if !config.allowed_domains.is_empty() {
        options = options.allowed_domains(config.allowed_domains.iter().cloned());
    }
    match config.resolver {
        SignInResolverName::EmailMatchingUserEntityProfileEmail => {
            Arc::new(EmailMatchingUserEntityProfileEmail::new(options))
        }
        SignInResolverName::EmailLocalPartMatchingUserEntityName => {
            Arc::new(EmailLocalPartMatchingUserEntityName::new(options))
        }
        SignInResolverName::UsernameMatchingUserEntityName => {
            Arc::new(UsernameMatchingUserEntityName::default())
        }
    }
}

/// Returns the configuration of the workspaces in each environment: `coder.workspaces`, with links
/// into its deployment.
fn workspaces(config: &AppConfig) -> BTreeMap<String, WorkspacesConfig> {
    let of = |(name, environment): (&EnvironmentName, &CoderEnvironment)| {
        let mut workspaces = config.workspaces.clone();
        if *name != config.auth.environment {
            workspaces.access_url = environment.deployment_url.clone();
        }
        (name.to_string(), workspaces)
    };
    let environments = &config.auth.environments;
    environments
        .iter()
        .filter_map(|(name, ready)| Some((name, ready.as_ref().ok()?)))
        .map(of)
        .collect()
}
