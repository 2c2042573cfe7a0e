//! The workspaces that name one repository, in the order of answers.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use coder_config::Repository;

use super::IndexedWorkspace;
use crate::search::status_rank;

/// The workspaces that name repositories with one key.
///
/// All that an answer needs lies side by side, so that a look-up does not touch the workspaces.
#[derive(Debug, Default)]
pub(super) struct Holders {
    ordered: BTreeSet<Holder>,
    /// The values that name the repositories, in their order, each with the number of its holders.
    values: Vec<(Arc<str>, usize)>,
}

/// A workspace that names a repository.
#[derive(Debug)]
struct Holder {
    place: u64,
    /// The number of the parameter's name among those of the index.
    key: usize,
    value: Arc<str>,
    workspace: Arc<IndexedWorkspace>,
}

impl Holder {
    fn new(workspace: &Arc<IndexedWorkspace>, key: usize, value: Arc<str>) -> Self {
        Self { place: place(workspace), key, value, workspace: Arc::clone(workspace) }
    }
}

/// Returns the place in the order of answers, as far as the status and the microsecond of the last use
/// decide it.
fn place(workspace: &IndexedWorkspace) -> u64 {
    /// More than the microseconds of every moment.
    const LATEST: i64 = 1 << 60;
    let since = workspace.last_used_at.map(|then| (LATEST - then.as_microsecond()).unsigned_abs());
    (u64::from(status_rank(&workspace.status)) << 62) | since.unwrap_or(u64::MAX >> 2)
}

impl Ord for Holder {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.workspace, &other.workspace);
        let places = self.place.cmp(&other.place);
        places
            .then_with(|| two.last_used_at.cmp(&one.last_used_at))
            .then_with(|| compare_names(&one.owner_name, &two.owner_name))
            .then_with(|| compare_names(&one.name, &two.name))
            .then_with(|| one.id.cmp(&two.id))
            .then_with(|| (self.key, &self.value).cmp(&(other.key, &other.value)))
    }
}

impl PartialOrd for Holder {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Holder {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Holder {}

impl Holders {
    /// Adds a workspace that names a repository by `value`, in the parameter with the number `key`.
    pub(super) fn add(&mut self, workspace: &Arc<IndexedWorkspace>, key: usize, value: &str) {
        let at = self.find(value);
        let known = at.ok().and_then(|at| self.values.get(at));
        let text = known.map_or_else(|| value.into(), |(text, _)| Arc::clone(text));
        if !self.ordered.insert(Holder::new(workspace, key, Arc::clone(&text))) {
            return;
        }
        match at {
            Ok(at) => {
                if let Some((_, count)) = self.values.get_mut(at) {
                    *count += 1;
                }
            }
            Err(at) => self.values.insert(at, (text, 1)),
        }
    }

    /// Takes out what was added.
    pub(super) fn remove(&mut self, workspace: &Arc<IndexedWorkspace>, key: usize, value: &str) {
        if !self.ordered.remove(&Holder::new(workspace, key, value.into())) {
            return;
        }
        if let Ok(at) = self.find(value)
            && let Some((_, count)) = self.values.get_mut(at)
        {
            *count -= 1;
            if *count == 0 {
                self.values.remove(at);
            }
        }
    }

    fn find(&self, value: &str) -> Result<usize, usize> {
        self.values.binary_search_by(|(known, _)| (**known).cmp(value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ordered.is_empty()
    }

    /// Returns the workspaces that name the repository in a parameter that `looks_into` returns `true`
    /// for, in the order of [`find_workspaces`](crate::find_workspaces).
    pub(super) fn of(
        &self,
        repository: &Repository,
        looks_into: impl Fn(usize) -> bool,
    ) -> Vec<&IndexedWorkspace> {
        // The usual spelling needs no second look.
        let matches = |value: &str| value == repository.clone_url() || repository.matches(value);
        let others = self.values.iter().map(|(value, _)| value).filter(|value| !matches(value));
        let others: Vec<&Arc<str>> = others.collect();
        let is_other =
            |holder: &Holder| others.iter().any(|other| Arc::ptr_eq(other, &holder.value));
        let holders = self.ordered.iter();
        let holders = holders.filter(|holder| looks_into(holder.key) && !is_other(holder));
        let mut found: Vec<&IndexedWorkspace> = Vec::with_capacity(self.ordered.len().min(64));
        for holder in holders {
            // One may name the repository twice, and stands in one place of the order.
            let workspace: &IndexedWorkspace = &holder.workspace;
            if !found.last().is_some_and(|last| std::ptr::eq(*last, workspace)) {
                found.push(workspace);
            }
        }
        found
    }
}

/// Compares two names without regard to letter case.
fn compare_names(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        return one.bytes().map(lower).cmp(other.bytes().map(lower));
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use coder_client::models::Workspace;
    use coder_config::ScmIntegrations;
    use jiff::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    /// Makes a running workspace with this number, last used at this moment.
    fn workspace(number: u128, last_used_at: Option<&str>) -> Arc<IndexedWorkspace> {
        let workspace: Workspace = serde_json::from_value(json!({
            "id": Uuid::from_u128(number), "name": "w", "owner_id": Uuid::nil(), "owner_name": "o",
            "latest_build": { "id": Uuid::nil(), "build_number": 1, "status": "running",
                "transition": "start" },
        }))
        .unwrap();
        let mut entry = IndexedWorkspace::new(&workspace, Timestamp::UNIX_EPOCH);
        entry.last_used_at = last_used_at.map(|moment| moment.parse().unwrap());
        Arc::new(entry)
    }

    fn ids(holders: &Holders, url: &str) -> Vec<u128> {
        let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
        let found = holders.of(&repository, |_| true);
        found.iter().map(|entry| Uuid::from(entry.id).as_u128()).collect()
    }

    #[test]
    fn two_repositories_in_one_place_are_told_apart() {
        let (one, two) = ("https://github.com/acme/one", "https://github.com/acme/two");
        let mut holders = Holders::default();
        holders.add(&workspace(1, None), 0, one);
        holders.add(&workspace(2, None), 0, two);
        holders.add(&workspace(3, None), 0, "git@github.com:acme/one.git");
        assert_eq!((ids(&holders, one), ids(&holders, two)), (vec![1, 3], vec![2]));
        holders.remove(&workspace(1, None), 0, one);
        assert_eq!((ids(&holders, one), ids(&holders, two)), (vec![3], vec![2]));
    }

    #[test]
    fn the_latest_use_comes_first_to_the_nanosecond_and_before_none() {
        let moments = [
            None,
            Some("-009999-01-02T01:59:59Z"),
            Some("1969-12-31T23:59:59.999999998Z"),
            Some("1969-12-31T23:59:59.999999999Z"),
            Some("2026-08-20T10:00:00Z"),
            Some("2026-08-20T10:00:00.000000001Z"),
            Some("9999-12-30T22:00:00.999999999Z"),
        ];
        let mut holders = Holders::default();
        let url = "https://github.com/acme/one";
        for (number, moment) in (1..).zip(moments) {
            holders.add(&workspace(number, moment), 0, url);
        }
        assert_eq!(ids(&holders, url), [7, 6, 5, 4, 3, 2, 1]);
    }
}
