//! Where the index of workspaces is kept between two runs: in PostgreSQL beside the sessions, else in a
//! file of the data directory.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use coder_auth_sqlx::{PostgresSnapshot, SqlStoreError};
use coder_config::{SessionConfig, SessionStoreConfig};
use coder_core::{Lock, OsRandom, random_bytes};
use coder_workspaces::index::{IndexStore, IndexStoreError};
use jiff::SignedDuration;

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
            Ok(Arc::new(InFile::new(data_directory.join(FILE))))
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

/// An index in a file, which one process at a time writes: the one that has locked the file beside it.
/// The system ends the lock with the process.
struct InFile {
    path: PathBuf,
    lease: Arc<Lock<Option<File>>>,
}

impl InFile {
    fn new(path: PathBuf) -> Self {
        Self { path, lease: Arc::default() }
    }
}

#[async_trait]
impl IndexStore for InFile {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || fs::read(path)).await?;
        match read {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        let (path, lease) = (self.path.clone(), Arc::clone(&self.lease));
        let save = move || {
            let mut lease = lease.lock();
            // Without a lease, the file is locked while it is written.
            let _while_written = match &mut *lease {
                Some(_) => None,
                None => Some(locked(&path)?.ok_or(Leased)?),
            };
            replace(&path, &index)?;
            Ok(())
        };
        tokio::task::spawn_blocking(save).await?
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        let (path, lease) = (self.path.clone(), Arc::clone(&self.lease));
        let ask = move || {
            let mut lease = lease.lock();
            if lease.is_none() {
                *lease = locked(&path)?;
            }
            let has_it = lease.is_some();
            if !duration.is_positive() {
                *lease = None;
            }
            Ok(has_it)
        };
        tokio::task::spawn_blocking(ask).await?
    }
}

/// Error of a process that saves while another one has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another process of this machine has the lease of the index, so nothing is saved")]
struct Leased;

/// Locks the file beside the place of an index; `None` while another process has locked it. Nobody else
/// may open it.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes a file beside the place, which takes it when it is whole. Nobody else may read it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(name);
    // What a process with this number has left behind.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| drop(fs::remove_file(&new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    coder_testkit::index_store_tests!(tokio::test => {
        let directory = tempfile::tempdir().unwrap();
        async move || {
            Arc::new(InFile::new(directory.path().join("index.json"))) as Arc<dyn IndexStore>
        }
    });

    #[tokio::test]
    async fn a_file_is_replaced_as_a_whole_and_is_its_owner_s_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("index.json");
        let store = InFile::new(path);
        store.save(b"one".to_vec()).await.unwrap();
        store.save(b"two".to_vec()).await.unwrap();
        assert_eq!(store.load().await.unwrap().as_deref(), Some(&b"two"[..]));
        let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 2, "the index and its lock: {files:?}");
        #[cfg(unix)]
        for file in files {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_leaves_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("index.json");
        let store = InFile::new(path.clone());
        store.save(b"one".to_vec()).await.unwrap();
        let blocked = directory.path().join(format!("index.json.{}.new", std::process::id()));
        fs::create_dir(blocked).unwrap();
        store.save(b"two".to_vec()).await.unwrap_err();
        assert_eq!(store.load().await.unwrap().as_deref(), Some(&b"one"[..]));
    }
}
