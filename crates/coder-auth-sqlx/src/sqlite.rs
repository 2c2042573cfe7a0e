//! One machine: a SQLite file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreConnections, StoreCounts, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use coder_core::quoted;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;

use crate::error::{SchemaError, SqlStoreError};
use crate::files;
use crate::rows::{
    self, ExpiredRow, Failure, GrantRow, KeyRow, LinkRow, ListedRow, RevocationRow, SessionRow,
    SessionWithGrantRow, SigningKeyRow, StoredKey, micros,
};
use crate::schema::{SCHEMA_FOUND, SchemaUpgrade, sql_schema};
use crate::sql::{KEEP_PAIR, USES_BETWEEN_CLEANINGS, bind_grant, bind_key, sql_auth_store};
use crate::transitions::sql_transitions;

/// The first step made the tables of previews, which the second one drops.
const SCHEMA: &[&str] =
    &["", include_str!("../schema/sqlite/2.sql"), include_str!("../schema/sqlite/3.sql")];
/// The time limit of a call: for its turn in this process, and while another process writes.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite's code for a database that somebody else has locked.
const BUSY: i64 = 5;

/// Store of grants and sessions in a SQLite file.
///
/// A write that has returned is on the disk: the file is in write-ahead mode, and every commit is
/// synced. This process has one connection to the file, on a thread of its own; other processes on
/// the same machine may use the file as well. The file must not be on a network file system, because
/// SQLite cannot trust the locks there.
///
/// Opening the file does not drop the leases that a crashed process has left in it: they may be
/// those of a process that is still at work, such as the one that this process replaces, and
/// Coder must not see two rotations of one pair. Each lease ends by itself within seconds.
pub struct SqliteAuthStore {
    options: SqliteConnectOptions,
    /// The connection; `None` after its thread has died.
    ///
    /// A pool of one would ask the thread after each use whether it lives, which costs as much as a
    /// read.
    connection: Mutex<Option<SqliteConnection>>,
    attempts_used: AtomicU32,
}

impl SqliteAuthStore {
    /// Opens the file at `path`. One that does not exist is made, for its owner only (mode 0600),
    /// in a directory that must exist; one of an older release is brought up to date.
    ///
    /// # Errors
    ///
    /// When the file cannot be made or is not a database, is another user's or open to others, or was
    /// written by a newer release; when its directory or the file cannot be written to.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SqlStoreError> {
        let path = path.as_ref();
        let options = options(path)?;
        let (connection, _) = prepare(&options).await.map_err(|error| error.at(&shown(path)))?;
        let connection = Mutex::new(Some(connection));
        Ok(Self { options, connection, attempts_used: AtomicU32::new(0) })
    }

    /// Brings the schema of the file at `path` up to date, as [`open`](Self::open) does, and tells what it has
    /// changed.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn migrate(path: impl AsRef<Path>) -> Result<SchemaUpgrade, SqlStoreError> {
        let path = path.as_ref();
        let at = |error: SchemaError| error.at(&shown(path));
        let (connection, upgrade) = prepare(&options(path)?).await.map_err(at)?;
        connection.close().await.map_err(|error| at(error.into()))?;
        Ok(upgrade)
    }

    /// Waits for the connection. SQLite lets one write at a time, and everything here is short.
    ///
    /// A transaction that was dropped is rolled back by the connection's thread before anything
    /// that comes later.
    async fn connection(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, Failure> {
        let mut place = timeout(CALL_TIMEOUT, self.connection.lock()).await?;
        if place.is_none() {
            *place = Some(self.options.connect().await?);
        }
        MutexGuard::try_map(place, Option::as_mut).map_err(|_| sqlx::Error::WorkerCrashed.into())
    }

    /// Returns `None`: there is one connection, for one call after the other.
    fn pool_state(&self) -> Option<StoreConnections> {
        None
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, StoreError> {
        let done = work.await;
        if done.as_ref().is_err_and(Failure::is_dead_connection) {
            // The next call makes a new one.
            *self.connection.lock().await = None;
        }
        done.map_err(Failure::into_store_error)
    }
}

/// Returns how the file at `path` is opened. Makes an empty one where there is none.
fn options(path: &Path) -> Result<SqliteConnectOptions, SqlStoreError> {
    files::check_directory_of(path)?;
    make_private_file(path)
        .map_err(|source| SqlStoreError::File { path: path.to_owned(), source })?;
    files::check_database(path)?;
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(CALL_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true))
}

/// Connects, and brings the schema up to date.
async fn prepare(
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, SchemaUpgrade), SchemaError> {
    let mut connection = options.connect().await?;
    write_ahead(&mut connection).await?;
    let upgrade = upgrade(connection.begin_with("BEGIN IMMEDIATE").await?).await?;
    write_once(&mut connection).await?;
    Ok((connection, upgrade))
}

/// Names a file in an error.
fn shown(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// Makes an empty file, which SQLite takes for an empty database. The files SQLite puts beside it
/// get the same mode.
///
/// An existing file is not even opened: closing it would free the locks that another store of this
/// process holds on it.
fn make_private_file(path: &Path) -> io::Result<()> {
    match files::private().open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map(drop),
    }
}

/// Writes to the database, and changes nothing: one that can only be read is reported now, and not by
/// the first login.
async fn write_once(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let same = "UPDATE coder_auth_schema SET version = version";
    sqlx::query(same).execute(connection).await.map(drop)
}

/// Puts the file into write-ahead mode, which stays with it. This is the one lock that SQLite does
/// not wait for, so of two processes that open a new file at once, one has to try again.
async fn write_ahead(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let deadline = Instant::now() + CALL_TIMEOUT;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result.map(drop),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    // The lower byte is the code, what is above tells more.
    code.and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == BUSY)
}

sql_schema!(Sqlite);
sql_transitions!(SqliteConnection, lock = "");
// At once, since a transaction that reads first may find that it cannot write any more.
sql_auth_store!(SqliteAuthStore, begin = "BEGIN IMMEDIATE", skip_locked = "");

impl fmt::Debug for SqliteAuthStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SqliteAuthStore")
    }
}
