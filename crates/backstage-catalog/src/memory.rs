//! A catalog in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use coder_config::{Entity, EntityRef};

use crate::{Catalog, CatalogError, EntityFilter, relations};

/// A catalog that holds its entities itself: for embedding, for tests, and below other catalogs.
///
/// As in Backstage, an entity also has the relations that others state: a User is a member of each
/// Group whose `spec.members` names it.
#[derive(Default)]
pub struct MemoryCatalog {
    entities: RwLock<Arc<Entities>>,
}

type Entities = BTreeMap<EntityRef, Arc<Entity>>;

impl MemoryCatalog {
    /// Creates a catalog of these entities. If several have one reference, the last one counts.
    pub fn new(entities: impl IntoIterator<Item = Entity>) -> Self {
        let catalog = Self::default();
        catalog.replace(entities);
        catalog
    }

    /// Replaces all entities at once: no answer mixes the old and the new ones.
    pub fn replace(&self, entities: impl IntoIterator<Item = Entity>) {
        let mut entities: Entities = entities
            .into_iter()
            .map(|entity| (entity.entity_ref().clone(), Arc::new(entity)))
            .collect();
        relations::derive(&mut entities);
        *self.entities.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entities);
    }

    fn snapshot(&self) -> Arc<Entities> {
        Arc::clone(&self.entities.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MemoryCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MemoryCatalog({} entities)", self.snapshot().len())
    }
}

impl FromIterator<Entity> for MemoryCatalog {
    fn from_iter<I: IntoIterator<Item = Entity>>(entities: I) -> Self {
        Self::new(entities)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Catalog for MemoryCatalog {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        Ok(self.snapshot().get(entity_ref).cloned())
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        let snapshot = self.snapshot();
        Ok(snapshot.values().filter(|entity| filter.matches(entity)).cloned().collect())
    }
}
