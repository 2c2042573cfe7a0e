//! What people write: Backstage app-config files, catalog entities and spec.coder, read with the place of every mistake.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app_config;
mod coder_spec;
pub mod compat;
mod creation_mode;
mod entity;
mod entity_ref;
mod error;
mod javascript;
mod loading;
mod location;
mod location_ref;
mod message;
mod node;
mod notice;
mod repository;
mod suggest;
mod template_ref;
mod workspaces_config;
pub mod yaml;

pub use app_config::{
    AppConfig, AuthConfig, BackendConfig, CatalogLocation, CoderEnvironment, Listen, ListenError,
    Logout, ProxyConfig, SessionConfig, SignInResolverConfig, SignInResolverName,
};
pub use coder_spec::CoderSpec;
pub use creation_mode::{CreationMode, CreationModeError};
pub use entity::{CatalogVerdict, Entity, Metadata, Relation, check_entity, parse_entities, rules};
pub use entity_ref::{DEFAULT_NAMESPACE, EntityRef, EntityRefError};
pub use error::{ConfigError, ConfigErrors};
pub use loading::{ConfigSources, Environment, Files, LoadedConfig};
pub use location::{Location, Provenance};
pub use location_ref::{LocationRef, LocationRefError};
pub use node::Node;
pub use notice::Notice;
pub use repository::{
    EDIT_URL, MANAGED_BY_LOCATION, MANAGED_BY_ORIGIN_LOCATION, NoRepository, Repository,
    SOURCE_LOCATION, Scm, ScmIntegrations, VIEW_URL,
};
pub use template_ref::{TemplateRef, TemplateRefError};
pub use workspaces_config::WorkspacesConfig;
