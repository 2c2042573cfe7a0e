//! The store of a login over rows: keys and values that are texts, and one way to change them.
//!
//! A store in JavaScript shall be short and right, so it knows no login. It has rows, and one call
//! that changes several of them at once, if they still are what was read ([`Rows::commit`]). Each
//! transition of a login is reads and one such call, made here; when somebody else was faster, the
//! transition is made anew.

mod keys;
mod logins;
mod persons;
mod records;
mod store;
mod transaction;

use async_trait::async_trait;
use coder_auth::store::StoreError;
use coder_core::{MaybeSend, MaybeSync};
use serde::Serialize;

pub use store::RowAuthStore;

/// A place that keeps rows.
///
/// Keys are ASCII, of at most 100 characters. A row that was committed is seen by every later call,
/// from any process.
///
/// # Errors
///
/// Every method fails when the place cannot be reached. A commit has then happened as a whole or not
/// at all.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Rows: MaybeSend + MaybeSync {
    /// Reads the values of these keys, in their order; `None` for a key without a row.
    async fn read(&self, keys: &[String]) -> Result<Vec<Option<String>>, StoreError>;

    /// Reads the rows of a range, ordered by their keys.
    async fn list(&self, range: &RowRange) -> Result<Vec<Row>, StoreError>;

    /// Makes all the changes and returns `true`, if every check holds. Otherwise it changes nothing
    /// and returns `false`. Nobody sees a part of the changes, and nothing comes between the checks
    /// and the changes.
    async fn commit(&self, commit: &Commit) -> Result<bool, StoreError>;
}

/// A row, or the value that a row has or gets; `None` stands for no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a row is a key and a value")]
pub struct Row<Value = String> {
    /// Key of the row.
    pub key: String,
    /// Value of the row.
    pub value: Value,
}

/// A range of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends and a limit")]
pub struct RowRange {
    /// Least key of the range.
    pub start: String,
    /// Least key behind the range.
    pub end: String,
    /// Greatest number of rows.
    pub limit: u32,
}

/// A change of several rows at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a commit is its checks and its changes")]
pub struct Commit {
    /// Values that the rows must still have.
    pub checks: Vec<Row<Option<String>>>,
    /// Values that rows get. Each key is there once.
    pub writes: Vec<Row<Option<String>>>,
}
