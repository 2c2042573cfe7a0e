//! Which source-control system runs where, and what follows for an entity.

use coder_config::{LoadedConfig, LocationRef, Node, ScmIntegrations};
use coder_core::with_causes;
use serde::Serialize;
use url::Url;
use wasm_bindgen::prelude::*;

use super::defaults::{Defaults, read_entity};
use crate::answer::{Answer, Fault, answer, read};

/// The hosts of `integrations`, and the public ones that need no configuration.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Integrations(ScmIntegrations);

#[wasm_bindgen]
impl Integrations {
    /// Reads an object with the section `integrations`.
    ///
    /// # Errors
    ///
    /// The answer that tells every mistake.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str) -> Result<Self, Answer> {
        let read = || -> Result<_, Fault> {
            let loaded = LoadedConfig::from_node(read::<Node>("the integrations", config)?)?;
            Ok(Self(ScmIntegrations::from_loaded(&loaded)?))
        };
        read().map_err(|fault| answer::<()>(Err(fault)))
    }

    /// Reads the app's configuration, for entities whose repositories are at these hosts.
    ///
    /// # Errors
    ///
    /// The answer that tells every mistake.
    pub fn defaults(&self, app_config: &str) -> Result<Defaults, Answer> {
        Defaults::read(app_config, self.0.clone()).map_err(|fault| answer::<()>(Err(fault)))
    }

    /// Finds where an entity's source code is, and its repository.
    pub fn repository(&self, entity: &str) -> Answer {
        answer(read_entity(entity).map(|entity| {
            let location = entity.source_location();
            let repository = entity.repository(&self.0);
            Source {
                clone_url: repository.as_ref().ok().map(|found| found.clone_url().to_owned()),
                spellings: repository.as_ref().map(|found| found.spellings()).unwrap_or_default(),
                problem: repository.err().map(|problem| with_causes(&problem)),
                location: location.ok().as_ref().map(Location::from),
            }
        }))
    }

    /// Returns the key of the integration at a URL's host; null when there is none.
    #[wasm_bindgen(js_name = integrationOf)]
    pub fn integration_of(&self, url: &str) -> Answer {
        let url = Url::parse(url).ok();
        answer(Ok(url.and_then(|url| self.0.integration_of(&url)).map(|scm| scm.config_key())))
    }

    /// Returns the annotations that Backstage adds to an entity which it reads from a location: its
    /// type and target, then those of the origin.
    pub fn annotations(
        &self,
        kind: &str,
        target: &str,
        origin: &str,
        origin_target: &str,
    ) -> Answer {
        let annotations = || {
            let location = LocationRef::new(kind, target)?;
            let origin = LocationRef::new(origin, origin_target)?;
            self.0.annotations_of(&location, &origin)
        };
        answer(annotations().map_err(|error| Fault::from_error("invalidLocation", &error)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    clone_url: Option<String>,
    spellings: Vec<String>,
    location: Option<Location>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct Location {
    #[serde(rename = "type")]
    kind: String,
    target: String,
}

impl From<&LocationRef> for Location {
    fn from(location: &LocationRef) -> Self {
        Self { kind: location.kind().to_owned(), target: location.target().to_owned() }
    }
}
