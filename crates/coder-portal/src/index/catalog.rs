//! Reading the entities of the catalog.

use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::{CatalogError, EntityFilter};
use coder_core::timeout;
use jiff::SignedDuration;

use super::entities::{Entities, KnownEntity};
use crate::api::ApiError;
use crate::state::PortalState;

/// The time for which the entities of the catalog are not asked for again.
const KEPT: SignedDuration = SignedDuration::from_secs(30);
/// The time for which a catalog that has failed is not asked again.
const KEPT_FAILURE: SignedDuration = SignedDuration::from_secs(5);
/// The longest time that the catalog is given to answer.
const LIMIT: Duration = Duration::from_secs(15);

impl PortalState {
    /// Returns the entities of the catalog that have a repository, at most 30 seconds old. Requests at
    /// the same time share one question.
    pub(super) async fn known_entities(
        &self,
        environment: &str,
    ) -> Result<Arc<Entities>, ApiError> {
        let ask = async {
            let filter = EntityFilter::all();
            let read = timeout(&*self.world.runtime, LIMIT, self.catalog.entities(&filter)).await;
            let late = || Err(CatalogError::unavailable("it has not answered in time"));
            match read.unwrap_or_else(late) {
                Ok(read) => {
                    let known = read.iter().filter_map(|entity| {
                        let (config, _) = self.config_of(entity, environment);
                        let entity_ref = entity.entity_ref().to_string();
                        config.repository.is_some().then_some(KnownEntity { entity_ref, config })
                    });
                    (Ok(Arc::new(Entities::new(known.collect()))), Some(KEPT))
                }
                Err(error) => (Err(Arc::new(ApiError::Catalog(error))), Some(KEPT_FAILURE)),
            }
        };
        let key = environment.to_owned();
        let known = self.index.entities.0.get(&*self.world.clock, &key, ask);
        Box::pin(known).await.map_err(ApiError::Shared)
    }
}
