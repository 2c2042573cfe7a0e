//! A catalog of entities that JavaScript gives.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use backstage_catalog::{Catalog, CatalogError, EntityFilter, MemoryCatalog};
use coder_config::{Entity, EntityRef};
use coder_core::with_causes;
use js_sys::{Array, Function, JSON, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::thrown_message;

/// A function that gives an array of entities, and what its last array was read as.
pub(super) struct Entities {
    give: Function,
    read: RefCell<Option<(Array, Arc<MemoryCatalog>)>>,
}

impl Entities {
    pub(super) fn new(give: Function) -> Self {
        Self { give, read: RefCell::default() }
    }

    /// Asks for the entities. An array that was given before is not read again.
    async fn now(&self) -> Result<Arc<MemoryCatalog>, CatalogError> {
        let given = self.give.call0(&JsValue::UNDEFINED);
        let given = match given {
            Ok(given) => JsFuture::from(Promise::resolve(&given)).await,
            Err(error) => Err(error),
        };
        let given = given.map_err(|error| {
            let reason = "the function that gives the entities has failed";
            CatalogError::unavailable(reason).with_source(thrown_message(&error))
        })?;
        let given: Array = given
            .dyn_into()
            .map_err(|_| CatalogError::unusable("`catalog` must give an array of entities"))?;
        if let Some((last, catalog)) = &*self.read.borrow()
            && *last == given
        {
            return Ok(Arc::clone(catalog));
        }
        let entities = given.iter().enumerate().map(|(index, entity)| read(index, &entity));
        let catalog = entities.collect::<Result<Vec<_>, _>>()?;
        let catalog = Arc::new(MemoryCatalog::new(catalog));
        *self.read.borrow_mut() = Some((given, Arc::clone(&catalog)));
        Ok(catalog)
    }
}

fn read(index: usize, entity: &JsValue) -> Result<Entity, CatalogError> {
    let text = JSON::stringify(entity).ok().and_then(|text| text.as_string());
    serde_json::from_str(&text.unwrap_or_default()).map_err(|error| {
        let reason = format!("`catalog[{index}]` is no entity: {}", with_causes(&error));
        CatalogError::unusable(reason)
    })
}

/// The catalog of a portal.
pub(super) struct JsCatalog(pub(super) Rc<Entities>);

#[async_trait(?Send)]
impl Catalog for JsCatalog {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        self.0.now().await?.entity(entity_ref).await
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        self.0.now().await?.entities(filter).await
    }

    async fn entities_by_refs(
        &self,
        entity_refs: &[EntityRef],
    ) -> Result<Vec<Option<Arc<Entity>>>, CatalogError> {
        self.0.now().await?.entities_by_refs(entity_refs).await
    }
}
