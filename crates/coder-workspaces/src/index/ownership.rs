//! Which entities have no workspaces, and which workspaces belong to no entity.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use coder_client::WorkspaceId;
use coder_config::RepositoryKey;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{IndexedWorkspace, WorkspaceIndex};
use crate::EntityWorkspacesConfig;

/// The greatest number of letters in which the names of two repositories differ when one is a typing
/// mistake.
const MAX_TYPO_DISTANCE: usize = 2;
/// The greatest length of a name that is compared letter by letter, in characters. Hosts of
/// repositories allow no longer names.
const MAX_NAME: usize = 100;

/// The relation of a catalog's entities and the workspaces of an index, seen from both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OwnershipReport {
    /// The entities without any workspace, in the order in which they were given.
    pub entities_without_workspaces: Vec<String>,
    /// The workspaces that belong to no entity, ordered by owner and name.
    pub workspaces_without_entity: Vec<WorkspaceWithoutEntity>,
    /// The workspaces that nobody has used for a time, ordered by owner and name. One that was never
    /// used is among them.
    pub stale_workspaces: Vec<WorkspaceName>,
}

/// The names of a workspace in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkspaceName {
    /// The id.
    pub id: WorkspaceId,
    /// The username of the owner.
    pub owner_name: String,
    /// The name, which is unique among the workspaces of its owner.
    pub name: String,
    /// The moment of the last use; `None` for never.
    pub last_used_at: Option<Timestamp>,
}

/// A workspace that belongs to no entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WorkspaceWithoutEntity {
    /// The names of the workspace.
    #[serde(flatten)]
    pub workspace: WorkspaceName,
    /// The reason.
    #[serde(flatten)]
    pub reason: NoEntity,
}

/// The reason why a workspace belongs to no entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a report says something for each")]
pub enum NoEntity {
    /// The parameters of the workspace could not be read.
    Unread {
        /// The reason for that.
        problem: String,
    },
    /// No parameter of the workspace holds a repository.
    NoParameter,
    /// A parameter holds something else than the URL of a repository.
    NoRepository {
        /// The name of the parameter.
        parameter: String,
        /// The value.
        value: String,
    },
    /// An entity has the repository, and looks for it in other parameters.
    OtherParameter {
        /// The name of the parameter that holds the repository.
        parameter: String,
        /// The entity.
        entity: String,
    },
    /// No entity has the repository.
    NotInCatalog {
        /// The value of the parameter.
        value: String,
        /// An entity whose repository is almost the same.
        near_miss: Option<NearMiss>,
    },
}

/// An entity whose repository is almost that of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NearMiss {
    /// The entity.
    pub entity: String,
    /// The URL of the entity's repository.
    pub repository: String,
    /// The part in which the two repositories differ.
    pub difference: Difference,
}

/// The part in which two repositories differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a report says something for each")]
pub enum Difference {
    /// The server: the same path is at another one.
    Host,
    /// The owner or group: the same name is below another one.
    Owner,
    /// The name: it is spelled a little differently.
    Name,
}

impl OwnershipReport {
    /// Compares a catalog's entities, each with a name for the report, with an index.
    ///
    /// The index must hold all workspaces: a reader for certain
    /// [`entities`](super::IndexReader::entities) leaves out what the report looks for. A workspace is
    /// stale when it was not used within `unused_for` before `now`.
    pub fn new<'a>(
        index: &WorkspaceIndex,
        entities: impl IntoIterator<Item = (&'a str, &'a EntityWorkspacesConfig)>,
        now: Timestamp,
        unused_for: SignedDuration,
    ) -> Self {
        Self::visible(index, entities, now, unused_for, |_| true, 0..usize::MAX)
    }

    /// Compares as [`new`](Self::new) does, with the workspaces that `shows` returns `true` for.
    ///
    /// The report is for a person who is shown a part of the index: the others count nowhere, so an
    /// entity that has only such ones is one without workspaces.
    ///
    /// `near_misses` are the places in [`workspaces_without_entity`](Self::workspaces_without_entity)
    /// for which an entity with almost the same repository is looked for, such as those of a page.
    /// Each of them is compared with all repositories of its owner at the host.
    pub fn visible<'a>(
        index: &WorkspaceIndex,
        entities: impl IntoIterator<Item = (&'a str, &'a EntityWorkspacesConfig)>,
        now: Timestamp,
        unused_for: SignedDuration,
        shows: impl Fn(&IndexedWorkspace) -> bool,
        near_misses: Range<usize>,
    ) -> Self {
        let mut report = Self::default();
        let (mut catalog, mut owned) = (Catalog::default(), BTreeSet::new());
        for (name, config) in entities {
            let workspaces = index.of(config).unwrap_or_default();
            let shown = workspaces.iter().filter(|workspace| shows(workspace));
            let shown: Vec<_> = shown.map(|workspace| workspace.id).collect();
            if shown.is_empty() {
                report.entities_without_workspaces.push(name.to_owned());
            }
            owned.extend(shown);
            catalog.add(name, config);
        }
        let mut workspaces: Vec<_> =
            index.workspaces().filter(|workspace| shows(workspace)).collect();
        workspaces.sort_by_key(|workspace| (&workspace.owner_name, &workspace.name));
        for workspace in workspaces {
            let is_used =
                workspace.last_used_at.is_some_and(|used| now.duration_since(used) <= unused_for);
            if !is_used {
                report.stale_workspaces.push(WorkspaceName::new(workspace));
            }
            if !owned.contains(&workspace.id) {
                let is_looked_for = near_misses.contains(&report.workspaces_without_entity.len());
                report.workspaces_without_entity.push(WorkspaceWithoutEntity {
                    workspace: WorkspaceName::new(workspace),
                    reason: catalog.reason(workspace, index, is_looked_for),
                });
            }
        }
        report
    }
}

impl WorkspaceName {
    fn new(workspace: &IndexedWorkspace) -> Self {
        Self {
            id: workspace.id,
            owner_name: workspace.owner_name.clone(),
            name: workspace.name.clone(),
            last_used_at: workspace.last_used_at,
        }
    }
}

/// An entity's repository, and the name of the entity.
#[derive(Clone, Copy)]
struct Known<'a> {
    entity: &'a str,
    config: &'a EntityWorkspacesConfig,
}

/// The repositories of the entities, by the parts of their keys.
#[derive(Default)]
struct Catalog<'a> {
    by_key: HashMap<RepositoryKey, Known<'a>>,
    by_path: BTreeMap<String, Known<'a>>,
    by_name: BTreeMap<(String, String), Known<'a>>,
    by_owner: BTreeMap<(String, String), Names<'a>>,
}

/// The names of the repositories below one owner, by their length in characters.
type Names<'a> = BTreeMap<usize, Vec<(String, Known<'a>)>>;

impl<'a> Catalog<'a> {
    fn add(&mut self, entity: &'a str, config: &'a EntityWorkspacesConfig) {
        let Some(repository) = &config.repository else { return };
        let key = repository.key();
        let known = Known { entity, config };
        let (host, owner, name) = parts(key);
        self.by_path.entry(key.path().to_owned()).or_insert(known);
        self.by_name.entry((host.clone(), name.clone())).or_insert(known);
        let of_owner = self.by_owner.entry((host, owner)).or_default();
        of_owner.entry(name.chars().count()).or_default().push((name, known));
        self.by_key.entry(key.clone()).or_insert(known);
    }

    fn reason(
        &self,
        workspace: &IndexedWorkspace,
        index: &WorkspaceIndex,
        looks_for_near_miss: bool,
    ) -> NoEntity {
        if let Some(problem) = &workspace.unread {
            return NoEntity::Unread { problem: problem.clone() };
        }
        let filled = workspace.repositories.iter().filter(|it| !it.value.trim().is_empty());
        let mut reason = NoEntity::NoParameter;
        for parameter in filled {
            let Some(key) = index.key_of(&parameter.value) else {
                let (parameter, value) = (parameter.name.clone(), parameter.value.clone());
                reason = NoEntity::NoRepository { parameter, value };
                continue;
            };
            let known = self.by_key.get(&key).filter(|known| {
                known.config.repository.as_ref().is_some_and(|it| it.matches(&parameter.value))
            });
            return match known {
                Some(known) => NoEntity::OtherParameter {
                    parameter: parameter.name.clone(),
                    entity: known.entity.to_owned(),
                },
                None => NoEntity::NotInCatalog {
                    value: parameter.value.clone(),
                    near_miss: looks_for_near_miss.then(|| self.near_miss(&key)).flatten(),
                },
            };
        }
        reason
    }

    /// Returns the entity whose repository differs in one part only.
    fn near_miss(&self, key: &RepositoryKey) -> Option<NearMiss> {
        let (host, owner, name) = parts(key);
        let slip = || {
            let length = name.chars().count();
            let of_owner = self.by_owner.get(&(host.clone(), owner.clone()))?;
            let alike = length.saturating_sub(MAX_TYPO_DISTANCE)..=length + MAX_TYPO_DISTANCE;
            let siblings = of_owner.range(alike).flat_map(|(_, siblings)| siblings);
            let slips = siblings.filter_map(|(sibling, known)| {
                let distance = strsim::osa_distance(&name, sibling);
                (distance <= MAX_TYPO_DISTANCE && distance < length).then_some((distance, *known))
            });
            (length <= MAX_NAME)
                .then(|| slips.min_by_key(|(distance, _)| *distance))?
                .map(|(_, known)| known)
        };
        let (known, difference) = match (slip(), self.by_path.get(key.path())) {
            (Some(known), _) => (known, Difference::Name),
            (None, Some(known)) => (*known, Difference::Host),
            (None, None) => (*self.by_name.get(&(host.clone(), name.clone()))?, Difference::Owner),
        };
        Some(NearMiss {
            entity: known.entity.to_owned(),
            repository: known.config.repository.as_ref()?.clone_url().to_owned(),
            difference,
        })
    }
}

/// Returns the host, the owner and the name of a repository.
fn parts(key: &RepositoryKey) -> (String, String, String) {
    let (owner, name) = key.path().rsplit_once('/').unwrap_or(("", key.path()));
    (key.host().to_owned(), owner.to_owned(), name.to_owned())
}
