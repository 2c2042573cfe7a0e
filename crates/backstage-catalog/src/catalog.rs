//! The trait every catalog implements.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use coder_config::{Entity, EntityRef};
use coder_core::{MaybeSend, MaybeSync};

use crate::{CatalogError, EntityFilter, EntityPage, PageCursor};

/// A Backstage catalog, as far as it is read: it answers questions about its entities.
///
/// [`entity`](Self::entity) and [`entities`](Self::entities) are enough for a catalog of one's
/// own; the others have defaults in terms of these two.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Catalog: MaybeSend + MaybeSync {
    /// Returns the entity of this name, if there is one.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked.
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError>;

    /// Returns the entities that pass the filter, ordered by their references.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked.
    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError>;

    /// Returns the entities of these names, in the order of the names; `None` where there is no
    /// such entity.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked for one of them.
    async fn entities_by_refs(
        &self,
        entity_refs: &[EntityRef],
    ) -> Result<Vec<Option<Arc<Entity>>>, CatalogError> {
        let mut found = Vec::with_capacity(entity_refs.len());
        for entity_ref in entity_refs {
            found.push(self.entity(entity_ref).await?);
        }
        Ok(found)
    }

    /// Returns at most `limit` of the entities that pass the filter: the first ones, or those
    /// behind the page that gave `after`. The filter must be the same for all pages.
    ///
    /// An entity that is there from the first page to the last one is on exactly one of them. The
    /// order is the catalog's own, and a page may hold fewer entities than asked for, even none:
    /// only [`EntityPage::next`] tells where the pages end.
    ///
    /// # Errors
    ///
    /// When the catalog cannot be asked, or did not give this cursor.
    async fn page(
        &self,
        filter: &EntityFilter,
        limit: NonZeroUsize,
        after: Option<&PageCursor>,
    ) -> Result<EntityPage, CatalogError> {
        Ok(EntityPage::of(self.entities(filter).await?, limit, after))
    }
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

    async fn entities_by_refs(
        &self,
        entity_refs: &[EntityRef],
    ) -> Result<Vec<Option<Arc<Entity>>>, CatalogError> {
        (**self).entities_by_refs(entity_refs).await
    }

    async fn page(
        &self,
        filter: &EntityFilter,
        limit: NonZeroUsize,
        after: Option<&PageCursor>,
    ) -> Result<EntityPage, CatalogError> {
        (**self).page(filter, limit, after).await
    }
}
