//! Bytes that replicas keep for each other in PostgreSQL, beside the logins.

use std::fmt;
use std::time::Duration;

use coder_auth::store::StoreError;
use coder_core::Secret;
use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::error::{NoAnswer, SqlStoreError};
use crate::postgres::pool;

/// The time limit of a call. Nobody waits for it, and the bytes may be many.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes under a name in PostgreSQL, such as an index that one replica makes for all, and the lease of
/// the replica that makes them.
///
/// The bytes are not sealed. A lease is a row that expires by the clock of the database, so replicas
/// need no common clock.
pub struct PostgresSnapshot {
    pool: PgPool,
    name: String,
    holder: String,
}

impl PostgresSnapshot {
    /// Connects to `url`, as [`PostgresAuthStore::connect`](crate::PostgresAuthStore::connect) does,
    /// with one connection.
    ///
    /// `name` is that of the bytes. `holder` names this process, and no other one has the same.
    ///
    /// # Errors
    ///
    /// As for [`PostgresAuthStore::connect`](crate::PostgresAuthStore::connect).
    pub async fn connect(
        url: &Secret,
        name: impl Into<String>,
        holder: impl Into<String>,
    ) -> Result<Self, SqlStoreError> {
        let (pool, _) = pool(url, 1).await?;
        Ok(Self { pool, name: name.into(), holder: holder.into() })
    }

    /// Returns the bytes that were saved last; `None` when nothing was.
    ///
    /// # Errors
    ///
    /// When the database refuses, or does not answer within ten seconds.
    pub async fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let query = "SELECT saved FROM coder_auth_snapshots WHERE name = $1";
        let row = sqlx::query_scalar::<_, Option<Vec<u8>>>(query).bind(&self.name);
        Ok(within(row.fetch_optional(&self.pool)).await?.flatten())
    }

    /// Saves bytes in place of those before.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load), and when another process has the lease.
    pub async fn save(&self, bytes: Vec<u8>) -> Result<(), StoreError> {
        let query = "INSERT INTO coder_auth_snapshots AS known (name, saved) VALUES ($1, $2) \
                     ON CONFLICT (name) DO UPDATE SET saved = EXCLUDED.saved \
                     WHERE known.holder = $3 OR known.leased_until IS NULL \
                     OR known.leased_until <= now()";
        let save = sqlx::query(query).bind(&self.name).bind(bytes).bind(&self.holder);
        match within(save.execute(&self.pool)).await?.rows_affected() {
            0 => Err(StoreError::new(Leased)),
            _ => Ok(()),
        }
    }

    /// Takes the lease for a while, or keeps it. Returns whether no other process has it. A duration of
    /// zero gives it back.
    ///
    /// # Errors
    ///
    /// As for [`load`](Self::load).
    pub async fn lease(&self, duration: SignedDuration) -> Result<bool, StoreError> {
        let query = "INSERT INTO coder_auth_snapshots AS known (name, holder, leased_until) \
                     VALUES ($1, $2, now() + $3 * INTERVAL '1 second') \
                     ON CONFLICT (name) DO UPDATE \
                     SET holder = EXCLUDED.holder, leased_until = EXCLUDED.leased_until \
                     WHERE known.holder = EXCLUDED.holder OR known.leased_until IS NULL \
                     OR known.leased_until <= now()";
        let lease = sqlx::query(query).bind(&self.name).bind(&self.holder);
        let lease = lease.bind(duration.as_secs_f64());
        Ok(within(lease.execute(&self.pool)).await?.rows_affected() == 1)
    }
}

/// Error of a process that saves while another one has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another process has the lease, so nothing is saved")]
struct Leased;

/// Bounds a call: a server that is frozen answers nothing.
async fn within<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(CALL_TIMEOUT, call).await {
        Ok(done) => done.map_err(StoreError::new),
        Err(_) => Err(StoreError::new(NoAnswer)),
    }
}

impl fmt::Debug for PostgresSnapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PostgresSnapshot").field("name", &self.name).finish_non_exhaustive()
    }
}
