//! Where grants and sessions are kept: what `coder.session.store` says, else a SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;
use coder_auth_sqlx::{
    KeyFile, PlaceNotice, PostgresAuthStore, SchemaUpgrade, SqlStoreError, SqliteAuthStore,
};
use coder_config::{ConfigErrors, SessionConfig, SessionStoreConfig};
use coder_core::{OsRandom, Secret, hex, random_bytes, with_causes};
use tokio::time::{Instant, sleep};

/// The file in the data directory, unless another one is configured.
const FILE: &str = "coder-backstage.sqlite";
/// Every one serves many people at once: none is held while Coder is asked.
const CONNECTIONS: u32 = 10;
/// The time between two tries to reach a database at the start.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Checks whether a store can be opened where this configuration says, and changes nothing there.
///
/// # Errors
///
/// When it cannot, at the place of the configuration that names it.
pub(crate) fn check(
    session: &SessionConfig,
    data_directory: &Path,
) -> Result<Option<PlaceNotice>, ConfigErrors> {
    let Place::File(path) = Place::of(session, data_directory) else { return Ok(None) };
    SqliteAuthStore::check_place(path).map_err(|error| {
        session.invalid_store(format!("cannot be used: {}", with_causes(&error))).into()
    })
}

/// The place where a configuration keeps sessions.
enum Place<'a> {
    Memory,
    /// PostgreSQL at this URL.
    Postgres(&'a Secret),
    /// SQLite in this file.
    File(PathBuf),
}

impl<'a> Place<'a> {
    /// Finds the place of this configuration, in which relative paths are below `data_directory`.
    fn of(session: &'a SessionConfig, data_directory: &Path) -> Self {
        let file = match &session.store {
            Some(SessionStoreConfig::Memory) => return Self::Memory,
            Some(SessionStoreConfig::Postgres { url, .. }) => return Self::Postgres(url),
            Some(SessionStoreConfig::Sqlite { file, .. }) => file.as_deref(),
            None => None,
        };
        Self::File(data_directory.join(file.unwrap_or(FILE)))
    }
}

/// Tells whether two configurations name the same place for sessions.
pub(crate) fn is_same_place(
    one: &SessionConfig,
    other: &SessionConfig,
    data_directory: &Path,
) -> bool {
    match (Place::of(one, data_directory), Place::of(other, data_directory)) {
        (Place::Memory, Place::Memory) => true,
        (Place::Postgres(one), Place::Postgres(other)) => one.expose() == other.expose(),
        (Place::File(one), Place::File(other)) => one == other,
        (Place::Memory | Place::Postgres(_) | Place::File(_), _) => false,
    }
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
    let path = match Place::of(session, data_directory) {
        Place::Memory => {
            let text = "sessions are kept in memory: when the server ends, everyone signs in again";
            return Ok(ForCheck::Look(text.to_owned()));
        }
        Place::Postgres(_) => {
            let store = open(session, data_directory).await?;
            return Ok(ForCheck::Opened(store, "PostgreSQL opens".to_owned()));
        }
        Place::File(path) => path,
    };
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

/// Opens the store as [`open`] does, and waits as long as this for a database that cannot be reached at
/// the moment, with a line in the log for each try.
///
/// # Errors
///
/// When it cannot be opened, at once if waiting would not help.
pub(crate) async fn open_patiently(
    session: &mut SessionConfig,
    data_directory: &Path,
    patience: Duration,
) -> Result<Arc<dyn AuthStore>, SqlStoreError> {
    let deadline = Instant::now() + patience;
    loop {
        match open(session, data_directory).await {
            Err(error) if error.is_temporary() => wait(error, deadline).await?,
            done => return done,
        }
    }
}

/// Waits for the next try, unless the time is over.
async fn wait(error: SqlStoreError, deadline: Instant) -> Result<(), SqlStoreError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(error);
    }
    let (error, seconds) = (with_causes(&error), left.as_secs());
    tracing::warn!(error, "waiting for the database, at most {seconds} seconds more");
    sleep(left.min(TRY_AGAIN)).await;
    Ok(())
}

/// Brings the schema of the database up to date, and describes what was done. Waits as
/// [`open_patiently`] does.
///
/// # Errors
///
/// When the database cannot be used, or its schema cannot be changed.
pub(crate) async fn migrate(
    session: &SessionConfig,
    data_directory: &Path,
    patience: Duration,
) -> Result<String, SqlStoreError> {
    let deadline = Instant::now() + patience;
    let upgrade = loop {
        let upgraded = match Place::of(session, data_directory) {
            Place::Memory => {
                return Ok("sessions are kept in memory, which has no schema".to_owned());
            }
            Place::Postgres(url) => PostgresAuthStore::migrate(url.clone()).await,
            Place::File(path) => SqliteAuthStore::migrate(path).await,
        };
        match upgraded {
            Err(error) if error.is_temporary() => wait(error, deadline).await?,
            done => break done?,
        }
    };
    let SchemaUpgrade { from, to, .. } = upgrade;
    Ok(match from {
        0 => format!("the database was empty, and has schema {to} now"),
        from if from == to => format!("the database has schema {to}, which this release needs"),
        from => format!("the database had schema {from}, and has schema {to} now"),
    })
}

/// Opens the store of this configuration, in which relative paths are below `data_directory`. The key
/// of [`add_key`] is put into `session`.
///
/// # Errors
///
/// When it cannot be opened.
pub(crate) async fn open(
    session: &mut SessionConfig,
    data_directory: &Path,
) -> Result<Arc<dyn AuthStore>, SqlStoreError> {
    let path = match Place::of(session, data_directory) {
        Place::Memory => {
            tracing::warn!(
                "sessions are kept in memory: when this process ends, everyone signs in again"
            );
            add_key(session, data_directory)?;
            return Ok(Arc::new(MemoryAuthStore::new()));
        }
        Place::Postgres(url) => {
            let store = PostgresAuthStore::connect(url.clone(), CONNECTIONS).await?;
            tracing::info!("sessions are kept in PostgreSQL");
            return Ok(Arc::new(store));
        }
        Place::File(path) => path,
    };
    if let Some(notice @ PlaceNotice::OpenDirectory { .. }) = SqliteAuthStore::check_place(&path)? {
        tracing::warn!("{notice}");
    }
    let store = SqliteAuthStore::open(&path).await?;
    tracing::info!(file = %path.display(), "sessions are kept in SQLite");
    add_key(session, data_directory)?;
    Ok(Arc::new(store))
}

/// Puts a key into a configuration without keys: that of the file beside a SQLite database, which is
/// made if it is missing, or one for this process if sessions are kept in memory.
///
/// # Errors
///
/// When the file cannot be used.
pub(crate) fn add_key(
    session: &mut SessionConfig,
    data_directory: &Path,
) -> Result<(), SqlStoreError> {
    if !session.keys.is_empty() {
        return Ok(());
    }
    let path = match Place::of(session, data_directory) {
        Place::Memory => {
            session.keys.push(random_key()?);
            return Ok(());
        }
        // Its keys are configured: the processes that share it share no file.
        Place::Postgres(_) => return Ok(()),
        Place::File(path) => path,
    };
    let key = KeyFile::beside(&path, &OsRandom)?;
    let file = key.path.display();
    if key.is_new {
        tracing::warn!(%file, "made a key that seals the sessions: keep it apart from backups of \
            them, or configure `coder.session.keys`");
    } else {
        tracing::info!(%file, "the sessions are sealed with the key in this file");
    }
    session.keys.push(key.key);
    Ok(())
}

fn random_key() -> Result<Secret, SqlStoreError> {
    let bytes: [u8; 32] = random_bytes(&OsRandom)?;
    Ok(Secret::new(hex(bytes)))
}
