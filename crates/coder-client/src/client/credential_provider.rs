//! Where a client's credential comes from.

use async_trait::async_trait;
use coder_core::{MaybeSend, MaybeSync};

use super::Credential;
use crate::CredentialError;

/// Gives a client the credential for each request, and a fresher one when Coder refuses it.
///
/// A [`Credential`] is a provider that always gives itself. One that keeps OAuth2 tokens alive
/// renews them here:
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
///     async fn renewed(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
///         self.rotate(refused).await.map_err(CredentialError::needs_login)
///     }
/// }
/// ```
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait CredentialProvider: MaybeSend + MaybeSync {
    /// The credential for the next request.
    ///
    /// # Errors
    ///
    /// When there is none.
    async fn credential(&self) -> Result<Credential, CredentialError>;

    /// A fresher credential than `refused`, which Coder has just answered with 401; `None` when
    /// there is none, and the 401 is the caller's. It is asked once for a request. Of several
    /// requests that are refused at the same time each one asks.
    ///
    /// # Errors
    ///
    /// When there should be a fresher one, but it cannot be had.
    async fn renewed(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
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
