//! A client that outlives the access token it began with.

use std::sync::Arc;

use async_trait::async_trait;
use coder_client::{Client, Credential, CredentialError, CredentialProvider};
use coder_core::{Lock, Secret};
use http::StatusCode;

use crate::caller::Caller;
use crate::error::AuthError;
use crate::service::CoderAuth;

impl CoderAuth {
    /// Returns a client with the caller's rights that renews the caller's token when Coder refuses
    /// it.
    ///
    /// Such a client is for work that outlives the request, such as a stream of changes. A token that the
    /// request has brought is not renewed.
    pub fn renewing_client(&self, caller: &Caller) -> Client {
        match caller.token() {
            None => caller.client().clone(),
            Some(_) => caller.client().clone().with_credential_provider(Arc::new(Renewing {
                auth: self.clone(),
                caller: Lock::new(caller.clone()),
            })),
        }
    }
}

/// The credential of a caller, which is renewed when Coder refuses it.
struct Renewing {
    auth: CoderAuth,
    caller: Lock<Caller>,
}

impl Renewing {
    fn caller(&self) -> Caller {
        self.caller.lock().clone()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl CredentialProvider for Renewing {
    async fn credential(&self) -> Result<Credential, CredentialError> {
        let token = self.caller().token().cloned();
        let token = token.ok_or_else(|| CredentialError::needs_login("the caller has no grant"))?;
        Ok(Credential::SessionToken(token))
    }

    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, CredentialError> {
        let renewed = self.auth.renew(&self.caller()).await.map_err(unavailable)?;
        let token: Option<Secret> = renewed.token().cloned();
        *self.caller.lock() = renewed;
        // `/users/me` takes the same token: the refusal is about something else.
        Ok(token.filter(|token| !is(refused, token)).map(Credential::SessionToken))
    }
}

fn is(credential: &Credential, token: &Secret) -> bool {
    matches!(credential, Credential::SessionToken(other) if other.matches(token))
}

fn unavailable(error: AuthError) -> CredentialError {
    if error.status() == StatusCode::UNAUTHORIZED {
        CredentialError::needs_login(error)
    } else {
        CredentialError::unavailable(error)
    }
}
