//! A Backstage catalog on another machine.

mod api;
mod cache;
mod query;
mod url;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coder_config::{Entity, EntityRef, RemoteCatalogConfig};
use coder_core::{RetryPolicy, Secret, World};

use self::api::Api;
use self::cache::{Cache, Question};
pub use self::url::{CatalogUrl, CatalogUrlError};
use crate::{Catalog, CatalogError, EntityFilter, EntityPage, PageCursor};

/// How long an answer may be given again by default.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// How many entities a question for all of them fetches at once.
const PAGE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(499);

/// How many pages a question for all entities turns at most: 500,000 entities.
const MAX_PAGES: usize = 1000;

/// So many references are asked for at once: Backstage reads no request of more than 100 kB, and
/// each may be 200 bytes long.
const REFS_PER_REQUEST: usize = 250;

/// The catalog of a Backstage backend, over its REST API.
///
/// Backstage knows this portal by a *service token*: one of its `backend.auth.externalAccess`, of
/// type `static`, that may read the catalog. It goes to the catalog's origin and nowhere else.
///
/// ```no_run
/// use std::time::Duration;
/// use backstage_catalog::{Catalog, RemoteCatalog};
/// use coder_core::{Secret, World};
///
/// # async fn example(world: &World, token: Secret) -> Result<(), Box<dyn std::error::Error>> {
/// let url = "https://backstage.example.com/api/catalog".parse()?;
/// let catalog = RemoteCatalog::new(world, url, token).fresh_for(Duration::from_secs(30));
/// let alice = catalog.entity(&"user:default/alice".parse()?).await?;
/// # let _ = alice;
/// # Ok(()) }
/// ```
///
/// # When it is fresh, and when it is down
///
/// An answer is cached for a minute, or for [`fresh_for`](Self::fresh_for). A change in the catalog
/// is seen after at most that time. The answer that an entity does *not* exist is never cached.
///
/// An expired answer is not used, even while the catalog is down, because it may name an identity or
/// an ownership that the person no longer has. The request then fails with a [`CatalogError`]; a
/// login keeps the sessions meanwhile, and people try again.
///
/// A request that may succeed a little later ([`CatalogError::is_transient`]) is repeated as the
/// [`RetryPolicy`] says, by default [`RetryPolicy::INTERACTIVE`].
pub struct RemoteCatalog {
    api: Api,
    cache: Cache,
}

impl RemoteCatalog {
    /// Creates the catalog at `url`, which knows this portal by `token`.
    pub fn new(world: &World, url: CatalogUrl, token: Secret) -> Self {
        let retry = RetryPolicy::INTERACTIVE;
        let api = Api { world: world.clone(), url, token, retry };
        Self { api, cache: Cache::new(FRESH_FOR) }
    }

    /// Creates the catalog that `coder.catalog` of app-config names.
    pub fn from_config(world: &World, config: &RemoteCatalogConfig) -> Self {
        Self::new(world, config.url.clone().into(), config.token.clone())
    }

    /// Sets how long an answer may be given again: 60 seconds by default. [`Duration::ZERO`] asks for
    /// everything anew.
    #[must_use]
    pub fn fresh_for(mut self, duration: Duration) -> Self {
        self.cache = Cache::new(duration);
        self
    }

    /// Sets the rule of when a failed request is sent again: [`RetryPolicy::INTERACTIVE`] by
    /// default.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.api.retry = retry;
        self
    }
}

impl fmt::Debug for RemoteCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("RemoteCatalog").field(&self.api.url).finish()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Catalog for RemoteCatalog {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        let found = self.entities_by_refs(std::slice::from_ref(entity_ref)).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        let asked_at = self.api.world.clock.now();
        let question = Question::Entities(filter.clone());
        if let Some(entities) = self.cache.get(&question, asked_at) {
            return Ok(entities);
        }
        // An entity that moves while the pages are turned may be on two of them.
        let mut entities = BTreeMap::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let page = self.page(filter, PAGE, cursor.as_ref()).await?;
            let named = page.entities.into_iter().map(|one| (one.entity_ref().clone(), one));
            entities.extend(named);
            match page.next {
                None => {
                    let entities: Vec<_> = entities.into_values().collect();
                    self.cache.put(question, asked_at, entities.clone());
                    return Ok(entities);
                }
                next if next == cursor => break,
                next => cursor = next,
            }
        }
        Err(api::unusable("its pages have no end"))
    }

    async fn entities_by_refs(
        &self,
        entity_refs: &[EntityRef],
    ) -> Result<Vec<Option<Arc<Entity>>>, CatalogError> {
        let asked_at = self.api.world.clock.now();
        let mut found: HashMap<&EntityRef, Arc<Entity>> = HashMap::new();
        let mut missing: Vec<&EntityRef> = Vec::new();
        for entity_ref in entity_refs {
            let cached = self.cache.get(&Question::Entity(entity_ref.clone()), asked_at);
            match cached.and_then(|entities| entities.into_iter().next()) {
                Some(entity) => drop(found.insert(entity_ref, entity)),
                None => missing.push(entity_ref),
            }
        }
        for refs in missing.chunks(REFS_PER_REQUEST) {
            let entities = self.api.by_refs(refs).await?;
            for (entity_ref, entity) in refs.iter().zip(entities) {
                let Some(entity) = entity else { continue };
                let question = Question::Entity((*entity_ref).clone());
                self.cache.put(question, asked_at, vec![entity.clone()]);
                found.insert(entity_ref, entity);
            }
        }
        Ok(entity_refs.iter().map(|entity_ref| found.get(entity_ref).cloned()).collect())
    }

    async fn page(
        &self,
        filter: &EntityFilter,
        limit: NonZeroUsize,
        after: Option<&PageCursor>,
    ) -> Result<EntityPage, CatalogError> {
        let mut page = self.api.by_query(filter, limit, after).await?;
        // Not everything can be said in the question; see `query`.
        page.entities.retain(|entity| filter.matches(entity));
        Ok(page)
    }
}
