//! Reader of what people write: Backstage app-config files, catalog entities and spec.coder, with the
//! place of every mistake.
//!
//! ```toml
//! [dependencies]
//! coder-config = "0.1"
//! ```
//!
//! ```
//! use coder_config::{AppConfig, ConfigSources, Environment, parse_entities};
//!
//! const APP_CONFIG: &str = "
//! app: { baseUrl: https://portal.example.com }
//! backend: { baseUrl: https://portal.example.com }
//! coder: { workspaces: { repoUrlParamKeys: [repo] } }
//! auth: { providers: { coder: { development: {
//!   clientId: backstage, clientSecret: '${SECRET}', deploymentUrl: https://coder.example.com } } } }
//! ";
//!
//! const ENTITY: &str = "{ apiVersion: backstage.io/v1alpha1, kind: Component,
//!     metadata: { name: payments }, spec: { coder: { mode: auto, params: { go: 1.20 } } } }";
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let files = |path: &str| match path {
//!         "app-config.yaml" => Ok(APP_CONFIG.to_owned()),
//!         _ => Err(std::io::ErrorKind::NotFound.into()),
//!     };
//!     let environment = Environment::from_iter([("SECRET", "do-not-print")]);
//!     let config = AppConfig::from_loaded(&ConfigSources::new(&files, &environment).load()?)?;
//!     assert_eq!(config.workspaces.access_url.as_str(), "https://coder.example.com");
//!
//!     let entity = parse_entities("catalog-info.yaml", ENTITY).remove(0)?;
//!     let coder = entity.coder_spec().expect("it is written");
//!     assert_eq!(coder.params["go"], "1.20");
//!     Ok(())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | read the app-config files as Backstage does | [`ConfigSources`], [`AppConfig`] |
//! | make a configuration in Rust, without files | [`AppConfig::new`], [`WorkspacesConfig::new`] |
//! | read a `catalog-info.yaml` | [`parse_entities`] |
//! | know what an entity says about its workspaces | [`Entity::coder_spec`] |
//! | know which repository an entity has | [`Entity::repository`], [`Repository`] |
//! | know what Backstage's catalog refuses | [`check_entity`] |
//! | lint files in an editor or a pipeline | [`lint_app_config`], [`lint_catalog_info`] |
//! | let an editor complete app-config | [`app_config_schema`] |
//! | read any YAML with the place of each value | [`yaml`] |
//!
//! - [`ConfigSources`] finds, substitutes and merges app-config as Backstage does; every value of
//!   the [`LoadedConfig`] knows where it came from.
//! - [`AppConfig`] is that configuration, checked and typed. All problems are reported at once
//!   ([`ConfigErrors`]), what stops nothing is a [`Notice`].
//! - [`parse_entities`] reads `catalog-info.yaml`; an [`Entity`] tells its [`CoderSpec`] and its
//!   [`Repository`]; [`check_entity`] says what Backstage's catalog would refuse,
//!   [`entity_notices`] which keys are probably mistyped.
//! - [`lint_catalog_info`] and [`lint_app_config`] tell everything about a file at once, for editors
//!   and linters: the text, the place and the bytes to underline apart ([`Diagnostic`]).
//! - [`yaml`] is the reader below all of it: exact, bounded, with the place of every key and value.
//!
//! Files, `--config`, `BACKSTAGE_ENV`, `${VAR}`, `$env`, `$file`, `$include` and `APP_CONFIG_*` work as
//! in Backstage, and a mistake is reported like this:
//!
//! ```text
//! missing `auth.providers.coder.production.clientSecret`: app-config.yaml:28:23 refers to the environment
//! variable `CODER_OAUTH_CLIENT_SECRET`, which is not set; set it, or write the value there
//! ```
//!
//! `schema/app-config.schema.json` lets editors complete and check the keys that this project reads;
//! `docs/configuration.md` of the repository tells of every key.
//!
//! # What it is not
//!
//! It opens no file and reads no environment: [`Files`] and [`Environment`] bring them in, so it
//! runs in a browser and in tests without a disk. It is not a validator of all of Backstage's
//! configuration; keys of others are left alone. Own code that needs the typed values only, needs
//! no YAML: every type can be built in Rust.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app_config;
mod backend_url;
mod coder_spec;
mod creation_mode;
mod entity;
mod entity_ref;
mod environment_name;
mod error;
mod javascript;
mod lint;
mod loading;
mod location;
mod location_ref;
mod message;
mod node;
mod node_json;
mod notice;
mod printing;
mod repository;
mod schema;
mod suggest;
mod template_ref;
mod workspaces_config;
pub mod yaml;

pub use app_config::{
    AccessTokenPolicy, AllowedEntities, AppConfig, AuthConfig, BackendConfig,
    BuiltInSignInResolver, CatalogConfig, CatalogLocation, CatalogRule, CertificateConfig,
    CoderEnvironment, CorsConfig, CustomSignInResolver, IndexConfig, IndexVisibility,
    KeyStoreConfig, Listen, ListenError, Logout, Network, NetworkError, ProxyConfig,
    ProxyCredentials, RemoteCatalogConfig, RuleLocation, RuleTarget, ServerConfig, SessionConfig,
    SessionStoreConfig, SignInResolverConfig, SignInResolverName, StaticKeyConfig,
    TrustedIssuerConfig,
};
pub use backend_url::{BackendUrlError, backend_url};
pub use coder_spec::CoderSpec;
pub use creation_mode::{CreationMode, CreationModeError};
pub use entity::{
    CatalogVerdict, Entity, Metadata, PlaceholderError, PlaceholderFile, Placeholders, Relation,
    UnreadPlaceholder, catalog_refusal, check_entity, entity_notices, parse_entities, rules,
};
pub use entity_ref::{DEFAULT_NAMESPACE, EntityRef, EntityRefError};
pub use environment_name::{EnvironmentName, EnvironmentNameError};
pub use error::{ConfigError, ConfigErrors};
pub use lint::{Diagnostic, DiagnosticCode, Severity, lint_app_config, lint_catalog_info};
pub use loading::{ConfigSources, Environment, Files, LoadedConfig};
pub use location::{Location, Provenance};
pub use location_ref::{LocationRef, LocationRefError};
pub use node::Node;
pub use notice::Notice;
pub use repository::{
    EDIT_URL, MANAGED_BY_LOCATION, MANAGED_BY_ORIGIN_LOCATION, NoRepository, Repository,
    RepositoryKey, SOURCE_LOCATION, Scm, ScmIntegrations, VIEW_URL,
};
pub use schema::app_config_schema;
pub use template_ref::{TemplateRef, TemplateRefError};
pub use workspaces_config::{WorkspacesConfig, WorkspacesPlaces};
