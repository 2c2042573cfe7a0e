//! Fills an index from Coder, and keeps it up to date.

mod lists;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use coder_client::operations::{GetWorkspace, ListBuildParameters, ListWorkspaces};
use coder_client::{BuildId, Client, ClientError, WorkspaceFilter, WorkspaceId};
use coder_config::ScmIntegrations;
use coder_core::{Lock, RetryPolicy, elapsed, later, with_causes};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use crate::index::listing::Listing;
use crate::index::scope::Scope;
use crate::index::{IndexStore, IndexedWorkspace, RequestBudget, WorkspaceIndex};
use crate::{EntityWorkspacesConfig, Owner, SearchProblem, WorkspacesError};

/// How many builds' parameters are read at a time.
const CONCURRENCY: usize = 8;
/// How often the parameters of one build are asked for before they count as unread.
const MAX_ATTEMPTS: u32 = 3;
/// The pause after Coder did not answer; it doubles each time.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// How many workspaces with a build under way are asked for at each look.
const MAX_UNFINISHED: usize = 32;
/// How many builds are read before the index is saved again.
const SAVE_EVERY: usize = 500;

/// The outcome of a step of an [`IndexReader`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller must decide what to do for each")]
pub enum IndexStep {
    /// Something was read, and there is more to read.
    Working,
    /// Coder must be left alone until this moment: the budget is spent, or Coder asked for a pause or
    /// did not answer.
    Paused(Timestamp),
    /// The index is up to date; this is the moment of the next look.
    UpToDate(Timestamp),
}

/// The progress of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexProgress {
    /// The number of workspaces that the current list has brought; 0 between two lists.
    pub listed: usize,
    /// The number of workspaces on the current list, as soon as Coder tells it.
    pub total: Option<usize>,
    /// The number of workspaces in the index.
    pub indexed: usize,
    /// The number of builds whose parameters are still to be read.
    pub waiting: usize,
}

/// Reader that fills a [`WorkspaceIndex`] from Coder and keeps it up to date, step by step.
///
/// All workspaces are listed page by page, and then the parameters of each build that the index has
/// not seen are read. A known workspace that is missing from a list is asked for, since it may have
/// moved between two pages. Between two such lists, the workspaces that were used since are listed.
///
/// A reader for certain [`entities`](Self::entities) searches for their workspaces instead, where
/// that takes fewer requests.
///
/// A caller drives it, because the reader neither waits nor starts tasks. A step that is dropped or
/// fails loses the answers that it waits for and nothing else.
pub struct IndexReader {
    client: Client,
    owner: Owner,
    budget: RequestBudget,
    list_interval: SignedDuration,
    changes_interval: SignedDuration,
    store: Option<Arc<dyn IndexStore>>,
    scope: Option<Scope>,
    listing: Option<Listing>,
    /// Known workspaces that a list did not bring.
    to_confirm: VecDeque<WorkspaceId>,
    attempts: BTreeMap<BuildId, u32>,
    /// The moment at which this reader last began a list of all workspaces that it read to the end.
    listed: Option<Timestamp>,
    looked: Option<Timestamp>,
    /// Whether the last list was a search for the entities' workspaces.
    is_searching: bool,
    failures: i32,
    paused_until: Option<Timestamp>,
    problem: Option<ClientError>,
    /// Workspaces that the last whole list did not bring, when they are too many to ask for one by one.
    missed: BTreeSet<WorkspaceId>,
    unsaved: usize,
}

impl IndexReader {
    /// Creates a reader of all workspaces that the client's credential may see.
    ///
    /// The reader counts its requests itself, so it does not use the client's retries.
    pub fn new(client: &Client, budget: RequestBudget) -> Self {
        Self {
            client: client.clone().with_retry(RetryPolicy::NEVER),
            owner: Owner::Everyone,
            budget,
            list_interval: SignedDuration::from_mins(15),
            changes_interval: SignedDuration::from_mins(1),
            store: None,
            scope: None,
            listing: None,
            to_confirm: VecDeque::new(),
            attempts: BTreeMap::new(),
            listed: None,
            looked: None,
            is_searching: false,
            failures: 0,
            paused_until: None,
            problem: None,
            missed: BTreeSet::new(),
            unsaved: 0,
        }
    }

    /// Sets the owner of the workspaces to read; by default everybody.
    #[must_use]
    pub fn owner(self, owner: Owner) -> Self {
        Self { owner, ..self }
    }

    /// Sets the time between two lists of all workspaces; 15 minutes by default.
    #[must_use]
    pub fn list_interval(self, interval: SignedDuration) -> Self {
        Self { list_interval: interval, ..self }
    }

    /// Sets the time between two lists of the workspaces that were used since; 1 minute by default.
    #[must_use]
    pub fn changes_interval(self, interval: SignedDuration) -> Self {
        Self { changes_interval: interval, ..self }
    }

    /// Sets the store that the index is saved in: whenever it is up to date, and after each 500 builds.
    #[must_use]
    pub fn store(self, store: Arc<dyn IndexStore>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Sets the entities that the index is asked about; by default all that may be.
    ///
    /// Before each list the reader compares two ways: to search for the workspaces of all these
    /// entities together, or to list all workspaces. A search takes a request for each 56 kB of
    /// spellings (a repository on GitHub has about 1 kB), and the parameters of what it finds are
    /// read. The reader takes the way with fewer requests. After a search the index
    /// [holds](WorkspaceIndex::workspaces) the workspaces of these entities and no others.
    #[must_use]
    pub fn entities(self, entities: impl IntoIterator<Item = EntityWorkspacesConfig>) -> Self {
        Self { scope: Some(Scope::new(entities.into_iter().collect())), ..self }
    }

    /// Returns how far the reader is.
    pub fn progress(&self, index: &WorkspaceIndex) -> IndexProgress {
        let (listed, total) = self.listing.as_ref().map(Listing::progress).unwrap_or_default();
        IndexProgress { listed, total, indexed: index.len(), waiting: index.waiting() }
    }

    /// Returns why Coder is left alone: it did not answer, or asked for a pause. `None` when its last
    /// answer was good, also while the budget is spent.
    pub fn problem(&self) -> Option<&ClientError> {
        self.problem.as_ref()
    }

    /// Takes the [`problem`](Self::problem) out, for a caller that gives up.
    pub fn take_problem(&mut self) -> Option<ClientError> {
        self.problem.take()
    }

    /// Lets the reader ask for a workspace soon, because it has probably changed. What somebody else has
    /// told of it counts for nothing: the client's credential may not see it.
    pub fn look_at(&mut self, workspace: WorkspaceId) {
        if !self.to_confirm.contains(&workspace) {
            self.to_confirm.push_back(workspace);
        }
    }

    /// Reads until the index is up to date, and waits where [`step`](Self::step) says so.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub async fn read_all(&mut self, index: &Lock<WorkspaceIndex>) -> Result<(), WorkspacesError> {
        loop {
            match self.step(index).await? {
                IndexStep::Working => {}
                IndexStep::UpToDate(_) => return Ok(()),
                IndexStep::Paused(until) => {
                    let world = self.client.world();
                    // A pause has at least a millisecond, so that time goes on.
                    let pause = elapsed(until, world.clock.now()).max(Duration::from_millis(1));
                    world.runtime.sleep(pause).await;
                }
            }
        }
    }

    /// Sends one request for a page or a workspace, or up to 8 for parameters, and puts the answers
    /// into the index. The index is not locked meanwhile.
    ///
    /// # Errors
    ///
    /// When Coder refuses the credential or a list. Rate limits and outages are not errors: they
    /// lead to a pause.
    pub async fn step(
        &mut self,
        index: &Lock<WorkspaceIndex>,
    ) -> Result<IndexStep, WorkspacesError> {
        let now = self.now();
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Ok(IndexStep::Paused(until));
        }
        if let Some(step) = self.begin_what_is_due(index, now).await? {
            return Ok(step);
        }
        let step = if self.listing.is_some() {
            self.read_page(index, now).await
        } else if let Some(id) = self.to_confirm.front().copied() {
            self.confirm(index, id, now).await
        } else {
            let builds = {
                let has_failed = |build| self.attempts.contains_key(&build);
                index.lock().to_read(CONCURRENCY, has_failed)
            };
            if builds.is_empty() {
                Ok(IndexStep::UpToDate(self.next_look(now)))
            } else {
                self.read_parameters(index, builds, now).await
            }
        }?;
        let is_up_to_date = matches!(step, IndexStep::UpToDate(_));
        if self.unsaved >= SAVE_EVERY || (is_up_to_date && self.unsaved > 0) {
            self.save(index).await;
        }
        Ok(step)
    }

    fn now(&self) -> Timestamp {
        self.client.world().clock.now()
    }

    fn filter(&self) -> WorkspaceFilter {
        match self.owner {
            Owner::Me => WorkspaceFilter::new().mine(),
            Owner::Everyone => WorkspaceFilter::new(),
        }
    }

    async fn read_page(
        &mut self,
        index: &Lock<WorkspaceIndex>,
        now: Timestamp,
    ) -> Result<IndexStep, WorkspacesError> {
        let Some(request) = self.listing.as_ref().map(Listing::next_page) else {
            return Ok(IndexStep::Working);
        };
        if let Err(until) = self.budget.take(1, now) {
            return Ok(IndexStep::Paused(until));
        }
        let page = match self.client.send(&request).await {
            Ok(page) => page,
            Err(error) => return self.refuse_list(error, now),
        };
        self.recover();
        let Some(mut listing) = self.listing.take() else { return Ok(IndexStep::Working) };
        let (workspaces, is_last) = listing.take(page);
        let mut index = index.lock();
        for workspace in &workspaces {
            index.list(IndexedWorkspace::new(workspace, now));
        }
        if !is_last {
            self.listing = Some(listing);
            return Ok(IndexStep::Working);
        }
        self.finish_list(&mut index, listing);
        Ok(IndexStep::Working)
    }

    /// Asks for a workspace that a list did not bring.
    async fn confirm(
        &mut self,
        index: &Lock<WorkspaceIndex>,
        id: WorkspaceId,
        now: Timestamp,
    ) -> Result<IndexStep, WorkspacesError> {
        if let Err(until) = self.budget.take(1, now) {
            return Ok(IndexStep::Paused(until));
        }
        match self.client.send(&GetWorkspace::new(id)).await {
            Ok(workspace) => index.lock().list(IndexedWorkspace::new(&workspace, now)),
            Err(error) if error.is_not_found() || error.is_gone() || error.is_forbidden() => {
                index.lock().remove(id);
                self.unsaved += 1;
            }
            Err(error) if error.is_unauthorized() || may_pass(&error) => return self.pause(error),
            Err(error) => index.lock().add_problem(SearchProblem::Failed(error)),
        }
        self.recover();
        self.to_confirm.pop_front();
        Ok(IndexStep::Working)
    }

    async fn read_parameters(
        &mut self,
        index: &Lock<WorkspaceIndex>,
        mut builds: Vec<(WorkspaceId, BuildId)>,
        now: Timestamp,
    ) -> Result<IndexStep, WorkspacesError> {
        match self.budget.take(builds.len(), now) {
            Ok(free) => builds.truncate(free),
            Err(until) => return Ok(IndexStep::Paused(until)),
        }
        let client = &self.client;
        let answers: Vec<_> = stream::iter(builds)
            .map(async |(id, build)| {
                (id, build, client.send(&ListBuildParameters::new(build)).await)
            })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let (mut failed, mut refused) = (Vec::new(), None);
        let mut is_answered = false;
        for (id, build, answer) in answers {
            match answer {
                Ok(parameters) => {
                    let unread = parameters.unreadable().first().map(ToString::to_string);
                    index.lock().read(id, build, &parameters, unread);
                    self.unsaved += 1;
                    is_answered = true;
                }
                Err(error) if error.is_unauthorized() || error.is_rate_limited() => {
                    refused = Some(error);
                }
                Err(error) => failed.push((id, build, error)),
            }
        }
        if let Some(error) = refused {
            return self.pause(error);
        }
        if !is_answered && failed.iter().any(|(_, _, error)| may_pass(error)) {
            // Another request tells whether Coder is away, or cannot read these builds.
            if let Err(until) = self.budget.take(1, now) {
                return Ok(IndexStep::Paused(until));
            }
            if let Err(error) = self.client.send(&self.count()).await
                && (error.is_unauthorized() || may_pass(&error))
            {
                return self.pause(error);
            }
        }
        for (id, build, error) in failed {
            self.fail_parameters(index, id, build, &error);
        }
        self.recover();
        Ok(IndexStep::Working)
    }

    /// Decides what it means that Coder, which answers, does not tell the parameters of a build. It is
    /// asked again after the others.
    fn fail_parameters(
        &mut self,
        index: &Lock<WorkspaceIndex>,
        id: WorkspaceId,
        build: BuildId,
        error: &ClientError,
    ) {
        let attempts = self.attempts.entry(build).or_default();
        *attempts += 1;
        if *attempts == 1 && (error.is_not_found() || error.is_gone()) {
            // The workspace was probably deleted, or built anew, since it was listed.
            self.to_confirm.push_back(id);
        } else if *attempts >= MAX_ATTEMPTS || !may_pass(error) {
            index.lock().read(id, build, &[], Some(with_causes(error)));
        }
    }

    /// Returns the request for the number of workspaces.
    fn count(&self) -> ListWorkspaces {
        ListWorkspaces::new(self.filter()).limit(1)
    }

    /// Notes that Coder answers.
    fn recover(&mut self) {
        (self.failures, self.problem) = (0, None);
    }

    /// Leaves Coder alone for a while, if that may help.
    fn pause(&mut self, error: ClientError) -> Result<IndexStep, WorkspacesError> {
        if error.is_unauthorized() || !may_pass(&error) {
            return Err(error.into());
        }
        let doubled = 2_i32.saturating_pow(self.failures.clamp(0, 10).unsigned_abs());
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(MAX_PAUSE);
        let asked = error.retry_after().and_then(|asked| SignedDuration::try_from(asked).ok());
        self.failures = self.failures.saturating_add(1);
        let until = later(self.now(), asked.unwrap_or(pause).max(FIRST_PAUSE));
        self.paused_until = Some(until);
        self.problem = Some(error);
        Ok(IndexStep::Paused(until))
    }

    async fn save(&mut self, index: &Lock<WorkspaceIndex>) {
        let Some(store) = self.store.clone() else {
            self.unsaved = 0;
            return;
        };
        let saved = match index.lock().to_json() {
            Ok(json) => Ok(json),
            Err(error) => Err(error.into()),
        };
        let saved = match saved {
            Ok(json) => store.save(json).await,
            Err(error) => Err(error),
        };
        match saved {
            Ok(()) => self.unsaved = 0,
            Err(error) => {
                // The index is saved again after as many changes more.
                self.unsaved = 1;
                tracing::warn!(
                    error = with_causes(error.as_ref()),
                    "the index of workspaces is not saved; after a restart more is read from coder"
                );
            }
        }
    }
}

impl WorkspaceIndex {
    /// Returns an index of all workspaces of `owner` that the client's credential may see, read once.
    ///
    /// `keys` are the names of all parameters that hold a repository for any entity; see
    /// [`WorkspaceIndex::new`]. For a job that ends; a program that goes on keeps its index up to date
    /// with an [`IndexReader`].
    ///
    /// # Errors
    ///
    /// As [`IndexReader::step`].
    pub async fn fetch<K: AsRef<str>>(
        client: &Client,
        owner: Owner,
        keys: impl IntoIterator<Item = K>,
        integrations: ScmIntegrations,
    ) -> Result<Self, WorkspacesError> {
        let index = Lock::new(Self::new(keys, integrations));
        let mut reader = IndexReader::new(client, RequestBudget::default()).owner(owner);
        reader.read_all(&index).await?;
        Ok(index.into_inner())
    }
}

impl std::fmt::Debug for IndexReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IndexReader").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// Tells whether the same request may succeed later.
fn may_pass(error: &ClientError) -> bool {
    error.is_rate_limited() || error.is_inconclusive()
}
