//! Where an index is kept between two runs of a program.

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};
use jiff::SignedDuration;

/// Error of an [`IndexStore`].
pub type IndexStoreError = Box<dyn std::error::Error + Send + Sync>;

/// Store that keeps one index as bytes, such as a file or a row of a database.
///
/// A store belongs to one deployment and one credential. The bytes tell the names of workspaces and
/// users, and the repositories that the credential may see; they hold no token.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait IndexStore: MaybeSend + MaybeSync {
    /// Returns what was saved last; `None` when nothing was.
    ///
    /// # Errors
    ///
    /// When the place cannot be read.
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError>;

    /// Saves an index in place of the one before. After a crash [`load`](Self::load) must return one of
    /// the two, and never a part.
    ///
    /// # Errors
    ///
    /// When the place cannot be written, or somebody else has the [lease](Self::lease): what the holder
    /// has saved is newer.
    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError>;

    /// Asks for the right to read Coder for this store and to [`save`](Self::save) during the next while,
    /// or to keep it. Returns whether nobody else has it. A duration of zero gives it back.
    ///
    /// Replicas that share a store ask before they read, so that one of them reads and the others
    /// [`load`](Self::load) what it has saved. A store of one process needs no such rule; the default
    /// always returns `true`. The suite `index_store_tests!` of `coder-testkit` holds a store to this rule.
    ///
    /// # Errors
    ///
    /// When the place cannot be asked.
    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        let _ = duration;
        Ok(true)
    }
}
