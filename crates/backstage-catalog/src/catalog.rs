//! The trait every catalog implements.

use std::sync::Arc;

use async_trait::async_trait;
use coder_config::{Entity, EntityRef};
use coder_core::{MaybeSend, MaybeSync};

use crate::{CatalogError, EntityFilter};

/// Answers questions about the entities of a Backstage catalog.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Catalog: MaybeSend + MaybeSync {
    /// The entity of this name, if there is one.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked.
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError>;

    /// The entities that pass the filter, ordered by their references.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked.
    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError>;
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<C: Catalog + ?Sized> Catalog for Arc<C> {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        (**self).entity(entity_ref).await
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        (**self).entities(filter).await
    }
}
