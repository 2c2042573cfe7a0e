//! Where the server's entities come from.

use std::path::Path;
use std::sync::Arc;

use backstage_catalog::{Catalog, FileCatalog, RemoteCatalog};
use coder_config::{AppConfig, ConfigError, Notice};
use coder_core::World;

/// The catalog that a configuration names, and what a person should know about it.
pub(crate) struct Source {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) notices: Vec<Notice>,
}

impl Source {
    /// Creates the catalog of the Backstage that `coder.catalog` names, else that of the files of
    /// `catalog.locations`. Relative paths start from `directory`.
    ///
    /// # Errors
    ///
    /// Fails if people sign in by their User entities and there is no place where one can be.
    pub(crate) fn new(
        config: &AppConfig,
        directory: &Path,
        world: &World,
    ) -> Result<Self, ConfigError> {
        if let Some(remote) = &config.remote_catalog {
            let catalog = Arc::new(RemoteCatalog::from_config(world, remote));
            return Ok(Self { catalog, notices: Vec::new() });
        }
        let files = FileCatalog::in_directory(directory, &config.catalog);
        if !files.may_hold("User") {
            users_elsewhere(config)?;
        }
        Ok(Self { notices: files.notices(), catalog: Arc::new(files) })
    }
}

/// Fails if an environment needs User entities, of which no location may hold one.
fn users_elsewhere(config: &AppConfig) -> Result<(), ConfigError> {
    let mut environments =
        config.auth.environments.values().filter_map(|environment| environment.as_ref().ok());
    let Some(environment) = environments.find(|environment| environment.needs_users()) else {
        return Ok(());
    };
    let reads_files = config.catalog.locations.iter().any(|location| location.kind == "file");
    let problem = if reads_files {
        "find people by their User entities, which no rule of `catalog` lets in; add `rules: [{ \
         allow: [User, Group] }]` to the location of their files"
    } else {
        "find people by their User entities, and there is no place where one can be; name a \
         Backstage in `coder.catalog`, or their files in `catalog.locations`"
    };
    Err(environment.invalid_resolvers(problem))
}
