//! Where the index of workspaces is kept between two runs: in PostgreSQL beside the sessions, else in a
//! file of the data directory.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use coder_auth_sqlx::{PostgresSnapshot, SqlStoreError};
use coder_config::{SessionConfig, SessionStoreConfig};
use coder_core::{OsRandom, random_bytes};
use coder_workspaces::index::{IndexStore, IndexStoreError};
use jiff::SignedDuration;

use crate::index_file::IndexFile;

/// The file in the data directory.
const FILE: &str = "coder-backstage-index.json";
/// The name of the index in PostgreSQL.
const NAME: &str = "workspaces";

/// Opens the place of the index. Relative paths are below `data_directory`.
///
/// # Errors
///
/// When PostgreSQL cannot be reached.
pub(crate) async fn open(
    session: &SessionConfig,
    data_directory: &Path,
) -> Result<Arc<dyn IndexStore>, SqlStoreError> {
    match &session.store {
        Some(SessionStoreConfig::Postgres { url, .. }) => {
            let holder = u128::from_be_bytes(random_bytes(&OsRandom)?);
            let snapshot = PostgresSnapshot::connect(url, NAME, format!("{holder:x}")).await?;
            Ok(Arc::new(InPostgres(snapshot)))
        }
        Some(SessionStoreConfig::Memory | SessionStoreConfig::Sqlite { .. }) | None => {
            Ok(Arc::new(IndexFile::new(data_directory.join(FILE))))
        }
    }
}

/// An index in PostgreSQL, which one replica at a time writes.
struct InPostgres(PostgresSnapshot);

#[async_trait]
impl IndexStore for InPostgres {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        Ok(self.0.load().await?)
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        Ok(self.0.save(index).await?)
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        Ok(self.0.lease(duration).await?)
    }
}
