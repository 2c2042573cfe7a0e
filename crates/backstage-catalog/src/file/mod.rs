//! A catalog of files.

mod pattern;

use coder_core::Lock;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use coder_config::{
    CatalogLocation, ConfigError, Entity, EntityRef, Notice, Provenance, check_entity,
    entity_notices, yaml,
};
use serde_json::Value;

use crate::{Catalog, CatalogError, EntityFilter};

/// A catalog of `catalog-info.yaml` files: the locations of type `file` in `catalog.locations`.
///
/// A target may hold `*`, `**` and `?`; a file may hold many entities; entities of kind `Location`
/// lead to further files, from their own directory on. Every question first looks whether a file
/// changed, came or went, and reads again only what did. What is wrong in one file costs the other
/// files nothing: see [`notices`](Self::notices). Only a file that is there and that the system does
/// not let us read is like a catalog that is down: what is not found elsewhere is then not known to
/// be gone, and the answer is an error.
///
/// A file is called by its path below the directory of its location, in notices as in
/// [`Entity::location`].
///
/// Looking at files blocks for the moment it takes, as reading them does.
///
/// ```no_run
/// use backstage_catalog::{Catalog, FileCatalog};
/// use coder_config::CatalogLocation;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let location = CatalogLocation::new("file", "./services/*/catalog-info.yaml");
/// let catalog = FileCatalog::new([location]);
/// let payments = catalog.entity(&"component:payments".parse()?).await?;
/// for notice in catalog.notices() {
///     eprintln!("{notice}");
/// }
/// # let _ = payments;
/// # Ok(()) }
/// ```
pub struct FileCatalog {
    directory: PathBuf,
    locations: Vec<CatalogLocation>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    /// Files of the last reading with their stamps, in order; `None` before the first reading.
    visited: Option<Vec<(PathBuf, Stamp)>>,
    reading: Arc<Reading>,
}

/// Time of change and size of a file, by which a change is noticed; `None` when it does not exist.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Clone)]
struct File {
    stamp: Stamp,
    content: Arc<Content>,
}

#[derive(Default)]
struct Content {
    entities: Vec<Arc<Entity>>,
    notices: Vec<Notice>,
    /// The file is there and its content is not known.
    unreadable: bool,
}

#[derive(Default)]
struct Reading {
    entities: BTreeMap<EntityRef, Arc<Entity>>,
    notices: Vec<Notice>,
    /// Some file is there and its content is not known, so nobody knows what is *not* in the
    /// catalog.
    unreadable: bool,
}

impl Reading {
    /// Whoever is not found must not be taken for somebody who has left.
    fn complete(&self) -> Result<(), CatalogError> {
        if self.unreadable {
            let reason = "a file of `catalog.locations` is there and cannot be read; see the log";
            return Err(CatalogError::unavailable(reason));
        }
        Ok(())
    }
}

/// Files to read: a target and what may come from it.
struct Visit {
    target: PathBuf,
    /// The directory of the location. Files are named from there on, since people who may see an
    /// entity need not know where on this machine it is.
    root: PathBuf,
    allow: Option<Vec<String>>,
    /// How to call the place that names the target.
    named_at: Option<Provenance>,
}

impl FileCatalog {
    /// The catalog of these locations; relative targets start from the working directory.
    pub fn new(locations: impl IntoIterator<Item = CatalogLocation>) -> Self {
        Self::in_directory("", locations)
    }

    /// The catalog of these locations; relative targets start from `directory`.
    pub fn in_directory(
        directory: impl Into<PathBuf>,
        locations: impl IntoIterator<Item = CatalogLocation>,
    ) -> Self {
        Self {
            directory: directory.into(),
            locations: locations.into_iter().collect(),
            state: Lock::default(),
        }
    }

    /// Returns the problems of the files as they are now: unreadable documents, missing files,
    /// duplicate entities.
    pub fn notices(&self) -> Vec<Notice> {
        self.reading().notices.clone()
    }

    fn reading(&self) -> Arc<Reading> {
        let mut state = self.state.lock();
        let mut survey = Survey::of(&self.directory, &self.locations, &state.files);
        survey.run();
        if state.visited.as_ref() != Some(&survey.visited) || state.reading.unreadable {
            *state = State {
                reading: Arc::new(survey.reading()),
                visited: Some(survey.visited),
                files: survey.files,
            };
        }
        Arc::clone(&state.reading)
    }
}

impl fmt::Debug for FileCatalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("FileCatalog").field(&self.locations).finish()
    }
}

#[async_trait]
impl Catalog for FileCatalog {
    async fn entity(&self, entity_ref: &EntityRef) -> Result<Option<Arc<Entity>>, CatalogError> {
        let reading = self.reading();
        match reading.entities.get(entity_ref) {
            Some(entity) => Ok(Some(Arc::clone(entity))),
            None => reading.complete().map(|()| None),
        }
    }

    async fn entities(&self, filter: &EntityFilter) -> Result<Vec<Arc<Entity>>, CatalogError> {
        let reading = self.reading();
        reading.complete()?;
        Ok(reading.entities.values().filter(|entity| filter.matches(entity)).cloned().collect())
    }
}

/// One look at all files.
struct Survey<'a> {
    pending: Vec<Visit>,
    seen: HashSet<PathBuf>,
    known: &'a BTreeMap<PathBuf, File>,
    files: BTreeMap<PathBuf, File>,
    visited: Vec<(PathBuf, Stamp)>,
    allowed: Vec<(PathBuf, Option<Vec<String>>)>,
    notices: Vec<Notice>,
}

impl<'a> Survey<'a> {
    fn of(
        directory: &Path,
        locations: &[CatalogLocation],
        known: &'a BTreeMap<PathBuf, File>,
    ) -> Self {
        let mut survey = Self {
            pending: Vec::new(),
            seen: HashSet::new(),
            known,
            files: BTreeMap::new(),
            visited: Vec::new(),
            allowed: Vec::new(),
            notices: Vec::new(),
        };
        for location in locations.iter().rev() {
            let is_relative = Path::new(&location.target).is_relative();
            let root = is_relative.then(|| pattern::tidy(directory));
            survey.plan(
                &location.kind,
                &location.target,
                directory,
                root,
                location.allow.clone(),
                location.provenance.clone(),
            );
        }
        survey
    }

    fn plan(
        &mut self,
        kind: &str,
        target: &str,
        directory: &Path,
        root: Option<PathBuf>,
        allow: Option<Vec<String>>,
        named_at: Option<Provenance>,
    ) {
        if kind == "file" {
            let target = pattern::tidy(&directory.join(target));
            let root = root.unwrap_or_else(|| pattern::fixed_directory(&target));
            self.pending.push(Visit { target, root, allow, named_at });
        } else {
            let message =
                format!("the location `{target}` is of type `{kind}`; only files are read here");
            self.notice(message, named_at);
        }
    }

    fn notice(&mut self, message: String, at: Option<Provenance>) {
        let notice = Notice::new("catalog.locations", message);
        self.notices.push(match at {
            Some(at) => notice.at(at),
            None => notice,
        });
    }

    /// Follows every location to its files; a file is read once, for the first that names it.
    fn run(&mut self) {
        while let Some(visit) = self.pending.pop() {
            let files = pattern::expand(&visit.target);
            if files.is_empty() {
                let message = format!("there is no file `{}`", visit.target.display());
                self.notice(message, visit.named_at.clone());
                self.visited.push((visit.target.clone(), None));
            }
            // The stack gives them back in their order.
            let mut further = Vec::new();
            for path in files {
                if !self.seen.insert(path.clone()) {
                    continue;
                }
                let file = self.file(&path, &visit.root);
                self.visited.push((path.clone(), file.stamp));
                self.allowed.push((path.clone(), visit.allow.clone()));
                for entity in &file.content.entities {
                    further.extend(targets(entity, &path, visit.allow.as_ref()));
                }
                self.files.insert(path, file);
            }
            for (kind, target, directory, allow, named_at) in further.into_iter().rev() {
                let root = Some(visit.root.clone());
                self.plan(&kind, &target, &directory, root, allow, named_at);
            }
        }
    }

    fn file(&self, path: &Path, root: &Path) -> File {
        let stamp = fs::metadata(path)
            .and_then(|metadata| Ok(Some((metadata.modified()?, metadata.len()))))
            .unwrap_or_default();
        match self.known.get(path) {
            Some(file) if file.stamp == stamp && !file.content.unreadable => file.clone(),
            _ => File { stamp, content: Arc::new(read(path, root, stamp)) },
        }
    }

    fn reading(&mut self) -> Reading {
        let mut entities = BTreeMap::new();
        let mut notices = std::mem::take(&mut self.notices);
        let mut unreadable = false;
        for (path, allow) in &self.allowed {
            let Some(file) = self.files.get(path) else { continue };
            notices.extend(file.content.notices.iter().cloned());
            unreadable |= file.content.unreadable;
            for entity in &file.content.entities {
                let name = entity.entity_ref();
                let place = |notice: Notice| match entity.location() {
                    Some(location) => notice.at(location.clone()),
                    None => notice,
                };
                let allowed = allow
                    .as_ref()
                    .is_none_or(|kinds| kinds.iter().any(|kind| entity.is_kind(kind)));
                if !allowed {
                    let message = format!("`{name}` may not come from this location; see `rules`");
                    notices.push(place(Notice::new("kind", message)));
                } else if let Some(first) = entities.get(name).map(Arc::<Entity>::as_ref) {
                    let first = first.location().map(ToString::to_string).unwrap_or_default();
                    let message = format!("`{name}` is ignored; it is already at {first}");
                    notices.push(place(Notice::new("metadata.name", message)));
                } else {
                    entities.insert(name.clone(), Arc::clone(entity));
                }
            }
        }
        Reading { entities, notices, unreadable }
    }
}

fn read(path: &Path, root: &Path, stamp: Stamp) -> Content {
    let name = path.display();
    if stamp.is_some_and(|(_, bytes)| bytes > yaml::MAX_BYTES as u64) {
        let limit = yaml::MAX_BYTES;
        let message = format!("`{name}` is too large; at most {limit} bytes are accepted");
        return Content { notices: vec![Notice::new("", message)], ..Content::default() };
    }
    let nothing = |problem: &dyn fmt::Display, unreadable| {
        let message = format!("cannot read `{name}`: {problem}");
        Content { notices: vec![Notice::new("", message)], unreadable, ..Content::default() }
    };
    let text = match fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return nothing(&"it is not UTF-8 text", false),
        Err(error) => {
            tracing::warn!(file = %name, %error, "a file of the catalog cannot be read");
            // Who is gone since it was listed is gone.
            return nothing(&error, error.kind() != io::ErrorKind::NotFound);
        }
    };
    let mut content = Content::default();
    for document in yaml::documents(&name_from(root, path), &text) {
        if matches!(&document, Ok(node) if node.is_null()) {
            continue;
        }
        if let Ok(node) = &document {
            content.notices.extend(entity_notices(node));
        }
        match document.and_then(|node| Ok((Entity::from_node(&node)?, check_entity(&node)))) {
            Ok((entity, verdict)) => {
                content.notices.extend(verdict.err().map(refused_by_backstage));
                content.entities.push(Arc::new(entity));
            }
            Err(error) => content.notices.push(error.into()),
        }
    }
    content
}

/// How a file is called to those who see its entities.
fn name_from(root: &Path, path: &Path) -> String {
    let directory = path.parent().and_then(Path::parent);
    let below = path.strip_prefix(root).ok();
    // What lies elsewhere is called by its last two names.
    let name = below.or_else(|| path.strip_prefix(directory?).ok()).unwrap_or(path);
    name.display().to_string()
}

/// This portal can do without the field; who shares the file with Backstage wants to know.
fn refused_by_backstage(error: ConfigError) -> Notice {
    let notice = Notice::from(error);
    let message = format!("{}; Backstage's catalog refuses the entity", notice.message);
    Notice::new(notice.path, message)
}

type Further = (String, String, PathBuf, Option<Vec<String>>, Option<Provenance>);

/// Where a `Location` entity leads.
fn targets(entity: &Entity, path: &Path, allow: Option<&Vec<String>>) -> Vec<Further> {
    if !entity.is_kind("Location") {
        return Vec::new();
    }
    let kind = entity.spec.get("type").and_then(Value::as_str).unwrap_or("file");
    let one = entity.spec.get("target").into_iter();
    let many = entity.spec.get("targets").and_then(Value::as_array).into_iter().flatten();
    let directory = path.parent().unwrap_or(Path::new(""));
    let named_at = entity.location().cloned().map(Into::into);
    one.chain(many)
        .filter_map(Value::as_str)
        .map(|target| {
            let directory = directory.to_path_buf();
            (kind.to_owned(), target.to_owned(), directory, allow.cloned(), named_at.clone())
        })
        .collect()
}
