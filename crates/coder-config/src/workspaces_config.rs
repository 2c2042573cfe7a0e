//! `coder.workspaces` of app-config: what holds for every entity unless it says otherwise.

use coder_core::DeploymentUrl;
use indexmap::IndexMap;

use crate::{CreationMode, Provenance, TemplateRef};

/// The original plugin's `CoderAppConfig`, here as configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WorkspacesConfig {
    /// The URL of Coder's dashboard, to which links lead.
    pub access_url: DeploymentUrl,
    /// The template of entities that name none.
    pub default_template: Option<TemplateRef>,
    /// The mode of entities that name none.
    pub default_mode: CreationMode,
    /// The template parameters that hold a repository's URL, each once.
    pub repo_url_param_keys: Vec<String>,
    /// Parameters for every workspace, in the order they are written.
    pub params: IndexMap<String, String>,
    /// The places where these values are written.
    pub places: WorkspacesPlaces,
}

/// The places in app-config where the values of a [`WorkspacesConfig`] are written. A configuration
/// that was made in Rust has none.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WorkspacesPlaces {
    /// Place of `defaultTemplateName`.
    pub default_template: Option<Provenance>,
    /// Place of `repoUrlParamKeys`.
    pub repo_url_param_keys: Option<Provenance>,
    /// Place of each of `params`.
    pub params: IndexMap<String, Provenance>,
}

impl WorkspacesConfig {
    /// Creates a configuration without template, keys and parameters, whose links lead to
    /// `access_url`.
    pub fn new(access_url: DeploymentUrl) -> Self {
        Self {
            access_url,
            default_template: None,
            default_mode: CreationMode::default(),
            repo_url_param_keys: Vec::new(),
            params: IndexMap::new(),
            places: WorkspacesPlaces::default(),
        }
    }
}
