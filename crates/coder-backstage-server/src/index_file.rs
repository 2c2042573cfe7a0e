//! The index of workspaces in a file of the data directory.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use coder_core::Lock;
use coder_workspaces::index::{IndexStore, IndexStoreError};
use jiff::SignedDuration;

/// An index in a file, which one process at a time writes: the one that has locked the file beside it.
/// The system ends the lock with the process.
pub(crate) struct IndexFile {
    path: PathBuf,
    lease: Arc<Lock<Option<File>>>,
}

impl IndexFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, lease: Arc::default() }
    }
}

#[async_trait]
impl IndexStore for IndexFile {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        let path = self.path.clone();
        let read = move || match regular(&path).and_then(|()| fs::read(&path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path, error)),
        };
        tokio::task::spawn_blocking(read).await?
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
            replace(&path, &index).map_err(|error| at(&path, error))
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

/// Error of a file that cannot be read, locked or written.
#[derive(Debug, thiserror::Error)]
#[error("the file `{}` of the index cannot be used", path.display())]
struct FileError {
    path: PathBuf,
    source: io::Error,
}

/// Names the file in an error of the system.
fn at(path: &Path, source: io::Error) -> IndexStoreError {
    FileError { path: path.to_owned(), source }.into()
}

/// Refuses what is there and no file, such as a pipe, which would be waited for.
fn regular(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Locks the file beside the place of an index; `None` while another process has locked it. Nobody else
/// may open it.
fn locked(path: &Path) -> Result<Option<File>, IndexStoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = regular(&path).and_then(|()| options.open(&path));
    let file = opened.map_err(|error| at(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(at(&path, error)),
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
