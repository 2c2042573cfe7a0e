//! An index as bytes.

use std::sync::Arc;

use coder_config::ScmIntegrations;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{IndexedWorkspace, WorkspaceIndex};
use crate::SearchProblem;

/// The version of the form; a snapshot of another one is not read.
const VERSION: u32 = 1;

/// Error for bytes that are no snapshot of an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexSnapshotError {
    /// The bytes are damaged, or something else.
    #[error("the saved index cannot be read; without it everything is read from coder again")]
    Damaged(#[source] serde_json::Error),
    /// Another version of this library has saved the index.
    #[error(
        "the saved index has the form {found}, and this version reads {VERSION}; without it everything is read from coder again"
    )]
    Version {
        /// The version of the form that was found.
        found: u32,
    },
}

#[derive(Deserialize)]
struct Form {
    version: u32,
}

#[derive(Deserialize)]
struct Loaded {
    version: u32,
    keys: Vec<String>,
    listed_at: Option<Timestamp>,
    workspaces: Vec<IndexedWorkspace>,
    #[serde(default)]
    waiting: Vec<IndexedWorkspace>,
    #[serde(default)]
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    keys: &'a [String],
    listed_at: Option<Timestamp>,
    workspaces: Vec<&'a IndexedWorkspace>,
    waiting: Vec<&'a IndexedWorkspace>,
    problems: Vec<String>,
}

/// Returns the reason why bytes are not read: another version has another form.
fn not_read(json: &[u8], error: serde_json::Error) -> IndexSnapshotError {
    match serde_json::from_slice(json) {
        Ok(Form { version }) if version != VERSION => {
            IndexSnapshotError::Version { found: version }
        }
        Ok(_) | Err(_) => IndexSnapshotError::Damaged(error),
    }
}

impl WorkspaceIndex {
    /// Returns what is known and what is still to be read, as JSON.
    ///
    /// # Errors
    ///
    /// When a value cannot be written as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut workspaces: Vec<_> = self.workspaces().collect();
        workspaces.sort_by_key(|entry| entry.id);
        let (keys, listed_at) = (self.keys(), self.listed_at());
        let waiting = self.to_be_read().collect();
        let problems = self.problems().iter().map(ToString::to_string).collect();
        serde_json::to_vec(&Saved {
            version: VERSION,
            keys,
            listed_at,
            workspaces,
            waiting,
            problems,
        })
    }

    /// Reads what [`to_json`](Self::to_json) has written, for these parameters and integrations.
    ///
    /// If `keys` has a name that the saved index was not created with, its parameters say too little,
    /// and the index is empty.
    ///
    /// # Errors
    ///
    /// When the bytes are damaged, or of another version.
    pub fn from_json<K: AsRef<str>>(
        json: &[u8],
        keys: impl IntoIterator<Item = K>,
        integrations: ScmIntegrations,
    ) -> Result<Self, IndexSnapshotError> {
        let saved: Loaded = serde_json::from_slice(json).map_err(|error| not_read(json, error))?;
        if saved.version != VERSION {
            return Err(IndexSnapshotError::Version { found: saved.version });
        }
        let mut index = Self::new(keys, integrations);
        if !index.keys().iter().all(|key| saved.keys.contains(key)) {
            return Ok(index);
        }
        let is_kept = |name: &str| index.keys().contains(&name.to_lowercase());
        let entries = saved.workspaces.into_iter().map(|mut entry| {
            entry.repositories.retain(|parameter| is_kept(&parameter.name));
            Arc::new(entry)
        });
        // First all workspaces and then the tables, which so lie side by side in memory.
        let entries: Vec<_> = entries.collect();
        entries.into_iter().for_each(|entry| index.put(entry));
        saved.waiting.into_iter().for_each(|entry| index.list(entry));
        if let Some(listed_at) = saved.listed_at {
            let problems = saved.problems.into_iter();
            let problems = problems.map(|problem| SearchProblem::Saved { problem });
            index.finish_list(listed_at, problems.collect());
        }
        Ok(index)
    }
}
