//! A SQLite file for each test.

use std::sync::Arc;

use coder_auth::store::AuthStore;
use coder_auth_sqlx::SqliteAuthStore;
use tempfile::TempDir;

pub(crate) use crate::unhurried::later;
use crate::unhurried::{Unhurried, opened};

/// What the processes of one portal share.
pub(crate) struct Storage(TempDir);

impl Storage {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Opens the store as one more process does.
    pub(crate) fn open(&self) -> Arc<dyn AuthStore> {
        let file = self.0.path().join("auth.sqlite");
        Arc::new(Unhurried(opened(SqliteAuthStore::open(file)).unwrap()))
    }
}
