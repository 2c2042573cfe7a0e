//! Grants and sessions of [`coder_auth`] in a SQLite file, or in PostgreSQL.
//!
//! With a store of this crate a restart signs nobody out. On one machine it is a file:
//!
//! ```toml
//! [dependencies]
//! coder-auth-sqlx = "0.1"
//! coder-auth = "0.1"
//! coder-core = { version = "0.1", features = ["native"] }
//! ```
//!
//! ```
//! use std::path::Path;
//! use coder_auth::{AuthOptions, CoderAuth, SealingKeys};
//! use coder_auth_sqlx::{KeyFile, SqliteAuthStore};
//! use coder_core::World;
//!
//! async fn auth(world: &World, options: AuthOptions) -> Result<CoderAuth, Box<dyn std::error::Error>> {
//!     let database = Path::new("/var/lib/portal/auth.sqlite");
//!     let key = KeyFile::beside(database, &*world.random)?.key;
//!     let store = SqliteAuthStore::open(database).await?;
//!     Ok(CoderAuth::new(world, store, SealingKeys::from_secrets(&[key])?, options))
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | keep logins in a file | [`SqliteAuthStore`] |
//! | keep the sealing key beside that file | [`KeyFile`] |
//! | share logins among several servers | [`PostgresAuthStore`] |
//!
//! Several machines share a PostgreSQL, and then any of them may answer any request:
//! [`PostgresAuthStore::connect`]. Their sealing keys must be configured, the same for all, since
//! there is no file that all of them could share. An app-config that
//! names a PostgreSQL and no keys is refused.
//!
//! # What is in the database
//!
//! | table | rows | grows with |
//! |---|---|---|
//! | `coder_auth_grants` | the token pair of a person at a deployment, **sealed**; the lease of the replica that rotates it at the moment | people |
//! | `coder_auth_sessions` | the hash of a browser's handle, its grant, its times | browsers |
//! | `coder_auth_revocations` | token pairs of logins under way, and those that Coder is still to revoke, **sealed** | logins under way |
//! | `coder_auth_links` | a token that a person has linked, **sealed** | people |
//! | `coder_auth_persons` | entity refs of the people who have signed in | people |
//! | `coder_auth_signing_keys` | keys of identity tokens, **sealed** | a few |
//! | `coder_auth_used_attempts` | names of login attempts, until they expire | logins of some minutes |
//! | `coder_auth_schema` | the schema's version | releases |
//!
//! Sealed values can be read only with the sealing keys (XChaCha20-Poly1305, bound to its row).
//! A reader of the rest learns who signed in, where and when, and cannot sign in with it: the hash of
//! a handle makes no cookie. A *writer* can put a session of their own on anybody's grant, so the
//! right to write is as good as a login of everyone's.
//!
//! Times are microseconds since 1970-01-01T00:00:00Z in a `BIGINT`: both databases compare them
//! alike and neither applies a time zone or rounds. To read one: `to_timestamp(used_at / 1e6)` in
//! PostgreSQL, `datetime(used_at / 1000000, 'unixepoch')` in SQLite.
//!
//! # Backup
//!
//! A lost database costs every person one login, or linking a token once more, and nothing else. So
//! a backup is a convenience, and an old one of little use: Coder has replaced the token pairs
//! since. To make one, use
//! `sqlite3 auth.sqlite ".backup copy.sqlite"` (a plain copy misses what is still in
//! `auth.sqlite-wal`), or `pg_dump --table='coder_auth_*'`. Keep the sealing keys elsewhere: with
//! them, a backup is a bundle of live credentials.
//!
//! # Upgrades
//!
//! Opening a store brings its schema up to date, in one transaction; replicas that start at once
//! wait for each other. Where it is up to date, a PostgreSQL's user needs no right to create or change tables;
//! [`PostgresAuthStore::migrate`] brings it up to date as another user. A database of a newer release is refused. Schema 3 is the first one of a
//! release: a database that the first previews have made is emptied, and everybody signs in once more.
//!
//! # Transactions
//!
//! Each change of a login is one transaction, and a login is three or four. In SQLite a transaction
//! has the file for itself from its beginning. In PostgreSQL it locks the rows of the grants it is
//! about, in one order for all, so that two never wait for each other; a statement ends after 4
//! seconds, waiting for a lock after 3, and a call that has no answer after 5. When the database is dead, a
//! call fails after 2 seconds.
//!
//! # What it is not
//!
//! It decides nothing about a login: when a change is right is the business of [`coder_auth`]. A
//! lease is two columns that expire, not a lock, and no connection is held between two calls. No
//! type of sqlx is in its public API.
//!
//! # Features
//!
//! - `sqlite` (default): [`SqliteAuthStore`] and [`KeyFile`]. SQLite itself is built in.
//! - `postgres` (default): [`PostgresAuthStore`], with TLS by rustls, and [`PostgresSnapshot`], in which
//!   replicas keep an index of workspaces for each other.
//!
//! It needs Rust 1.94, as sqlx does.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod error;
#[cfg(feature = "sqlite")]
mod files;
#[cfg(feature = "sqlite")]
mod key_file;
#[cfg(feature = "sqlite")]
mod place;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod remedy;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod rows;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod schema;
#[cfg(feature = "postgres")]
mod snapshot;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod transitions;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use error::SqlStoreError;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use key_file::KeyFile;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use place::PlaceNotice;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::PostgresAuthStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use schema::SchemaUpgrade;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use snapshot::PostgresSnapshot;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::SqliteAuthStore;
