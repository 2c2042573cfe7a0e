//! Tokens that the caller provides.

use async_trait::async_trait;
use coder_client::{Credential, CredentialError, CredentialProvider};
use coder_core::Secret;
use js_sys::Promise;
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::{Host, thrown_message};

#[wasm_bindgen]
extern "C" {
    /// Returns the promise of a token; of one that is fresher than `refused`.
    #[wasm_bindgen(method)]
    fn token(this: &Host, refused: Option<String>) -> Promise;
}

/// The header that a token travels in.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Scheme {
    #[default]
    SessionToken,
    Bearer,
}

/// The source of tokens that asks the caller for the token of each request.
pub(super) struct HostTokens {
    pub(super) host: Host,
    pub(super) scheme: Scheme,
}

impl HostTokens {
    async fn ask(&self, refused: Option<String>) -> Result<Option<Credential>, CredentialError> {
        let token = JsFuture::from(self.host.token(refused)).await;
        let token =
            token.map_err(|thrown| CredentialError::unavailable(thrown_message(&thrown)))?;
        let token = token.as_string().filter(|token| !token.is_empty()).map(Secret::new);
        Ok(token.map(|token| match self.scheme {
            Scheme::SessionToken => Credential::SessionToken(token),
            Scheme::Bearer => Credential::Bearer(token),
        }))
    }
}

#[async_trait(?Send)]
impl CredentialProvider for HostTokens {
    async fn credential(&self) -> Result<Credential, CredentialError> {
        let credential = self.ask(None).await?;
        credential.ok_or_else(|| CredentialError::needs_login("there is no token"))
    }

    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
        let refused = refused.token();
        let fresh = self.ask(Some(refused.expose().to_owned())).await?;
        Ok(fresh.filter(|fresh| !fresh.token().matches(refused)))
    }
}
