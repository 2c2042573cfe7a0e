//! The index as data: what is known, and where to look it up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use coder_client::models::{BuildParameter, Workspace, WorkspaceStatus};
use coder_client::{BuildId, UserId, WorkspaceId};
use coder_config::{Repository, RepositoryKey, ScmIntegrations};
use jiff::{SignedDuration, Timestamp};

use super::changes::Changes;
use super::holders::Holders;
use super::{Facets, IndexChange, IndexRevision, IndexedWorkspace, RepositoryParameter};
use crate::entity_config::is_same_name;
use crate::{EntityWorkspacesConfig, NotSearchable, SearchProblem};

/// How long an answer of Coder may be under way. What is known from a moment further ahead is from before
/// the clock was set back.
const LONGEST_REQUEST: SignedDuration = SignedDuration::from_mins(5);

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
    entries: HashMap<WorkspaceId, Arc<IndexedWorkspace>>,
    /// By the hash of the repository's key. Two that have one hash by chance are told apart as the
    /// spellings of one key are.
    by_repository: HashMap<u64, Holders>,
    hashes: RandomState,
    by_owner: HashMap<UserId, BTreeSet<WorkspaceId>>,
    facets: Facets,
    unread: BTreeSet<WorkspaceId>,
    /// Workspaces with a build whose parameters are to be read.
    waiting: BTreeMap<WorkspaceId, IndexedWorkspace>,
    /// Workspaces that were told to be deleted since the last list was begun, and when: a page of that
    /// list may still bring them.
    deleted: HashMap<WorkspaceId, Timestamp>,
    listed_at: Option<Timestamp>,
    problems: Vec<SearchProblem>,
    changes: Changes,
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
            hashes: RandomState::new(),
            by_owner: HashMap::new(),
            facets: Facets::default(),
            unread: BTreeSet::new(),
            waiting: BTreeMap::new(),
            deleted: HashMap::new(),
            listed_at: None,
            problems: Vec::new(),
            changes: Changes::default(),
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
        let repository = self.can_answer(config)?;
        Ok(self.holders(repository, &config.repo_url_param_keys))
    }

    /// Returns the repository of an entity whose workspaces the index can tell.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of).
    pub fn can_answer<'a>(
        &self,
        config: &'a EntityWorkspacesConfig,
    ) -> Result<&'a Repository, NotSearchable> {
        let repository = config.repository.as_ref().ok_or(NotSearchable::NoRepository)?;
        let keys = config.repo_url_param_keys.as_slice();
        if keys.is_empty() {
            return Err(NotSearchable::NoParamKeys);
        }
        let is_known = |key: &str| self.keys.iter().any(|known| is_same_name(known, key));
        if let Some(key) = keys.iter().find(|key| !is_known(key)) {
            return Err(NotSearchable::NotIndexed { key: key.to_lowercase() });
        }
        Ok(repository)
    }

    /// Returns the workspaces of a repository, whichever parameter names it, in the order of
    /// [`find_workspaces`](crate::find_workspaces).
    pub fn of_repository(&self, repository: &Repository) -> Vec<&IndexedWorkspace> {
        self.holders(repository, &self.keys)
    }

    /// Returns the workspaces of an owner, ordered by id.
    pub fn of_owner(&self, owner: UserId) -> impl Iterator<Item = &IndexedWorkspace> {
        let ids = self.by_owner.get(&owner).into_iter().flatten();
        ids.filter_map(|id| self.get(*id))
    }

    /// Returns a workspace by its id.
    pub fn get(&self, id: WorkspaceId) -> Option<&IndexedWorkspace> {
        self.entries.get(&id).map(Arc::as_ref)
    }

    /// Returns all workspaces, in no order.
    pub fn workspaces(&self) -> impl Iterator<Item = &IndexedWorkspace> {
        self.entries.values().map(Arc::as_ref)
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

    /// Returns whether Coder tells something else of a workspace than the index does, apart from its last
    /// use.
    pub fn differs(&self, told: &Workspace) -> bool {
        let known = self.waiting.get(&told.id).or_else(|| self.get(told.id));
        known.is_none_or(|known| {
            let told = IndexedWorkspace::new(told, known.listed_at);
            let told = IndexedWorkspace {
                last_used_at: known.last_used_at,
                repositories: known.repositories.clone(),
                unread: known.unread.clone(),
                ..told
            };
            told != *known
        })
    }

    /// Puts a workspace as Coder tells it into the index, such as from a watch stream or the answer to
    /// an action, so that it is shown before the next list. The parameters of a new build are read by
    /// the reader's next [`step`](super::IndexReader::step). An answer that is older than the index is
    /// ignored, and a deleted workspace leaves the index.
    ///
    /// Coder must have told it to the same credential that the index is read with: another one may see
    /// more. [`IndexReader::look_at`](super::IndexReader::look_at) is for what others have heard.
    /// `told_at` is a moment at which Coder had not answered yet, such as that of the request.
    pub fn update(&mut self, workspace: &Workspace, told_at: Timestamp) {
        if workspace.latest_build.status != WorkspaceStatus::Deleted {
            self.list(IndexedWorkspace::new(workspace, told_at));
        } else if !self.is_newer(workspace.id, told_at) {
            self.deleted.insert(workspace.id, told_at);
            self.remove(workspace.id);
        }
    }

    /// Returns the workspaces of which a parameter could not be read;
    /// [`IndexedWorkspace::unread`] tells why.
    pub fn unread(&self) -> impl Iterator<Item = &IndexedWorkspace> {
        self.unread.iter().filter_map(|id| self.get(*id))
    }

    /// Returns the reasons why workspaces may be missing since the last list of all.
    pub fn problems(&self) -> &[SearchProblem] {
        &self.problems
    }

    /// Returns the workspaces with a build whose parameters are still to be read, as Coder lists them.
    /// One that the index has with an older build is among them.
    pub fn to_be_read(&self) -> impl Iterator<Item = &IndexedWorkspace> {
        self.waiting.values()
    }

    /// Returns the moment at which the list of all workspaces was begun to be read for the last time;
    /// `None` before it was read to its end.
    pub fn listed_at(&self) -> Option<Timestamp> {
        self.listed_at
    }

    /// Returns the present revision, with which a caller asks for later [changes](Self::changes).
    pub fn revision(&self) -> IndexRevision {
        self.changes.revision()
    }

    /// Returns what has changed since a revision of this index, once for each workspace, and in no
    /// order. `None` when that is longer ago than the last 10,000 changes: then all is read again.
    ///
    /// A workspace whose moments of the last use and of the last list alone are new has not changed.
    pub fn changes(&self, since: IndexRevision) -> Option<Vec<IndexChange<'_>>> {
        let changed = self.changes.since(since)?;
        let with_present =
            changed.into_iter().map(|(id, before)| IndexChange { id, before, now: self.get(id) });
        Some(with_present.collect())
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
    fn holders(&self, repository: &Repository, keys: &[String]) -> Vec<&IndexedWorkspace> {
        let hash = self.hashes.hash_one(repository.key());
        let Some(holders) = self.by_repository.get(&hash) else { return Vec::new() };
        let is_meant = |known: &String| keys.iter().any(|key| is_same_name(known, key));
        let looks_into: Vec<bool> = self.keys.iter().map(is_meant).collect();
        holders.of(repository, |key| looks_into.get(key).copied().unwrap_or(false))
    }
}

/// Returns the parameters of a workspace that name a repository: the key of the repository, the number
/// of the parameter's name among `keys`, and the value.
fn named<'a>(
    entry: &'a IndexedWorkspace,
    keys: &[String],
    integrations: &ScmIntegrations,
) -> impl Iterator<Item = (RepositoryKey, usize, &'a str)> {
    entry.repositories.iter().filter_map(move |RepositoryParameter { name, value }| {
        let key = keys.iter().position(|key| is_same_name(key, name))?;
        Some((RepositoryKey::from_url(value, integrations)?, key, value.as_str()))
    })
}

/// The methods by which a reader and a snapshot change an index.
impl WorkspaceIndex {
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
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

    /// Returns whether something is known of a workspace that was told after this moment.
    fn is_newer(&self, id: WorkspaceId, told_at: Timestamp) -> bool {
        let known = self.waiting.get(&id).or_else(|| self.get(id));
        let known = known.map(|known| known.listed_at).max(self.deleted.get(&id).copied());
        known.is_some_and(|known| {
            let ahead = known.duration_since(told_at);
            ahead.is_positive() && ahead < LONGEST_REQUEST
        })
    }

    /// Takes a workspace as Coder lists it, unless something newer is known. The parameters of a build
    /// never change, so those of a known build are kept.
    pub(super) fn list(&mut self, mut entry: IndexedWorkspace) {
        if self.is_newer(entry.id, entry.listed_at) {
            return;
        }
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

    /// Returns up to `limit` builds whose parameters are to be read, with their workspaces. Those that
    /// have failed before come last.
    pub(super) fn to_read(
        &self,
        limit: usize,
        has_failed: impl Fn(BuildId) -> bool,
    ) -> Vec<(WorkspaceId, BuildId)> {
        let builds = || self.waiting.values().map(|entry| (entry.id, entry.build_id));
        let fresh = builds().filter(|(_, build)| !has_failed(*build));
        fresh.chain(builds().filter(|(_, build)| has_failed(*build))).take(limit).collect()
    }

    /// Returns up to `limit` workspaces whose latest build was under way when Coder told of them: those
    /// that it told of longest ago.
    pub(super) fn unfinished(&self, limit: usize) -> Vec<WorkspaceId> {
        let mut unfinished: Vec<_> =
            self.entries.values().filter(|entry| entry.is_unfinished()).collect();
        unfinished.sort_unstable_by_key(|entry| (entry.listed_at, entry.id));
        unfinished.iter().take(limit).map(|entry| entry.id).collect()
    }

    /// Takes the parameters of a build; `unread` tells what is missing of them.
    pub(super) fn read(
        &mut self,
        id: WorkspaceId,
        build: BuildId,
        parameters: &[BuildParameter],
        unread: Option<String>,
    ) {
        // The workspace may have been listed with another build meanwhile.
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
        if let Some(before) = self.take_out(id) {
            self.changes.add(id, Some(before));
        }
    }

    /// Notes that all workspaces were listed, as of the moment at which that began.
    pub(super) fn finish_list(&mut self, begun_at: Timestamp, problems: Vec<SearchProblem>) {
        self.deleted.retain(|_, told_at| *told_at >= begun_at);
        self.listed_at = Some(begun_at);
        self.problems = problems;
    }

    pub(super) fn add_problem(&mut self, problem: SearchProblem) {
        self.problems.push(problem);
    }

    pub(super) fn put(&mut self, entry: impl Into<Arc<IndexedWorkspace>>) {
        let entry = entry.into();
        let before = self.take_out(entry.id).map(|before| IndexedWorkspace {
            last_used_at: entry.last_used_at,
            listed_at: entry.listed_at,
            ..before
        });
        if before.as_ref() != Some(&*entry) {
            self.changes.add(entry.id, before);
        }
        for (repository, key, value) in named(&entry, &self.keys, &self.integrations) {
            let hash = self.hashes.hash_one(repository);
            self.by_repository.entry(hash).or_default().add(&entry, key, value);
        }
        self.by_owner.entry(entry.owner_id).or_default().insert(entry.id);
        self.facets.add(&entry);
        if entry.unread.is_some() {
            self.unread.insert(entry.id);
        }
        self.entries.insert(entry.id, entry);
    }

    fn take_out(&mut self, id: WorkspaceId) -> Option<IndexedWorkspace> {
        let entry = self.entries.remove(&id)?;
        for (repository, key, value) in named(&entry, &self.keys, &self.integrations) {
            let hash = self.hashes.hash_one(repository);
            if let Some(holders) = self.by_repository.get_mut(&hash) {
                holders.remove(&entry, key, value);
                if holders.is_empty() {
                    self.by_repository.remove(&hash);
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
        Some(Arc::unwrap_or_clone(entry))
    }
}
