//! A saved index with the mark of its deployment and credential.

use std::sync::Arc;

use async_trait::async_trait;
use coder_workspaces::index::{IndexStore, IndexStoreError};
use jiff::SignedDuration;

/// A store whose bytes begin with a line that tells the deployment and the credential. Bytes of
/// another one are nothing: they may tell more than this credential may see.
pub(super) struct Saved {
    inner: Arc<dyn IndexStore>,
    fingerprint: String,
}

impl Saved {
    pub(super) fn new(inner: Arc<dyn IndexStore>, fingerprint: &str) -> Self {
        Self { inner, fingerprint: fingerprint.to_owned() }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl IndexStore for Saved {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        let Some(mut saved) = self.inner.load().await? else { return Ok(None) };
        let mark = self.fingerprint.as_bytes();
        match saved.strip_prefix(mark).and_then(|rest| rest.strip_prefix(b"\n")) {
            Some(_) => Ok(Some(saved.split_off(mark.len() + 1))),
            None => {
                tracing::info!(
                    "the saved index of workspaces is of another deployment or token, or damaged; \
                     everything is read from coder again"
                );
                Ok(None)
            }
        }
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        self.inner.save([self.fingerprint.as_bytes(), b"\n", &index].concat()).await
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        self.inner.lease(duration).await
    }
}
