//! A PostgreSQL of our own, where one is installed.

use std::sync::Arc;

use coder_core::Secret;

#[expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "written for tests, which use more of it"
)]
#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;

/// A running server with an empty schema.
pub(crate) struct Postgres {
    pub(crate) url: Secret,
    _running: Arc<cluster::Cluster>,
}

impl Postgres {
    /// Starts one; `None` when none is installed.
    pub(crate) async fn start() -> Option<Self> {
        cluster::programs()?;
        let cluster = cluster::Cluster::shared();
        Some(Self { url: cluster.schema().await, _running: cluster })
    }
}
