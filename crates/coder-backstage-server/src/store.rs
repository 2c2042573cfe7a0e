//! Where grants and sessions are kept: what `coder.session.store` says, else a SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;
use coder_auth_sqlx::{KeyFile, PlaceNotice, PostgresAuthStore, SqlStoreError, SqliteAuthStore};
use coder_config::{ConfigErrors, SessionConfig, SessionStoreConfig};
use coder_core::{OsRandom, with_causes};

/// The file in the data directory, unless another one is configured.
const FILE: &str = "coder-backstage.sqlite";
/// Every one serves many people at once: none is held while Coder is asked.
const CONNECTIONS: u32 = 10;

/// Checks whether a store can be opened where this configuration says, and changes nothing there.
///
/// # Errors
///
/// When it cannot, at the place of the configuration that names it.
pub(crate) fn check(
    session: &SessionConfig,
    data_directory: &Path,
) -> Result<Option<PlaceNotice>, ConfigErrors> {
    let path = match &session.store {
        Some(SessionStoreConfig::Memory | SessionStoreConfig::Postgres { .. }) => return Ok(None),
        Some(SessionStoreConfig::Sqlite { file, .. }) => path(file.as_deref(), data_directory),
        None => path(None, data_directory),
    };
    SqliteAuthStore::check_place(path).map_err(|error| {
        session.invalid_store(format!("cannot be used: {}", with_causes(&error))).into()
    })
}

fn path(file: Option<&str>, data_directory: &Path) -> PathBuf {
    data_directory.join(file.unwrap_or(FILE))
}

/// A store as a check finds it, each with a text for people.
pub(crate) enum ForCheck {
    /// The store was opened as `serve` opens it.
    Opened(Arc<dyn AuthStore>, String),
    /// Nothing was kept there yet.
    NotYet(String),
    /// Nothing was kept there yet, and the place needs somebody's attention.
    Look(String),
    /// The database is there, and the file with its key is not.
    NoKey(String),
}

/// Opens the store of this configuration if it is there. Makes neither a database nor a key. The key
/// of a file is put into `session`.
///
/// # Errors
///
/// When it cannot be opened, or when no database can be made at its place.
pub(crate) async fn for_check(
    session: &mut SessionConfig,
    data_directory: &Path,
) -> Result<ForCheck, SqlStoreError> {
    let file = match &session.store {
        Some(SessionStoreConfig::Memory) => {
            let text = "sessions are kept in memory: when the server ends, everyone signs in again";
            return Ok(ForCheck::Look(text.to_owned()));
        }
        Some(SessionStoreConfig::Postgres { .. }) => {
            let store = open(session, data_directory).await?;
            return Ok(ForCheck::Opened(store, "PostgreSQL opens".to_owned()));
        }
        Some(SessionStoreConfig::Sqlite { file, .. }) => file.as_deref(),
        None => None,
    };
    let path = path(file, data_directory);
    let shown = path.display();
    let notice = SqliteAuthStore::check_place(&path)?;
    if !path.exists() {
        SqliteAuthStore::check_writable(&path)?;
        return Ok(match notice {
            Some(notice) => ForCheck::Look(notice.to_string()),
            None => ForCheck::NotYet(format!("`{shown}` will be made when the server starts")),
        });
    }
    if session.keys.is_empty() && !KeyFile::is_beside(&path) {
        let text = format!("`{shown}` is there, and the file with its key is not");
        return Ok(ForCheck::NoKey(text));
    }
    let store = open(session, data_directory).await?;
    Ok(ForCheck::Opened(store, format!("`{shown}` opens and can be written to")))
}

/// Opens the store of this configuration, in which relative paths are below `data_directory`. A
/// SQLite file without configured keys has one in a file beside it, which is put into `session`.
///
/// # Errors
///
/// When it cannot be opened.
pub(crate) async fn open(
    session: &mut SessionConfig,
    data_directory: &Path,
) -> Result<Arc<dyn AuthStore>, SqlStoreError> {
    let file = match &session.store {
        Some(SessionStoreConfig::Memory) => {
            tracing::warn!(
                "sessions are kept in memory: when this process ends, everyone signs in again"
            );
            return Ok(Arc::new(MemoryAuthStore::new()));
        }
        Some(SessionStoreConfig::Postgres { url, .. }) => {
            let store = PostgresAuthStore::connect(url.clone(), CONNECTIONS).await?;
            tracing::info!("sessions are kept in PostgreSQL");
            return Ok(Arc::new(store));
        }
        Some(SessionStoreConfig::Sqlite { file, .. }) => file.as_deref(),
        None => None,
    };
    let path = path(file, data_directory);
    if let Some(notice @ PlaceNotice::OpenDirectory { .. }) = SqliteAuthStore::check_place(&path)? {
        tracing::warn!("{notice}");
    }
    let store = SqliteAuthStore::open(&path).await?;
    tracing::info!(file = %path.display(), "sessions are kept in SQLite");
    if session.keys.is_empty() {
        let key = KeyFile::beside(&path, &OsRandom)?;
        let file = key.path.display();
        if key.is_new {
            tracing::warn!(%file, "made a key that seals the sessions: keep it apart from backups of \
                them, or configure `coder.session.keys`");
        } else {
            tracing::info!(%file, "the sessions are sealed with the key in this file");
        }
        session.keys.push(key.key);
    }
    Ok(Arc::new(store))
}
