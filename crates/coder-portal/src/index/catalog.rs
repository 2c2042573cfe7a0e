//! Reading the entities of the catalog.

use std::sync::Arc;

use backstage_catalog::{CatalogError, EntityFilter};
use coder_core::is_within;
use jiff::SignedDuration;

use super::entities::{Entities, KnownEntity};
use crate::state::PortalState;

/// The time for which the entities of the catalog are not asked for again.
const KEPT: SignedDuration = SignedDuration::from_secs(30);
impl PortalState {
    /// Returns the entities of the catalog that have a repository, at most 30 seconds old.
    pub(super) async fn known_entities(
        &self,
        environment: &str,
    ) -> Result<Arc<Entities>, CatalogError> {
        let now = self.world.clock.now();
        let known = self.index.entities.0.lock().get(environment).cloned();
        if let Some((read_at, entities)) = known
            && is_within(KEPT, now, read_at)
        {
            return Ok(entities);
        }
        let read = self.catalog.entities(&EntityFilter::all()).await?;
        let known = read.iter().filter_map(|entity| {
            let (config, _) = self.config_of(entity, environment);
            config
                .repository
                .is_some()
                .then(|| KnownEntity { entity_ref: entity.entity_ref().to_string(), config })
        });
        let entities = Arc::new(Entities::new(known.collect()));
        let kept = (now, Arc::clone(&entities));
        self.index.entities.0.lock().insert(environment.to_owned(), kept);
        Ok(entities)
    }
}
