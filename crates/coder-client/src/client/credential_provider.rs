//! Sources of a client's credentials.

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};

use super::Credential;
use crate::CredentialError;

/// A source of credentials for a client: one for each request, and a fresher one when Coder refuses
/// it.
///
/// A [`Credential`] is a provider that always returns itself. A provider that keeps OAuth2 tokens
/// alive renews them here:
///
/// ```
/// use async_trait::async_trait;
/// use coder_client::{Credential, CredentialError, CredentialProvider};
/// # #[derive(Debug, thiserror::Error)] #[error("locked")] struct Locked;
/// # struct Keyring;
/// # impl Keyring {
/// #     async fn current(&self) -> Result<Credential, Locked> { Err(Locked) }
/// #     async fn rotate(&self, _: &Credential) -> Result<Option<Credential>, Locked> { Ok(None) }
/// # }
///
/// #[async_trait]
/// impl CredentialProvider for Keyring {
///     async fn credential(&self) -> Result<Credential, CredentialError> {
///         self.current().await.map_err(CredentialError::unavailable)
///     }
///
///     async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
///         self.rotate(refused).await.map_err(CredentialError::needs_login)
///     }
/// }
/// ```
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait CredentialProvider: MaybeSend + MaybeSync {
    /// Returns the credential for the next request.
    ///
    /// # Errors
    ///
    /// When there is none.
    async fn credential(&self) -> Result<Credential, CredentialError>;

    /// Returns a fresher credential than `refused`, which Coder has answered with 401; `None` when
    /// there is none, so that the caller gets the 401.
    ///
    /// The client calls this once for each request. When several requests are refused at the same
    /// time, it calls this for each of them.
    ///
    /// # Errors
    ///
    /// When there should be a fresher one, but it cannot be had.
    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
        let _ = refused;
        Ok(None)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl CredentialProvider for Credential {
    async fn credential(&self) -> Result<Self, CredentialError> {
        Ok(self.clone())
    }
}
