//! Whether files are safe to keep sessions in: this user's alone, in a directory that can be
//! written to.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::SqlStoreError;

/// Returns the options that make a new file which only its owner may read and write.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Checks that the file at `path` belongs to this process's user, and that nobody else may read or
/// write it: who writes the database makes sessions, who reads the key opens what it seals.
///
/// # Errors
///
/// [`SqlStoreError::ExposedFile`] or [`SqlStoreError::ForeignFile`].
#[cfg(unix)]
pub(crate) fn check_private(path: &Path, file: &Metadata) -> Result<(), SqlStoreError> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = file.uid();
    let user = rustix::process::geteuid().as_raw();
    if owner != user {
        return Err(SqlStoreError::ForeignFile { path: path.to_owned(), owner, user });
    }
    check_mode(path, file)
}

/// Checks that nobody else can read a file. Systems without modes keep files apart by other means,
/// so every file passes there.
#[cfg(not(unix))]
pub(crate) fn check_private(path: &Path, file: &Metadata) -> Result<(), SqlStoreError> {
    check_mode(path, file)
}

/// Checks that nobody but its owner may read or write a file.
#[cfg(unix)]
fn check_mode(path: &Path, file: &Metadata) -> Result<(), SqlStoreError> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = file.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SqlStoreError::ExposedFile { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_path: &Path, _file: &Metadata) -> Result<(), SqlStoreError> {
    Ok(())
}

/// Checks the database at `path` and the files that SQLite puts beside it, as far as they exist:
/// they are files, of this process's user alone.
pub(crate) fn check_database(path: &Path) -> Result<(), SqlStoreError> {
    check_each(path, check_private)
}

/// Checks the same files without asking whose they are.
pub(crate) fn check_database_mode(path: &Path) -> Result<(), SqlStoreError> {
    check_each(path, check_mode)
}

/// Checks the database at `path` and the files beside it. None of them is opened: closing it would
/// free the locks that another store of this process holds on it.
fn check_each(
    path: &Path,
    check: fn(&Path, &Metadata) -> Result<(), SqlStoreError>,
) -> Result<(), SqlStoreError> {
    for suffix in ["", "-wal", "-shm"] {
        let file = with_suffix(path, suffix);
        match fs::metadata(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(SqlStoreError::File { path: file, source }),
            Ok(metadata) if !metadata.is_file() => {
                return Err(SqlStoreError::NotAFile { path: file });
            }
            Ok(metadata) => check(&file, &metadata)?,
        }
    }
    Ok(())
}

/// Returns the directory that the file at `path` is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or_else(|| Path::new("."))
}

/// Checks that files can be made beside the database at `path`, as SQLite does for every write.
///
/// # Errors
///
/// [`SqlStoreError::Directory`].
pub(crate) fn check_directory_of(path: &Path) -> Result<(), SqlStoreError> {
    let trial = with_suffix(path, &format!(".{}.trial", std::process::id()));
    let made = private().open(&trial);
    let removed = made.and_then(|file| {
        drop(file);
        fs::remove_file(&trial)
    });
    match removed {
        // Another store of this process is trying it at this moment.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(|source| SqlStoreError::Directory {
            path: directory_of(path).to_owned(),
            source,
        }),
    }
}

/// Returns `path` with `suffix` behind its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
