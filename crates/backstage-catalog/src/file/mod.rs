//! A catalog of files.

mod braces;
mod content;
mod disk;
mod parts;
mod pattern;
mod rules;
mod survey;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use coder_config::{CatalogConfig, Entity, EntityRef, Notice};
use coder_core::Lock;

use self::rules::{Origin, Rules};
use self::survey::{Found, Plan, Reading, Survey};
use crate::{Catalog, CatalogError, EntityFilter};

/// A catalog of `catalog-info.yaml` files: the locations of type `file` in `catalog.locations`.
///
/// A target may hold `*`, `**`, `?`, `[…]`, `{a,b}` and `{1..3}`; a file may hold many entities; entities of kind `Location`
/// lead to further files, from their own directory on. `catalog.rules` and the rules of the locations
/// decide which entities count, as in Backstage: without any rule only Components, APIs and
/// Locations do.
///
/// As in Backstage, an entity also has the relations that others state: a User is a member of each
/// Group whose `spec.members` names it.
///
/// Placeholders such as `$text: ./openapi.yaml` are replaced by their files, as in Backstage. The files
/// must be in the folder of the location, links followed: the directory before the first `*` of its
/// target. If the relative targets start in that folder, or the catalog file is not in it, they must be
/// in the folder of the catalog file. A placeholder of a file elsewhere is
/// left as it is, with a notice.
///
/// A file is called by its path below the directory of its location, in notices as in
/// [`Entity::location`].
///
/// Looking at files blocks for the moment it takes, as reading them does.
///
/// ```no_run
/// use backstage_catalog::{Catalog, FileCatalog};
/// use coder_config::{CatalogConfig, CatalogLocation};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let services = CatalogLocation::new("file", "./services/*/catalog-info.yaml");
/// let people = CatalogLocation::new("file", "./org.yaml").allow(["User", "Group"]);
/// let catalog = FileCatalog::new(&CatalogConfig::new([services, people]));
/// let payments = catalog.entity(&"component:payments".parse()?).await?;
/// for notice in catalog.notices() {
///     eprintln!("{notice}");
/// }
/// # let _ = payments;
/// # Ok(()) }
/// ```
///
/// # When files change
///
/// Every request to the catalog first looks whether a file has changed, appeared or disappeared, and
/// reads only such files again. A mistake in one file does not affect the other files. Each mistake is
/// logged once, until it changes; see [`notices`](Self::notices).
///
/// A file that cannot be read as a whole any more keeps the entities that it had. This holds for a
/// mistake in it, for a file that the system does not let be read, and for a missing file that is
/// named without `*`. A file that a pattern does not find any more is gone.
///
/// A file that could never be read may hold any entity. A request for an entity that no other file
/// has, and that the rules would allow in that file, then fails with [`CatalogError::Unavailable`]
/// instead of `None`. So does a request for a list that would be empty.
pub struct FileCatalog {
    plan: Plan,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    found: Found,
    reading: Arc<Reading>,
    /// The notices that somebody has been told of.
    told: Vec<Notice>,
}

impl FileCatalog {
    /// Creates a catalog of these locations. Relative targets start from the working directory.
    pub fn new(config: &CatalogConfig) -> Self {
        Self::in_directory("", config)
    }

    /// Creates a catalog of these locations. Relative targets start from `directory`.
    pub fn in_directory(directory: impl Into<PathBuf>, config: &CatalogConfig) -> Self {
        let directory = directory.into();
        let origins: Vec<_> =
            config.locations.iter().map(|location| Origin::new(&directory, location)).collect();
        let rules = Rules::new(config, &origins);
        Self { plan: Plan { directory, origins, rules }, state: Lock::default() }
    }

    /// Returns the problems of the files as they are now: unreadable documents, missing files,
    /// duplicate entities, and entities that no rule lets in.
    ///
    /// The caller gets them, so they are not logged any more.
    pub fn notices(&self) -> Vec<Notice> {
        let mut state = self.state.lock();
        let reading = self.read(&mut state);
        state.told.clone_from(&reading.notices);
        reading.notices.clone()
    }

    /// Returns `true` when the rules let entities of this kind come from some `file` location.
    pub fn may_hold(&self, kind: &str) -> bool {
        let mut files = self.plan.origins.iter().filter(|origin| origin.kind == "file");
        files.any(|origin| self.plan.rules.may_allow(Some(kind), origin))
    }

    /// Returns what the files hold now, and logs what nobody has been told of.
    fn reading(&self) -> Arc<Reading> {
        let mut state = self.state.lock();
        let reading = self.read(&mut state);
        if state.told != reading.notices {
            for notice in reading.notices.iter().filter(|notice| !state.told.contains(notice)) {
                tracing::warn!("{notice}");
            }
            state.told.clone_from(&reading.notices);
        }
        reading
    }

    fn read(&self, state: &mut State) -> Arc<Reading> {
        let survey = Survey::new(&self.plan, &state.found);
        if survey.is_changed() {
            let (found, reading) = survey.finish();
            state.found = found;
            state.reading = Arc::new(reading);
        }
        Arc::clone(&state.reading)
    }

    /// Fails when an entity of this kind, or of any for `None`, may be in what could never be read.
    fn is_known(&self, reading: &Reading, kind: Option<&str>) -> Result<(), CatalogError> {
        let mut unknown = reading.unknown.iter().filter_map(|index| self.plan.origins.get(*index));
        if let Some(origin) = unknown.find(|origin| self.plan.rules.may_allow(kind, origin)) {
            let target = coder_core::quoted(&origin.written);
            let reason =
                format!("the location {target} has a part that cannot be read; see the log");
            return Err(CatalogError::unavailable(reason));
        }
        Ok(())
    }
}

impl fmt::Debug for FileCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<_> = self.plan.origins.iter().map(|origin| &origin.written).collect();
        formatter.debug_tuple("FileCatalog").field(&targets).finish()
    }
}

#[async_trait]
impl Catalog for FileCatalog {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        let reading = self.reading();
        match reading.entities.get(entity_ref) {
            Some(entity) => Ok(Some(Arc::clone(entity))),
            None => self.is_known(&reading, Some(entity_ref.kind())).map(|()| None),
        }
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        let reading = self.reading();
        let passing = reading.entities.values().filter(|entity| filter.matches(entity));
        let entities: Vec<_> = passing.cloned().collect();
        if entities.is_empty() {
            let kind = filter.conditions().find(|(path, _)| path.eq_ignore_ascii_case("kind"));
            self.is_known(&reading, kind.and_then(|(_, value)| value))?;
        }
        Ok(entities)
    }
}
