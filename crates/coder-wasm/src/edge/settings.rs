//! The configuration of a portal at the edge.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use backstage_catalog::{Catalog, RemoteCatalog};
use coder_config::{
    AppConfig, ConfigSources, Environment, KeyStoreConfig, LoadedConfig, Node, Notice,
};
use coder_core::World;
use coder_portal::{Portal, PortalError};
use serde::Deserialize;

use super::catalog::{Entities, JsCatalog};
use super::js_rows::{JsRows, row_auth_store};
use crate::answer::{Fault, read};

/// The configuration as JavaScript gives it.
#[derive(Deserialize)]
struct Given {
    /// A merged object; without one, the texts to load count.
    object: Option<Node>,
    /// Names of the texts to load, later ones over earlier ones.
    load: Vec<String>,
    /// Texts by name: those to load, and what they refer to.
    files: BTreeMap<String, String>,
    /// Environment variables that the texts refer to.
    environment: BTreeMap<String, String>,
}

/// A configuration that was read and checked.
pub(super) struct Settings {
    config: AppConfig,
    files: BTreeMap<String, String>,
}

impl Settings {
    pub(super) fn read(config: &str) -> Result<Self, Fault> {
        let Given { object, load, files, environment } = read("the configuration", config)?;
        let loaded = match object {
            Some(root) => LoadedConfig::from_node(root)?,
            None => {
                let environment: Environment = environment.into_iter().collect();
                ConfigSources::new(&files, &environment).with_files(&load).load()?
            }
        };
        let config = AppConfig::from_loaded(&loaded)?;
        let refused = |message| Err(Fault::new("invalidConfig", message));
        // What one request makes, another one has to know.
        if config.session.keys.is_empty() {
            return refused(
                "`coder.session.keys` is missing: a login may end in another process than it began \
                 in, so all of them need the same key; add a list with one random text of at least \
                 32 characters, and keep it secret",
            );
        }
        if matches!(config.auth.key_store, Some(KeyStoreConfig::Memory)) {
            return refused(
                "`auth.keyStore.provider` is `memory`: a token may be verified in another process \
                 than it was signed in; remove it, and the keys are kept in the store, sealed",
            );
        }
        Ok(Self { config, files })
    }

    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.config.notices().iter()
    }

    /// Creates the portal in this world.
    pub(super) fn portal(
        &self,
        world: &World,
        entities: Option<&Rc<Entities>>,
        rows: &JsRows,
    ) -> Result<Portal, Fault> {
        let catalog: Arc<dyn Catalog> = match (entities, &self.config.remote_catalog) {
            (Some(entities), _) => Arc::new(JsCatalog(Rc::clone(entities))),
            (None, Some(remote)) => Arc::new(RemoteCatalog::from_config(world, remote)),
            (None, None) => {
                return Err(Fault::new(
                    "invalidConfig",
                    "there is no catalog: give the entities as `catalog`, or name a Backstage in \
                     `coder.catalog`",
                ));
            }
        };
        let portal = Portal::builder(&self.config, world, catalog, row_auth_store(rows));
        portal.files(&self.files).build().map_err(|error| Fault::from(&error))
    }
}

impl From<&PortalError> for Fault {
    fn from(error: &PortalError) -> Self {
        Self::from_error("invalidConfig", error)
    }
}
