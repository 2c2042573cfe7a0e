//! The index as data: what is known, and where to look it up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use coder_client::models::{BuildParameter, Workspace, WorkspaceStatus};
use coder_client::{BuildId, UserId, WorkspaceId};
use coder_config::{Repository, RepositoryKey, ScmIntegrations};
use jiff::{SignedDuration, Timestamp};

use super::{Facets, IndexedWorkspace, RepositoryParameter};
use crate::search::status_rank;
use crate::{EntityWorkspacesConfig, NotSearchable, SearchProblem};

/// The workspaces that one credential may see, and which repositories they belong to.
///
/// An [`IndexReader`](super::IndexReader) fills it. Each association was true when Coder listed the
/// workspace ([`IndexedWorkspace::listed_at`]): a workspace with a new build is shown as it was until
/// the parameters of that build are read.
///
/// The index holds what the credential may see. [`IndexVisibility`](super::IndexVisibility) decides
/// what of it is shown to another person than the user of that credential.
#[derive(Debug)]
pub struct WorkspaceIndex {
    /// Names of the parameters that may hold a repository, in lower case.
    keys: Vec<String>,
    integrations: ScmIntegrations,
    entries: HashMap<WorkspaceId, IndexedWorkspace>,
    /// For each repository the values that name it, and the workspaces that have them.
    by_repository: HashMap<RepositoryKey, BTreeMap<String, BTreeSet<WorkspaceId>>>,
    by_owner: HashMap<UserId, BTreeSet<WorkspaceId>>,
    facets: Facets,
    unread: BTreeSet<WorkspaceId>,
    /// Workspaces with a build whose parameters are to be read.
    waiting: BTreeMap<WorkspaceId, IndexedWorkspace>,
    listed_at: Option<Timestamp>,
    problems: Vec<SearchProblem>,
}

impl WorkspaceIndex {
    /// Creates an empty index.
    ///
    /// `keys` are the names of all parameters that hold a repository for any entity, without regard
    /// to letter case. The values of other parameters are not kept.
    pub fn new<K: AsRef<str>>(
        keys: impl IntoIterator<Item = K>,
        integrations: ScmIntegrations,
    ) -> Self {
        let keys: BTreeSet<_> = keys.into_iter().map(|key| key.as_ref().to_lowercase()).collect();
        Self {
            keys: keys.into_iter().filter(|key| !key.is_empty()).collect(),
            integrations,
            entries: HashMap::new(),
            by_repository: HashMap::new(),
            by_owner: HashMap::new(),
            facets: Facets::default(),
            unread: BTreeSet::new(),
            waiting: BTreeMap::new(),
            listed_at: None,
            problems: Vec::new(),
        }
    }

    /// Returns the workspaces of an entity, in the order of
    /// [`find_workspaces`](crate::find_workspaces).
    ///
    /// # Errors
    ///
    /// When the entity names no repository or no parameter, or a parameter that the index was not
    /// created with.
    pub fn of(
        &self,
        config: &EntityWorkspacesConfig,
    ) -> Result<Vec<&IndexedWorkspace>, NotSearchable> {
        let repository = config.repository.as_ref().ok_or(NotSearchable::NoRepository)?;
        let keys: Vec<_> =
            config.repo_url_param_keys.iter().map(|key| key.to_lowercase()).collect();
        if keys.is_empty() {
            return Err(NotSearchable::NoParamKeys);
        }
        if let Some(key) = keys.iter().find(|key| !self.keys.contains(key)) {
            return Err(NotSearchable::NotIndexed { key: key.clone() });
        }
        Ok(self.holders(repository, |name| config.is_repo_url_param(name)))
    }

    /// Returns the workspaces of a repository, whichever parameter names it, in the order of
    /// [`find_workspaces`](crate::find_workspaces).
    pub fn of_repository(&self, repository: &Repository) -> Vec<&IndexedWorkspace> {
        self.holders(repository, |_| true)
    }

    /// Returns the workspaces of an owner, ordered by id.
    pub fn of_owner(&self, owner: UserId) -> impl Iterator<Item = &IndexedWorkspace> {
        let ids = self.by_owner.get(&owner).into_iter().flatten();
        ids.filter_map(|id| self.entries.get(id))
    }

    /// Returns a workspace by its id.
    pub fn get(&self, id: WorkspaceId) -> Option<&IndexedWorkspace> {
        self.entries.get(&id)
    }

    /// Returns all workspaces, in no order.
    pub fn workspaces(&self) -> impl Iterator<Item = &IndexedWorkspace> {
        self.entries.values()
    }

    /// Returns the number of workspaces.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns `true` when there is no workspace in the index.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the numbers of workspaces by owner, template, organization and status.
    pub fn facets(&self) -> &Facets {
        &self.facets
    }

    /// Returns the time since the list of all workspaces was begun to be read for the last time;
    /// `None` before it was read to its end.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.listed_at.map(|then| now.duration_since(then).max(SignedDuration::ZERO))
    }

    /// Puts a workspace as Coder tells it into the index, such as from a watch stream or the answer to
    /// an action, so that it is shown before the next list. The parameters of a new build are read by
    /// the reader's next [`step`](super::IndexReader::step). An answer that is older than the index is
    /// ignored, and a deleted workspace leaves the index.
    pub fn update(&mut self, workspace: &Workspace, told_at: Timestamp) {
        let known = self.waiting.get(&workspace.id).or_else(|| self.entries.get(&workspace.id));
        if known.is_some_and(|known| known.listed_at > told_at) {
            return;
        }
        if workspace.latest_build.status == WorkspaceStatus::Deleted {
            self.remove(workspace.id);
        } else {
            self.list(IndexedWorkspace::new(workspace, told_at));
        }
    }

    /// Returns the workspaces of which a parameter could not be read;
    /// [`IndexedWorkspace::unread`] tells why.
    pub fn unread(&self) -> impl Iterator<Item = &IndexedWorkspace> {
        self.unread.iter().filter_map(|id| self.entries.get(id))
    }

    /// Returns the reasons why workspaces may be missing since the last list of all.
    pub fn problems(&self) -> &[SearchProblem] {
        &self.problems
    }

    /// Returns the number of workspaces with a build whose parameters are still to be read.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns `true` when all workspaces were listed and nothing is missing.
    pub fn is_complete(&self) -> bool {
        let is_read = self.waiting.is_empty() && self.unread.is_empty();
        self.listed_at.is_some() && is_read && self.problems.is_empty()
    }

    /// Returns the workspaces that name the repository in one of these parameters.
    fn holders(
        &self,
        repository: &Repository,
        is_key: impl Fn(&str) -> bool,
    ) -> Vec<&IndexedWorkspace> {
        let mut found: BTreeMap<WorkspaceId, &IndexedWorkspace> = BTreeMap::new();
        let values = self.by_repository.get(&repository.key()).into_iter().flatten();
        for (value, ids) in values.filter(|(value, _)| repository.matches(value)) {
            for entry in ids.iter().filter_map(|id| self.entries.get(id)) {
                let named = |one: &RepositoryParameter| one.value == *value && is_key(&one.name);
                if entry.repositories.iter().any(named) {
                    found.insert(entry.id, entry);
                }
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by(|one, other| {
            let order = |entry: &IndexedWorkspace| {
                (status_rank(&entry.status), Reverse(entry.last_used_at))
            };
            let name = |entry: &IndexedWorkspace| {
                (entry.owner_name.to_lowercase(), entry.name.to_lowercase())
            };
            order(one).cmp(&order(other)).then_with(|| name(one).cmp(&name(other)))
        });
        found
    }
}

/// The methods by which a reader and a snapshot change an index.
impl WorkspaceIndex {
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    pub(super) fn listed_at(&self) -> Option<Timestamp> {
        self.listed_at
    }

    pub(super) fn ids(&self) -> BTreeSet<WorkspaceId> {
        self.entries.keys().chain(self.waiting.keys()).copied().collect()
    }

    /// Returns the key of the repository that a parameter's value names, if it names one.
    pub(super) fn key_of(&self, value: &str) -> Option<RepositoryKey> {
        RepositoryKey::from_url(value, &self.integrations)
    }

    pub(super) fn is_waiting(&self, id: WorkspaceId) -> bool {
        self.waiting.contains_key(&id)
    }

    /// Takes a workspace as Coder lists it. The parameters of a build never change, so those of a
    /// known build are kept.
    pub(super) fn list(&mut self, mut entry: IndexedWorkspace) {
        match self.entries.get(&entry.id) {
            Some(known) if known.build_id == entry.build_id && known.unread.is_none() => {
                entry.repositories.clone_from(&known.repositories);
                self.waiting.remove(&entry.id);
                self.put(entry);
            }
            Some(_) | None if entry.build_id.is_nil() => {
                entry.unread = Some("coder tells no build of the workspace".to_owned());
                self.waiting.remove(&entry.id);
                self.put(entry);
            }
            Some(_) | None => {
                self.waiting.insert(entry.id, entry);
            }
        }
    }

    /// Returns up to `limit` builds whose parameters are to be read, with their workspaces.
    pub(super) fn to_read(&self, limit: usize) -> Vec<(WorkspaceId, BuildId)> {
        self.waiting.values().take(limit).map(|entry| (entry.id, entry.build_id)).collect()
    }

    /// Takes the parameters of a build; `unread` tells what is missing of them.
    pub(super) fn read(
        &mut self,
        id: WorkspaceId,
        build: BuildId,
        parameters: &[BuildParameter],
        unread: Option<String>,
    ) {
        // It may have been listed with another build meanwhile.
        if self.waiting.get(&id).is_some_and(|entry| entry.build_id == build)
            && let Some(mut entry) = self.waiting.remove(&id)
        {
            entry.take(parameters, &self.keys);
            entry.unread = unread;
            self.put(entry);
        }
    }

    pub(super) fn remove(&mut self, id: WorkspaceId) {
        self.waiting.remove(&id);
        self.take_out(id);
    }

    /// Notes that all workspaces were listed, as of the moment at which that began.
    pub(super) fn finish_list(&mut self, begun_at: Timestamp, problems: Vec<SearchProblem>) {
        self.listed_at = Some(begun_at);
        self.problems = problems;
    }

    pub(super) fn add_problem(&mut self, problem: SearchProblem) {
        self.problems.push(problem);
    }

    pub(super) fn put(&mut self, entry: IndexedWorkspace) {
        self.take_out(entry.id);
        for parameter in &entry.repositories {
            if let Some(key) = self.key_of(&parameter.value) {
                let values = self.by_repository.entry(key).or_default();
                values.entry(parameter.value.clone()).or_default().insert(entry.id);
            }
        }
        self.by_owner.entry(entry.owner_id).or_default().insert(entry.id);
        self.facets.add(&entry);
        if entry.unread.is_some() {
            self.unread.insert(entry.id);
        }
        self.entries.insert(entry.id, entry);
    }

    fn take_out(&mut self, id: WorkspaceId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        for parameter in &entry.repositories {
            let Some(key) = self.key_of(&parameter.value) else {
                continue;
            };
            if let Some(values) = self.by_repository.get_mut(&key) {
                if let Some(ids) = values.get_mut(&parameter.value) {
                    ids.remove(&id);
                }
                values.retain(|_, ids| !ids.is_empty());
                if values.is_empty() {
                    self.by_repository.remove(&key);
                }
            }
        }
        if let Some(ids) = self.by_owner.get_mut(&entry.owner_id) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_owner.remove(&entry.owner_id);
            }
        }
        self.facets.remove(&entry);
        self.unread.remove(&id);
    }
}
