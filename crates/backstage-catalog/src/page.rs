//! Entities, page by page.

use std::num::NonZeroUsize;
use std::sync::Arc;

use coder_config::Entity;

/// Some of the entities that pass a filter: an answer of [`Catalog::page`](crate::Catalog::page).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EntityPage {
    /// The entities of this page.
    pub entities: Vec<Arc<Entity>>,
    /// Cursor of the page behind this one; `None` on the last page.
    pub next: Option<PageCursor>,
}

/// A place between two pages, as a text that only the catalog that gave it understands. Another
/// catalog, or the same one with another filter, cannot use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor(String);

impl PageCursor {
    /// Creates a cursor from a text of the catalog. [`Catalog::page`](crate::Catalog::page) gets the
    /// cursor when the next page is asked for.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text that the catalog gave to [`PageCursor::new`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EntityPage {
    /// Creates a page of these entities; `next` is the cursor of the page behind it.
    pub fn new(entities: Vec<Arc<Entity>>, next: Option<PageCursor>) -> Self {
        Self { entities, next }
    }

    /// Makes a page of entities that are all in memory, ordered by their references. A cursor is the
    /// reference of the last entity before it, so that entities may come and go between pages.
    pub(crate) fn of(
        mut entities: Vec<Arc<Entity>>,
        limit: NonZeroUsize,
        after: Option<&PageCursor>,
    ) -> Self {
        if let Some(after) = after {
            entities.retain(|entity| entity.entity_ref().as_str() > after.as_str());
        }
        let is_last = entities.len() <= limit.get();
        entities.truncate(limit.get());
        let last = entities.last().filter(|_| !is_last);
        let next = last.map(|entity| PageCursor::new(entity.entity_ref().as_str()));
        Self { entities, next }
    }
}
