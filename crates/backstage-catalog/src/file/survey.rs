//! One look at all files.

use coder_core::with_causes;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coder_config::{Entity, EntityRef, Notice, Provenance, UnreadPlaceholder};
use serde_json::Value;

use super::content::{File, Files};
use super::disk::Stamp;
use super::parts::Place;
use super::pattern;
use super::rules::{Origin, Rules};
use crate::relations;

/// Configuration of a catalog of files.
pub(super) struct Plan {
    pub(super) directory: PathBuf,
    pub(super) origins: Vec<Origin>,
    pub(super) rules: Rules,
}

/// Result of a look at all files, as far as the next look needs it.
#[derive(Default)]
pub(super) struct Found {
    files: Files,
    /// The files that each target led to.
    targets: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Files and targets with their stamps, in the order of the visits; `None` before the first look.
    visited: Option<Vec<(PathBuf, Stamp)>>,
}

/// The entities that count, and what is wrong with the others.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) entities: BTreeMap<EntityRef, Arc<Entity>>,
    pub(super) notices: Vec<Notice>,
    /// The origins from which something could never be read: nobody knows what is *not* there.
    pub(super) unknown: BTreeSet<usize>,
}

/// Files to read: a target, and the location of the configuration that leads to it.
struct Visit {
    target: PathBuf,
    /// The directory of the location. Files are named from there on, since people who may see an
    /// entity need not know where on this machine it is.
    root: PathBuf,
    origin: usize,
    /// Whether the target may be missing.
    is_optional: bool,
    /// How to call the place that names the target.
    named_at: Option<Provenance>,
}

pub(super) struct Survey<'a> {
    plan: &'a Plan,
    former: &'a Found,
    found: Found,
    visited: Vec<(PathBuf, Stamp)>,
    pending: Vec<Visit>,
    seen: HashSet<(PathBuf, usize)>,
    /// The files with the locations that led to them, in the order of the first visits.
    origins_of: Vec<(PathBuf, Vec<usize>)>,
    unknown: BTreeSet<usize>,
    notices: Vec<Notice>,
    has_read: bool,
}

impl<'a> Survey<'a> {
    /// Looks at every file, and reads those that are not as they were in `former`.
    pub(super) fn new(plan: &'a Plan, former: &'a Found) -> Self {
        let mut survey = Self {
            plan,
            former,
            found: Found::default(),
            visited: Vec::new(),
            pending: Vec::new(),
            seen: HashSet::new(),
            origins_of: Vec::new(),
            unknown: BTreeSet::new(),
            notices: Vec::new(),
            has_read: false,
        };
        // Visits are taken from the end.
        for (index, origin) in plan.origins.iter().enumerate().rev() {
            let target = Target {
                kind: &origin.kind,
                target: &origin.written,
                is_optional: false,
                named_at: origin.provenance.clone(),
            };
            let is_relative = Path::new(&origin.written).is_relative();
            let root = is_relative.then(|| pattern::tidy(&plan.directory));
            survey.plan(target, &plan.directory, root, index);
        }
        survey.run();
        survey
    }

    /// Returns `true` when something is not as it was.
    pub(super) fn is_changed(&self) -> bool {
        self.has_read || self.former.visited.as_ref() != Some(&self.visited)
    }

    fn plan(&mut self, named: Target<'_>, directory: &Path, root: Option<PathBuf>, origin: usize) {
        let Target { kind, target, is_optional, named_at } = named;
        if kind == "file" && !target.contains("://") {
            let target = pattern::tidy(&directory.join(target));
            let root = root.unwrap_or_else(|| pattern::fixed_directory(&target));
            self.pending.push(Visit { target, root, origin, is_optional, named_at });
        } else {
            let problem = match kind {
                "file" => {
                    "is a URL, and its type is `file`; only files are read here; the catalog \
                           of a Backstage (`coder.catalog`) reads URLs of the type `url`"
                        .to_owned()
                }
                kind => format!(
                    "is of type `{kind}`, and only files are read here; `coder.catalog` names a \
                     Backstage whose catalog reads it"
                ),
            };
            self.notice(format!("the location `{target}` {problem}"), named_at);
        }
    }

    fn notice(&mut self, message: String, at: Option<Provenance>) {
        let notice = Notice::new("catalog.locations", message);
        self.notices.push(match at {
            Some(at) => notice.at(at),
            None => notice,
        });
    }

    /// Follows every location to its files. A file is read once, and visited once for each location
    /// that leads to it, since their rules differ.
    fn run(&mut self) {
        while let Some(visit) = self.pending.pop() {
            let mut further = Vec::new();
            for path in self.files_of(&visit) {
                if !self.seen.insert((path.clone(), visit.origin)) {
                    continue;
                }
                let file = self.file(&path, &visit);
                match self.origins_of.iter_mut().find(|(known, _)| *known == path) {
                    Some((_, origins)) => origins.push(visit.origin),
                    None => {
                        self.visited.push((path.clone(), file.stamp));
                        self.origins_of.push((path.clone(), vec![visit.origin]));
                    }
                }
                if file.content.is_unknown {
                    self.unknown.insert(visit.origin);
                }
                let content = Arc::clone(&file.content);
                self.found.files.insert(path.clone(), file);
                let origin = self.plan.origins.get(visit.origin);
                let leads = content.entities.iter().filter(|entity| {
                    entity.is_kind("Location")
                        && origin.is_some_and(|origin| self.plan.rules.allow(entity, origin))
                });
                further.extend(leads.map(|entity| (Arc::clone(entity), path.clone())));
            }
            for (entity, path) in further.iter().rev() {
                let directory = path.parent().unwrap_or(Path::new(""));
                for target in targets(entity).into_iter().rev() {
                    self.plan(target, directory, Some(visit.root.clone()), visit.origin);
                }
            }
        }
    }

    /// Returns the files of a target. A target that cannot be followed leads where it led before.
    fn files_of(&mut self, visit: &Visit) -> Vec<PathBuf> {
        let target = &visit.target;
        let former = self.former.targets.get(target);
        let problem = match pattern::expand(target) {
            Ok(files) if !files.is_empty() => {
                self.found.targets.insert(target.clone(), files.clone());
                return files;
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        self.visited.push((target.clone(), None));
        if visit.is_optional && problem.is_none() {
            return Vec::new();
        }
        let shown = target.display();
        let message = match &problem {
            Some(error) => format!("cannot look for `{shown}`: {}", with_causes(error)),
            None if pattern::is_extended(&shown.to_string()) => {
                format!("there is no file `{shown}`; patterns like `@(a|b)` are not supported here")
            }
            None => format!("there is no file `{shown}`{}", beside(target)),
        };
        self.notice(message, visit.named_at.clone());
        // A pattern that matches nothing any more says that the files are gone; a name does not.
        if problem.is_none() && pattern::is_pattern(target) {
            return Vec::new();
        }
        match former {
            Some(files) => {
                self.found.targets.insert(target.clone(), files.clone());
                files.clone()
            }
            None => {
                self.unknown.insert(visit.origin);
                Vec::new()
            }
        }
    }

    fn file(&mut self, path: &Path, visit: &Visit) -> File {
        if let Some(file) = self.found.files.get(path) {
            return file.clone();
        }
        let former = self.former.files.get(path);
        let origin = self.plan.origins.get(visit.origin);
        let folder = origin.and_then(|origin| origin.folder.as_deref());
        let file = File::read(Place { path, root: &visit.root, folder }, former);
        self.has_read |= !former.is_some_and(|it| Arc::ptr_eq(&it.content, &file.content));
        file
    }

    /// Returns what was found, and the entities that the rules let in, with their relations.
    pub(super) fn finish(self) -> (Found, Reading) {
        let Self { plan, mut found, visited, origins_of, unknown, mut notices, .. } = self;
        found.visited = Some(visited);
        let mut entities = BTreeMap::<EntityRef, Arc<Entity>>::new();
        let mut refused = Refused::default();
        let mut elsewhere = Elsewhere::default();
        for (path, origins) in &origins_of {
            let Some(file) = found.files.get(path) else { continue };
            notices.extend(file.content.notices.iter().cloned());
            elsewhere.extend(&file.content.elsewhere, origins.first());
            for entity in &file.content.entities {
                let mut origins = origins.iter().filter_map(|index| plan.origins.get(*index));
                let first = origins.clone().next();
                if !origins.any(|origin| plan.rules.allow(entity, origin)) {
                    refused.push(entity, first);
                } else if let Some(first) = entities.get(entity.entity_ref()) {
                    notices.push(ignored(entity, first));
                } else {
                    entities.insert(entity.entity_ref().clone(), Arc::clone(entity));
                }
            }
        }
        notices.extend(elsewhere.into_notices());
        notices.extend(refused.into_notices());
        relations::derive(&mut entities);
        (found, Reading { entities, notices, unknown })
    }
}

fn ignored(entity: &Entity, first: &Entity) -> Notice {
    let first = first.location().map(ToString::to_string).unwrap_or_default();
    let message = format!("`{}` is ignored; it is already at {first}", entity.entity_ref());
    placed(Notice::new("metadata.name", message), entity)
}

fn placed(notice: Notice, entity: &Entity) -> Notice {
    match entity.location() {
        Some(location) => notice.at(location.clone()),
        None => notice,
    }
}

/// The entities that no rule lets in, by location and kind.
#[derive(Default)]
struct Refused<'a>(Vec<(&'a Origin, &'a Entity, usize)>);

impl<'a> Refused<'a> {
    fn push(&mut self, entity: &'a Entity, origin: Option<&'a Origin>) {
        let Some(origin) = origin else { return };
        let same = |&&mut (other, first, _): &&mut (&Origin, &Entity, usize)| {
            std::ptr::eq(other, origin) && first.entity_ref().kind() == entity.entity_ref().kind()
        };
        match self.0.iter_mut().find(same) {
            Some((_, _, count)) => *count += 1,
            None => self.0.push((origin, entity, 1)),
        }
    }

    fn into_notices(self) -> impl Iterator<Item = Notice> {
        self.0.into_iter().map(|(origin, first, count)| {
            let (name, kind) = (first.entity_ref(), &first.kind);
            let at = first.location().map(ToString::to_string).unwrap_or_default();
            let others = match count {
                1 => String::new(),
                count => format!(" and {} more of its kind", count - 1),
            };
            let message = format!(
                "`{}` leads to `{name}` at {at}{others}, which no rule lets in; add \
                 `rules: [{{ allow: [{kind}] }}]` to the location, if they may come from there",
                origin.written
            );
            let notice = Notice::new("catalog.locations", message);
            match &origin.provenance {
                Some(at) => notice.at(at.clone()),
                None => placed(notice, first),
            }
        })
    }
}

/// The placeholders whose files are not read here: the first one of each location, and their number.
#[derive(Default)]
struct Elsewhere<'a>(BTreeMap<usize, (&'a UnreadPlaceholder, usize)>);

impl<'a> Elsewhere<'a> {
    fn extend(&mut self, unread: &'a [UnreadPlaceholder], origin: Option<&usize>) {
        let (Some(origin), Some(first)) = (origin, unread.first()) else { return };
        self.0.entry(*origin).or_insert((first, 0)).1 += unread.len();
    }

    fn into_notices(self) -> impl Iterator<Item = Notice> {
        self.0.into_values().map(|(first, count)| {
            let mut notice = Notice::from(first.clone());
            match count {
                1 => {}
                2 => notice.message += "; so is 1 more value of its location",
                count => {
                    notice.message += &format!("; so are {} more values of its location", count - 1)
                }
            }
            notice
        })
    }
}

/// A target, and what names it.
struct Target<'a> {
    kind: &'a str,
    target: &'a str,
    is_optional: bool,
    named_at: Option<Provenance>,
}

/// Returns where a `Location` entity leads.
fn targets(entity: &Entity) -> Vec<Target<'_>> {
    let text = |key: &str| entity.spec.get(key).and_then(Value::as_str);
    let one = entity.spec.get("target").into_iter();
    let many = entity.spec.get("targets").and_then(Value::as_array).into_iter().flatten();
    let target = |target| Target {
        kind: text("type").unwrap_or("file"),
        target,
        is_optional: text("presence") == Some("optional"),
        named_at: entity.location().cloned().map(Into::into),
    };
    one.chain(many).filter_map(Value::as_str).map(target).collect()
}

/// Says in which directory a relative path begins.
fn beside(target: &Path) -> String {
    let directory = std::env::current_dir().ok().filter(|_| target.is_relative());
    directory.map(|directory| format!(" in `{}`", directory.display())).unwrap_or_default()
}
