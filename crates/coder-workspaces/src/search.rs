//! Which workspaces belong to an entity: those whose parameters name its repository.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use coder_client::models::{BuildParameter, Workspace, WorkspaceStatus};
use coder_client::operations::{ListBuildParameters, ListWorkspaces};
use coder_client::{Client, FilterError, List, WorkspaceFilter, WorkspaceId};
use coder_config::Repository;
use futures_util::{StreamExt as _, stream};

use crate::{
    EntityWorkspacesConfig, NotSearchable, RefusedParameter, SearchProblem, WorkspacesError,
};

/// Servers and proxies refuse request lines of more than 8 KiB.
const MAX_QUERY: usize = 6 * 1024;
/// How many builds' parameters are read at a time where Coder's search has no words.
const CONCURRENCY: usize = 8;
/// How many builds' parameters are read at most for one question.
const MAX_COMPARED: usize = 200;

/// Owner of the workspaces to search for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Owner {
    /// Workspaces of the caller.
    #[default]
    Me,
    /// Workspaces of everybody, as far as the caller may see them.
    Everyone,
}

/// The workspaces of an entity.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct EntityWorkspaces {
    /// The workspaces, or one page of them when a page was asked for. Running ones come first, then
    /// those that are about to run; among each, the recently used ones come first.
    pub workspaces: Vec<Workspace>,
    /// Number of workspaces on all pages.
    pub count: usize,
    /// Reasons why workspaces may be missing; empty when the list is complete.
    pub problems: Vec<SearchProblem>,
}

impl EntityWorkspaces {
    /// Returns `true` if workspaces may be missing; [`problems`](Self::problems) says why.
    pub fn is_partial(&self) -> bool {
        !self.problems.is_empty()
    }
}

/// Finds the workspaces of an entity, with one request wherever Coder's search can express it.
///
/// # Errors
///
/// When there is nothing to search for, or no request succeeded. A request that was refused
/// because of the credential is always an error.
pub async fn find_workspaces(
    client: &Client,
    config: &EntityWorkspacesConfig,
    owner: Owner,
) -> Result<EntityWorkspaces, WorkspacesError> {
    Search::new(config).owner(owner).run(client).await
}

/// A search for an entity's workspaces.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    config: &'a EntityWorkspacesConfig,
    owner: Owner,
    filter: WorkspaceFilter,
    page: Range<usize>,
}

impl<'a> Search<'a> {
    /// Searches for the caller's workspaces of this entity.
    pub fn new(config: &'a EntityWorkspacesConfig) -> Self {
        Self { config, owner: Owner::Me, filter: WorkspaceFilter::new(), page: 0..usize::MAX }
    }

    /// Sets the owner; by default the caller.
    #[must_use]
    pub fn owner(self, owner: Owner) -> Self {
        Self { owner, ..self }
    }

    /// Restricts the search to workspaces that match this filter as well, such as a person's input in a search box.
    #[must_use]
    pub fn filter(self, filter: WorkspaceFilter) -> Self {
        Self { filter, ..self }
    }

    /// Limits the result to `limit` workspaces, beginning after the first `offset`.
    ///
    /// Coder is asked for all of them, since it sorts in another order.
    #[must_use]
    pub fn page(self, limit: usize, offset: usize) -> Self {
        Self { page: offset..offset.saturating_add(limit), ..self }
    }

    /// Runs the search at Coder.
    ///
    /// # Errors
    ///
    /// As [`find_workspaces`].
    pub async fn run(&self, client: &Client) -> Result<EntityWorkspaces, WorkspacesError> {
        let SearchPlan { queries, compare, narrow, problems } = self.plan()?;
        let problems = problems.into_iter().map(SearchProblem::Refused).collect();
        let mut answer = Answer { problems, ..Answer::default() };
        for query in queries {
            answer.take(list(client, query).await)?;
        }
        if let Some(query) = compare {
            match list(client, query).await {
                Ok(Listed { list, problems }) => {
                    answer.succeeded = true;
                    answer.problems.extend(problems);
                    self.compare(client, list, &mut answer).await?;
                }
                Err(error) => answer.fail(error)?,
            }
        }
        let mut found = answer.finish()?;
        if let Some(query) = narrow {
            let narrowed = list(client, query).await?;
            found.problems.extend(narrowed.problems);
            let allowed: BTreeSet<WorkspaceId> =
                narrowed.list.iter().map(|workspace| workspace.id).collect();
            found.workspaces.retain(|workspace| allowed.contains(&workspace.id));
        }
        // A stable sort: what is equal stays in Coder's order, by owner and name.
        found.workspaces.sort_by_key(|workspace| {
            (status_rank(&workspace.latest_build.status), std::cmp::Reverse(workspace.last_used_at))
        });
        found.count = found.workspaces.len();
        found.workspaces.truncate(self.page.end);
        found.workspaces.drain(..self.page.start.min(found.workspaces.len()));
        Ok(found)
    }

    fn repository(&self) -> Result<&Repository, NotSearchable> {
        self.config.repository.as_ref().ok_or(NotSearchable::NoRepository)
    }

    /// Returns the requests that [`run`](Self::run) sends, for a program that sends them itself.
    ///
    /// # Errors
    ///
    /// When there is nothing to search for.
    pub fn plan(&self) -> Result<SearchPlan, NotSearchable> {
        let repository = self.repository()?;
        let keys = &self.config.repo_url_param_keys;
        if keys.is_empty() {
            return Err(NotSearchable::NoParamKeys);
        }
        let (base, narrow) = self.base();
        let mut packing = ParameterPacking::new(base.clone(), MAX_QUERY);
        let (mut problems, mut inexpressible) = (Vec::new(), false);
        for key in keys {
            for spelling in repository.spellings() {
                match packing.add(key, &spelling) {
                    Ok(()) => {}
                    Err(error) if error.is_inexpressible() => inexpressible = true,
                    Err(error) => {
                        problems.push(RefusedParameter { key: key.clone(), error });
                        break;
                    }
                }
            }
        }
        let (mut queries, mut compare) = (packing.finish(), None);
        if inexpressible {
            // Every candidate is compared with every spelling, so the other queries add nothing.
            queries.clear();
            compare = Some(any_of(keys, base));
        } else if queries.is_empty()
            && let Some(RefusedParameter { key, error }) = problems.pop()
        {
            return Err(NotSearchable::Refused { key, source: error });
        }
        Ok(SearchPlan { queries, compare, narrow, problems })
    }

    /// Returns the filter that our parameters are added to, and one whose answer limits ours: Coder
    /// takes all parameters of a query for alternatives, so a caller's own need a request of their
    /// own.
    fn base(&self) -> (WorkspaceFilter, Option<WorkspaceFilter>) {
        let owned = |filter: WorkspaceFilter| match self.owner {
            Owner::Me => filter.mine(),
            Owner::Everyone => filter,
        };
        let filter = owned(self.filter.clone());
        if self.filter.has_params() {
            (owned(WorkspaceFilter::new()), Some(filter))
        } else {
            (filter, None)
        }
    }

    /// Keeps the candidates whose parameters name the repository.
    async fn compare(
        &self,
        client: &Client,
        candidates: List<Workspace>,
        answer: &mut Answer,
    ) -> Result<(), WorkspacesError> {
        if candidates.len() > MAX_COMPARED {
            let (compared, found) = (MAX_COMPARED, candidates.len());
            answer.problems.push(SearchProblem::TooMany { compared, found });
        }
        let mut reads = stream::iter(candidates.into_iter().take(MAX_COMPARED))
            .map(async |workspace| {
                let read = ListBuildParameters::new(workspace.latest_build.id);
                (client.send(&read).await, workspace)
            })
            .buffered(CONCURRENCY);
        while let Some((parameters, workspace)) = reads.next().await {
            if let Ok(parameters) = &parameters {
                answer.problems.extend(reports(parameters));
            }
            match parameters {
                Ok(parameters) if self.is_named_by(&parameters) => answer.add(workspace),
                Ok(_) => {}
                // Deleted since it was listed.
                Err(error) if error.is_not_found() || error.is_gone() => {}
                Err(error) => answer.fail(error)?,
            }
        }
        Ok(())
    }

    fn is_named_by(&self, parameters: &[BuildParameter]) -> bool {
        parameters.iter().any(|one| self.config.is_named_by(&one.name, &one.value))
    }
}

/// Requests to `GET /api/v2/workspaces` that answer a search.
#[derive(Debug)]
#[non_exhaustive]
pub struct SearchPlan {
    /// Filters that together find the entity's workspaces.
    pub queries: Vec<WorkspaceFilter>,
    /// Filter that finds candidates. A candidate belongs to the entity if one of its parameters
    /// [names the repository](Repository::matches).
    pub compare: Option<WorkspaceFilter>,
    /// Filter whose answer limits those of the others: only workspaces that it finds belong to the
    /// result.
    pub narrow: Option<WorkspaceFilter>,
    /// Reasons why workspaces may be missing.
    pub problems: Vec<RefusedParameter>,
}

/// Workspaces and problems collected so far.
#[derive(Default)]
struct Answer {
    workspaces: Vec<Workspace>,
    hosts: HashMap<WorkspaceId, usize>,
    succeeded: bool,
    problems: Vec<SearchProblem>,
}

impl Answer {
    fn take(
        &mut self,
        listed: Result<Listed, coder_client::ClientError>,
    ) -> Result<(), WorkspacesError> {
        match listed {
            Ok(workspaces) => {
                self.problems.extend(workspaces.problems);
                self.succeeded = true;
                workspaces.list.into_iter().for_each(|workspace| self.add(workspace));
                Ok(())
            }
            Err(error) => self.fail(error),
        }
    }

    /// Adds a workspace to the answer. The first place counts, and the last state.
    fn add(&mut self, workspace: Workspace) {
        let place = *self.hosts.entry(workspace.id).or_insert(self.workspaces.len());
        match self.workspaces.get_mut(place) {
            Some(known) => *known = workspace,
            None => self.workspaces.push(workspace),
        }
    }

    fn fail(&mut self, error: coder_client::ClientError) -> Result<(), WorkspacesError> {
        if error.is_unauthorized() {
            return Err(error.into());
        }
        self.problems.push(SearchProblem::Failed(error));
        Ok(())
    }

    fn finish(mut self) -> Result<EntityWorkspaces, WorkspacesError> {
        if !self.succeeded
            && let Some(at) =
                self.problems.iter().position(|p| matches!(p, SearchProblem::Failed(_)))
            && let SearchProblem::Failed(error) = self.problems.swap_remove(at)
        {
            return Err(error.into());
        }
        let (workspaces, problems) = (self.workspaces, self.problems);
        Ok(EntityWorkspaces { workspaces, count: 0, problems })
    }
}

/// Reports the items of a list that could not be read: they may belong to the entity.
fn reports<T>(list: &List<T>) -> impl Iterator<Item = SearchProblem> {
    list.unreadable().iter().cloned().map(SearchProblem::Unreadable)
}

async fn list(
    client: &Client,
    filter: WorkspaceFilter,
) -> Result<Listed, coder_client::ClientError> {
    let page = client.send(&ListWorkspaces::new(filter)).await?;
    let listed = page.workspaces.received();
    let counted = page.count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    // Coder always counts, so an empty page without a count is no page of Coder's.
    let is_whole = counted.map_or(listed > 0, |counted| listed >= counted);
    let missing = (!is_whole).then_some(SearchProblem::Missing { listed, counted });
    let problems = reports(&page.workspaces).chain(missing).collect();
    Ok(Listed { list: page.workspaces, problems })
}

/// Workspaces of one answer, and the reasons why some may be missing.
struct Listed {
    list: List<Workspace>,
    problems: Vec<SearchProblem>,
}

/// Filters the workspaces that have one of these parameters at all, where Coder can be asked for
/// each of them.
fn any_of(keys: &[String], base: WorkspaceFilter) -> WorkspaceFilter {
    keys.iter().try_fold(base.clone(), |filter, key| filter.has_param(key)).unwrap_or(base)
}

/// Pairs of a parameter and a value, in as few filters as they fit in. Coder takes the pairs of one
/// filter for alternatives.
pub(crate) struct ParameterPacking {
    base: WorkspaceFilter,
    base_length: usize,
    max_length: usize,
    query: WorkspaceFilter,
    length: usize,
    queries: Vec<WorkspaceFilter>,
}

impl ParameterPacking {
    /// Creates a packing whose filters begin with `base` and have at most `max_length` characters in
    /// a URL. A filter has one pair at least.
    pub(crate) fn new(base: WorkspaceFilter, max_length: usize) -> Self {
        let base_length = encoded_length(&base.to_string());
        let query = base.clone();
        Self { base, base_length, max_length, query, length: base_length, queries: Vec::new() }
    }

    /// Adds a name with its value.
    ///
    /// # Errors
    ///
    /// When Coder's search has no words for it.
    pub(crate) fn add(&mut self, key: &str, value: &str) -> Result<(), FilterError> {
        // Alone first, since a failure would take the other pairs along.
        WorkspaceFilter::new().param(key, value)?;
        let added = encoded_length(&format!(" param:\"{key}={value}\""));
        if self.length + added > self.max_length && self.length > self.base_length {
            self.queries.push(std::mem::replace(&mut self.query, self.base.clone()));
            self.length = self.base_length;
        }
        self.query = std::mem::take(&mut self.query).param(key, value)?;
        self.length += added;
        Ok(())
    }

    /// Returns the filters; none when no pair was added.
    pub(crate) fn finish(mut self) -> Vec<WorkspaceFilter> {
        if self.length > self.base_length {
            self.queries.push(self.query);
        }
        self.queries
    }
}

fn encoded_length(text: &str) -> usize {
    form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum()
}

/// Ranks a status: running workspaces first, then those that are about to run.
pub(crate) fn status_rank(status: &WorkspaceStatus) -> u8 {
    match status {
        WorkspaceStatus::Running => 0,
        WorkspaceStatus::Pending | WorkspaceStatus::Starting => 1,
        _ => 2,
    }
}
