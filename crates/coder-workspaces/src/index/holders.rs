//! The workspaces that name one repository, in the order of answers.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coder_config::Repository;
use jiff::Timestamp;

use super::IndexedWorkspace;
use crate::search::status_rank;

/// The workspaces that name repositories with one key.
///
/// All that an answer needs lies side by side, so that a look-up does not touch the workspaces.
#[derive(Debug, Default)]
pub(super) struct Holders {
    ordered: BTreeSet<Holder>,
    /// The values that name the repositories, each with the number of its holders.
    values: BTreeMap<Arc<str>, usize>,
}

/// A workspace that names a repository.
#[derive(Debug)]
struct Holder {
    rank: u8,
    last_used_at: Reverse<Option<Timestamp>>,
    /// The number of the parameter's name among those of the index.
    key: usize,
    value: Arc<str>,
    workspace: Arc<IndexedWorkspace>,
}

impl Holder {
    fn new(workspace: &Arc<IndexedWorkspace>, key: usize, value: Arc<str>) -> Self {
        Self {
            rank: status_rank(&workspace.status),
            last_used_at: Reverse(workspace.last_used_at),
            key,
            value,
            workspace: Arc::clone(workspace),
        }
    }
}

impl Ord for Holder {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.workspace, &other.workspace);
        (self.rank, self.last_used_at)
            .cmp(&(other.rank, other.last_used_at))
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
        let known = self.values.get_key_value(value).map(|(known, _)| Arc::clone(known));
        let value = known.unwrap_or_else(|| value.into());
        if self.ordered.insert(Holder::new(workspace, key, Arc::clone(&value))) {
            *self.values.entry(value).or_default() += 1;
        }
    }

    /// Takes out what was added.
    pub(super) fn remove(&mut self, workspace: &Arc<IndexedWorkspace>, key: usize, value: &str) {
        if !self.ordered.remove(&Holder::new(workspace, key, value.into())) {
            return;
        }
        if let Some(count) = self.values.get_mut(value) {
            *count -= 1;
            if *count == 0 {
                self.values.remove(value);
            }
        }
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
        let others: Vec<&Arc<str>> = self.values.keys().filter(|value| !matches(value)).collect();
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
