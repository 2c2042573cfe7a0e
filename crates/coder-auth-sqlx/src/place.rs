//! Checks of the place of a SQLite store, before the store is opened.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::SqliteAuthStore;
use crate::error::SqlStoreError;
use crate::files::{check_database_mode, check_directory_of, directory_of};

/// The first bytes of every SQLite database but an empty one
/// (<https://sqlite.org/fileformat2.html>, section 1.3).
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Warning about the place of a SQLite store that may be used all the same.
///
/// Its text form is one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum PlaceNotice {
    /// The directory does not exist, on this machine.
    NoDirectory {
        /// Path of the directory.
        path: PathBuf,
    },
    /// Everybody on the machine may write to the directory, and so replace the database in it.
    OpenDirectory {
        /// Path of the directory.
        path: PathBuf,
        /// Permission bits of the directory.
        mode: u32,
    },
}

impl fmt::Display for PlaceNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDirectory { path } => write!(
                formatter,
                "the directory `{}` for the sessions is not there; make it before the server starts",
                path.display()
            ),
            Self::OpenDirectory { path, mode } => write!(
                formatter,
                "the directory `{}` can be written to by everybody (mode {mode:03o}), who can then \
                 replace the sessions in it; run `chmod o-w` on it",
                path.display()
            ),
        }
    }
}

impl SqliteAuthStore {
    /// Checks the place at `path` for a store, and changes nothing there. Returns a notice about a
    /// place that the operator should look at, and `None` about a good one.
    ///
    /// The owner of the files is not checked, because the server may run as another user than the
    /// caller.
    ///
    /// Do not call it in a process that has opened a store at `path`: this reads the file, and
    /// closing it frees the locks of that store (POSIX).
    ///
    /// # Errors
    ///
    /// When no process can open a store there: there is a directory or a device, a file
    /// of another kind, or a database that others may read or write.
    pub fn check_place(path: impl AsRef<Path>) -> Result<Option<PlaceNotice>, SqlStoreError> {
        let path = path.as_ref();
        let directory = directory_of(path);
        let failed = |source| SqlStoreError::File { path: path.to_owned(), source };
        match fs::metadata(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(PlaceNotice::NoDirectory { path: directory.to_owned() }));
            }
            Err(source) => return Err(failed(source)),
            Ok(_) => {}
        }
        check_database_mode(path)?;
        match has_header(path) {
            Ok(true) => {}
            Ok(false) => return Err(SqlStoreError::NotADatabase { path: path.to_owned() }),
            // The server may be allowed to read what this process is not.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                ) => {}
            Err(source) => return Err(failed(source)),
        }
        Ok(open_to_everybody(directory))
    }

    /// Checks that this process may make a database at `path`: makes a file in the directory, and
    /// removes it.
    ///
    /// # Errors
    ///
    /// When the directory is missing, or cannot be written to.
    pub fn check_writable(path: impl AsRef<Path>) -> Result<(), SqlStoreError> {
        check_directory_of(path.as_ref())
    }
}

/// Tells whether a file is empty or begins as a database does.
fn has_header(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEADER.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == HEADER)
}

/// Tells whether others may replace files in this directory. Where it is sticky, as `/tmp` is, only
/// the owner of a file may.
#[cfg(unix)]
fn open_to_everybody(directory: &Path) -> Option<PlaceNotice> {
    use std::os::unix::fs::MetadataExt as _;
    const STICKY: u32 = 0o1000;
    const WRITABLE_BY_OTHERS: u32 = 0o002;
    let mode = fs::metadata(directory).ok()?.mode() & 0o7777;
    let is_open = mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0;
    is_open.then(|| PlaceNotice::OpenDirectory { path: directory.to_owned(), mode })
}

/// Returns no notice: other systems keep directories apart by other means than a mode.
#[cfg(not(unix))]
fn open_to_everybody(_directory: &Path) -> Option<PlaceNotice> {
    None
}
