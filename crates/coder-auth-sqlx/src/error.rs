//! The error of a store that cannot be opened.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// The error of a store, or of the key beside it, that cannot be used.
///
/// Once a store is open, what fails is a [`StoreError`](coder_auth::store::StoreError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlStoreError {
    /// Configuration: the PostgreSQL URL is not valid.
    #[error(
        "the PostgreSQL URL cannot be used; it looks like `postgres://user:password@host/database?sslmode=verify-full`"
    )]
    InvalidUrl(#[source] Box<dyn Error + Send + Sync>),
    /// Configuration: the PostgreSQL URL has a parameter that would do nothing.
    #[error(
        "the PostgreSQL URL has the parameter `{0}`, which is not supported; remove it, or correct its name"
    )]
    UnknownUrlParameter(String),
    /// A file cannot be made, read or written.
    #[error("the file `{}` cannot be used", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// There is a directory or a device at the place of the database.
    #[error("`{}` is a directory or a device, and no file that sessions can be kept in; name a file", path.display())]
    NotAFile {
        /// Path that was given.
        path: PathBuf,
    },
    /// The file at the place of the database holds something else.
    #[error("the file `{}` is not a SQLite database; name another file", path.display())]
    NotADatabase {
        /// Path of the file.
        path: PathBuf,
    },
    /// The directory of the database cannot be written to.
    #[error("nothing can be written to the directory `{}`; make it if it is missing, give it to the user who runs this process, or name another one", path.display())]
    Directory {
        /// Path of the directory.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The database or the key file is open to others.
    #[error("the file `{}` can be read or written by others (mode {mode:03o}); run `chmod 600` on it if nobody else had access, else delete it and everyone signs in again", path.display())]
    ExposedFile {
        /// Path of the file.
        path: PathBuf,
        /// Permission bits of the file.
        mode: u32,
    },
    /// The database or the key file belongs to somebody else, who can change it at any time.
    #[error("the file `{}` belongs to the user {owner}, and this process runs as the user {user}; run it as its owner, or run `chown {user}` on the file", path.display())]
    ForeignFile {
        /// Path of the file.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The effective user id of this process.
        user: u32,
    },
    /// The key file holds something else.
    #[error("the key file `{}` holds no key; restore it from a backup, or delete it and everyone signs in again", path.display())]
    NotAKeyFile {
        /// Path of the file.
        path: PathBuf,
    },
    /// The database was written by a newer release.
    #[error(
        "the database has schema {found}, and this release knows schema {known}; run the newer release"
    )]
    NewerSchema {
        /// Version of the schema found.
        found: i64,
        /// The newest one this release knows.
        known: i64,
    },
    /// The database refuses, or is not there.
    #[error("the database cannot be opened")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// No key could be drawn.
    #[error(transparent)]
    Random(#[from] coder_core::RandomError),
}

impl From<sqlx::Error> for SqlStoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}
