//! The error of a store that cannot be opened.

use std::error::Error;
use std::fmt;
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
    /// The database was written by an older release, or is empty, and this user may not change it.
    #[error(
        "the database has schema {found}, this release needs schema {known}, and this user may not bring it up to date; run `coder-backstage migrate` as a user who may create tables"
    )]
    OlderSchema {
        /// Version of the schema found; 0 for an empty database.
        found: i64,
        /// The one this release needs.
        known: i64,
        /// Answer of the database.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database refuses, or is not there.
    #[error("the database {place} cannot be used")]
    Database {
        /// Place of the database: a file, or host, port, name and user, without the password.
        place: String,
        /// Answer of the database, or the error of the connection to it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No key could be drawn.
    #[error(transparent)]
    Random(#[from] coder_core::RandomError),
}

impl SqlStoreError {
    /// Tells whether the same may succeed a little later: the database cannot be reached, is starting
    /// or stopping, or has no connection left.
    pub fn is_temporary(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        if source.is::<NoAnswer>() {
            return true;
        }
        match source.downcast_ref() {
            Some(sqlx::Error::Io(_)) => true,
            Some(sqlx::Error::Database(refusal)) => {
                refusal.code().is_some_and(|code| TEMPORARY.contains(&&*code))
            }
            _ => false,
        }
    }
}

/// PostgreSQL's codes for a server that is stopping (57P01, 57P02) or starting (57P03), and for one
/// whose connections are all taken (53300).
const TEMPORARY: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];

/// The error of a database that says nothing.
#[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "a file always answers"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server did not answer in time")]
pub(crate) struct NoAnswer;

/// The error of a schema that cannot be brought up to date, before the place of its database is known.
#[derive(Debug)]
pub(crate) enum SchemaError {
    Newer {
        found: i64,
        known: i64,
    },
    #[cfg(feature = "postgres")]
    Older {
        found: i64,
        known: i64,
        source: sqlx::Error,
    },
    Database(sqlx::Error),
}

impl SchemaError {
    /// Adds the place of the database.
    pub(crate) fn at(self, place: &impl fmt::Display) -> SqlStoreError {
        match self {
            Self::Newer { found, known } => SqlStoreError::NewerSchema { found, known },
            #[cfg(feature = "postgres")]
            Self::Older { found, known, source } => {
                SqlStoreError::OlderSchema { found, known, source: source.into() }
            }
            Self::Database(source) => {
                SqlStoreError::Database { place: place.to_string(), source: source.into() }
            }
        }
    }
}

impl From<sqlx::Error> for SchemaError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
