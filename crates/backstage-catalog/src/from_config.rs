//! The catalog that an app-config names.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use coder_config::{AppConfig, ConfigError, Notice};
use coder_core::World;

use crate::{Catalog, FileCatalog, RemoteCatalog};

/// The catalog that an app-config names, and what a person should know about it.
///
/// ```no_run
/// use std::path::Path;
/// use backstage_catalog::ConfiguredCatalog;
///
/// # fn example(config: &coder_config::AppConfig, world: &coder_core::World)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let configured = ConfiguredCatalog::from_config(config, Path::new(""), world)?;
/// for notice in &configured.notices {
///     eprintln!("{notice}");
/// }
/// # Ok(()) }
/// ```
#[non_exhaustive]
pub struct ConfiguredCatalog {
    /// The catalog, ready to be asked.
    pub catalog: Arc<dyn Catalog>,
    /// Notices about the catalog's locations and files. The log does not repeat them.
    pub notices: Vec<Notice>,
}

impl ConfiguredCatalog {
    /// Creates the catalog of the Backstage that `coder.catalog` names, else that of the files of
    /// `catalog.locations`. Relative targets start from `directory`.
    ///
    /// # Errors
    ///
    /// Fails if people sign in by their User entities and there is no place where one can be.
    pub fn from_config(
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

impl fmt::Debug for ConfiguredCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { catalog: _, notices } = self;
        formatter
            .debug_struct("ConfiguredCatalog")
            .field("notices", notices)
            .finish_non_exhaustive()
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
