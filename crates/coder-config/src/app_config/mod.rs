//! The configuration of a portal, typed.

mod auth;
mod backend;
mod browser_urls;
mod callback_url;
mod catalog;
mod catalog_rules;
mod coder;
mod cors;
mod duration;
mod files;
mod https;
mod index;
mod key_store;
mod origins;
mod peer_urls;
mod proxy;
mod reader;
mod remote_catalog;
mod sealing_keys;
mod server;
mod session;
mod sign_in;
mod trail;
mod trusted_issuers;

use url::Url;

pub use auth::{AuthConfig, CoderEnvironment};
pub use backend::{BackendConfig, Listen, ListenError};
pub use catalog::{CatalogConfig, CatalogLocation};
pub use catalog_rules::{AllowedEntities, CatalogRule, RuleLocation, RuleTarget};
pub use cors::CorsConfig;
pub use https::CertificateConfig;
pub use index::{IndexConfig, IndexVisibility};
pub use key_store::{KeyStoreConfig, StaticKeyConfig};
pub use proxy::{ProxyConfig, ProxyCredentials};
pub(crate) use reader::web_url;
pub use remote_catalog::RemoteCatalogConfig;
pub use server::{Network, NetworkError, ServerConfig};
pub(crate) use session::StoreType;
pub use session::{AccessTokenPolicy, Logout, SessionConfig, SessionStoreConfig};
pub(crate) use sign_in::RuleOptions;
pub use sign_in::{
    BuiltInSignInResolver, CustomSignInResolver, SignInResolverConfig, SignInResolverName,
};
pub use trusted_issuers::TrustedIssuerConfig;

use crate::repository::ScmIntegrations;
use crate::{ConfigErrors, LoadedConfig, Notice, WorkspacesConfig};
use reader::Reader;

const CODER_KEYS: &[&str] = &[
    "deployment",
    "workspaces",
    "session",
    "index",
    "server",
    "trustedIssuers",
    "catalog",
    "proxy",
    "oauth",
];

/// Everything that a portal reads from app-config, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppConfig {
    /// `app.baseUrl`: where the portal's pages are.
    pub app_base_url: Url,
    /// `backend`: where the backend is and listens.
    pub backend: BackendConfig,
    /// `auth`: who may sign in, and how.
    pub auth: AuthConfig,
    /// Sections `coder.workspaces` and `coder.deployment.accessUrl`.
    pub workspaces: WorkspacesConfig,
    /// `coder.session`: how long people stay signed in.
    pub session: SessionConfig,
    /// `coder.index`: how all workspaces are read at once.
    pub index: IndexConfig,
    /// `coder.server`: what stands in front of the server, and who watches it.
    pub server: ServerConfig,
    /// `coder.trustedIssuers`: other Backstage backends whose identity tokens are believed.
    pub trusted_issuers: Vec<TrustedIssuerConfig>,
    /// `proxy.endpoints`: those that lead to a deployment of an environment.
    pub proxies: Vec<ProxyConfig>,
    /// `coder.proxy.iconHosts`: hosts, possibly with a port, that the proxy fetches icons of
    /// templates from, without any credential.
    pub icon_hosts: Vec<String>,
    /// `catalog`: where entities are read from. It is empty when `remote_catalog` is set, since the
    /// section is then about the catalog of that Backstage.
    pub catalog: CatalogConfig,
    /// `coder.catalog`: the Backstage whose catalog is asked in place of files.
    pub remote_catalog: Option<RemoteCatalogConfig>,
    /// `integrations`: which source-control system runs where.
    pub integrations: ScmIntegrations,
    notices: Vec<Notice>,
}

impl AppConfig {
    /// Creates the configuration of a portal whose pages are at `app_base_url`: without a catalog, a
    /// proxy and trusted issuers, and with a session as nobody has set it.
    ///
    /// Links lead to the deployment of `workspaces`. All of it can be changed in the fields.
    ///
    /// ```
    /// use coder_config::{AppConfig, AuthConfig, BackendConfig, CoderEnvironment, WorkspacesConfig};
    /// use coder_core::DeploymentUrl;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let coder: DeploymentUrl = "https://coder.example.com".parse()?;
    /// let environment = CoderEnvironment::new(coder.clone(), "client-id", "do-not-print");
    /// let auth = AuthConfig::new("production".parse()?, environment);
    /// let backend = BackendConfig::new("https://portal.example.com".parse()?);
    /// let pages = "https://portal.example.com".parse()?;
    /// let config = AppConfig::new(pages, backend, auth, WorkspacesConfig::new(coder));
    /// assert!(config.notices().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Nothing is checked here. What [`from_loaded`](Self::from_loaded) refuses for the sake of safety
    /// is then the duty of the program.
    pub fn new(
        app_base_url: Url,
        backend: BackendConfig,
        auth: AuthConfig,
        workspaces: WorkspacesConfig,
    ) -> Self {
        Self {
            app_base_url,
            backend,
            auth,
            workspaces,
            session: SessionConfig::default(),
            index: IndexConfig::default(),
            server: ServerConfig::default(),
            trusted_issuers: Vec::new(),
            proxies: Vec::new(),
            icon_hosts: Vec::new(),
            catalog: CatalogConfig::default(),
            remote_catalog: None,
            integrations: ScmIntegrations::default(),
            notices: Vec::new(),
        }
    }

    /// Reads and checks what [`ConfigSources::load`](crate::ConfigSources::load) found.
    ///
    /// # Errors
    ///
    /// Every problem, each with its path, its place and what to do; with them
    /// [the notices](ConfigErrors::notices).
    pub fn from_loaded(loaded: &LoadedConfig) -> Result<Self, ConfigErrors> {
        Self::read(loaded, None)
    }

    /// Reads a loaded configuration as [`from_loaded`](Self::from_loaded) does. With `resolvers`, each
    /// sign-in resolver that is neither built in nor one of them is an error as well.
    pub(crate) fn read(
        loaded: &LoadedConfig,
        resolvers: Option<&[&str]>,
    ) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(loaded);
        reader.registered_resolvers = resolvers;
        let root = reader.root();
        reader
            .slips(&root, &["app", "backend", "auth", "coder", "proxy", "catalog", "integrations"]);
        let app = reader.section(&root, "app");
        reader.slips(&app, &["baseUrl"]);
        let app_base_url = reader.base_url(&app);
        let backend = reader.backend(&root);
        let auth = reader.auth(&root);
        let coder = reader.section(&root, "coder");
        reader.only(&coder, CODER_KEYS);
        reader.former_oauth(&coder);
        let session = reader.session(&coder, auth.as_ref());
        let index = reader.index(&coder);
        let server = reader.server(&coder);
        let trusted_issuers = reader.trusted_issuers(&coder);
        let workspaces = reader.workspaces(&coder, auth.as_ref());
        let proxies = reader.proxies(&root, auth.as_ref());
        let icon_hosts = reader.icon_hosts(&coder);
        let remote_catalog = reader.remote_catalog(&coder);
        let is_elsewhere = reader.value(&coder, "catalog").is_some();
        let catalog = reader.catalog(&root, is_elsewhere);
        let integrations = reader.integrations(&root);
        reader.https_is_met_as_https(backend.as_ref().and_then(|it| it.certificate.as_ref()));
        reader.browser_urls(auth.as_ref(), session.dangerously_allow_http);
        reader.origins_that_sign_in(session.dangerously_allow_http);
        reader.origins_that_read(backend.as_ref().and_then(|backend| backend.cors.as_ref()));
        reader.one_purpose_for_each_file(auth.as_ref(), &catalog.locations);
        if let (Some(app), Some(backend)) = (&app_base_url, &backend) {
            reader.cors_of_the_app(app, &backend.base_url, backend.cors.as_ref());
        }
        reader.errors.append(&mut reader.unknown_resolvers);
        let (errors, notices) = reader.finish();
        match (app_base_url, backend, auth, workspaces) {
            (Some(app_base_url), Some(backend), Some(auth), Some(workspaces))
                if errors.is_empty() =>
            {
                Ok(Self {
                    app_base_url,
                    backend,
                    auth,
                    workspaces,
                    session,
                    index,
                    server,
                    trusted_issuers,
                    proxies,
                    icon_hosts,
                    catalog,
                    remote_catalog,
                    integrations,
                    notices,
                })
            }
            _ => Err(ConfigErrors::new(errors, notices)),
        }
    }

    /// Returns the warnings: unknown keys, values that were left out, environments that cannot be
    /// used.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

impl TryFrom<&LoadedConfig> for AppConfig {
    type Error = ConfigErrors;

    fn try_from(loaded: &LoadedConfig) -> Result<Self, ConfigErrors> {
        Self::from_loaded(loaded)
    }
}

impl ScmIntegrations {
    /// Reads only the section `integrations`.
    ///
    /// # Errors
    ///
    /// Every problem, with its path and place.
    pub fn from_loaded(loaded: &LoadedConfig) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(loaded);
        let root = reader.root();
        let integrations = reader.integrations(&root);
        let (errors, notices) = reader.finish();
        if errors.is_empty() { Ok(integrations) } else { Err(ConfigErrors::new(errors, notices)) }
    }
}

impl WorkspacesConfig {
    /// Reads the original plugin's `CoderAppConfig`, `{ deployment, workspaces }`, from a loaded
    /// configuration that holds nothing else: what the browser's plugin is given.
    ///
    /// # Errors
    ///
    /// Every problem, with its path and place.
    pub fn from_loaded(loaded: &LoadedConfig) -> Result<(Self, Vec<Notice>), ConfigErrors> {
        let mut reader = Reader::new(loaded);
        let root = reader.root();
        let deployment = reader.section(&root, "deployment");
        let access_url = reader.required(&deployment, "accessUrl").and_then(|text| {
            reader.parse(&deployment, "accessUrl", text, coder_core::DeploymentUrl::parse)
        });
        let config = reader.workspaces_section(&root, access_url);
        let (errors, notices) = reader.finish();
        match config {
            Some(config) if errors.is_empty() => Ok((config, notices)),
            _ => Err(ConfigErrors::new(errors, notices)),
        }
    }
}
