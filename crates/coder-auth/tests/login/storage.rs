//! Where this run of the suite keeps grants and sessions: in memory. `coder-auth-sqlx` runs the same
//! suite with a `storage` of its own.

use std::sync::Arc;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;

/// What the processes of one portal share.
pub(crate) struct Storage(pub(crate) Arc<MemoryAuthStore>);

impl Storage {
    pub(crate) fn new() -> Self {
        Self(Arc::new(MemoryAuthStore::new()))
    }

    /// Opens the store as one more process does.
    pub(crate) fn open(&self) -> Arc<dyn AuthStore> {
        self.0.clone()
    }
}

/// Returns after how many polls to drop a future next: one more.
pub(crate) fn later(polls: usize) -> usize {
    polls + 1
}
