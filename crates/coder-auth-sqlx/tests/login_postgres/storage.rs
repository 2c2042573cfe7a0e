//! A schema of a PostgreSQL database for each test.

use std::sync::Arc;

use coder_auth::store::AuthStore;
use coder_auth_sqlx::PostgresAuthStore;
use coder_core::Secret;

use crate::cluster::Cluster;
pub(crate) use crate::unhurried::later;
use crate::unhurried::{Unhurried, opened};

/// What the processes of one portal share.
pub(crate) struct Storage {
    url: Secret,
    _running: Arc<Cluster>,
}

impl Storage {
    pub(crate) fn new() -> Self {
        let cluster = Cluster::shared();
        Self { url: opened(cluster.schema()), _running: cluster }
    }

    /// Opens the store as one more process does.
    pub(crate) fn open(&self) -> Arc<dyn AuthStore> {
        let opening = PostgresAuthStore::connect(self.url.clone(), 2);
        Arc::new(Unhurried(opened(opening).unwrap()))
    }
}
