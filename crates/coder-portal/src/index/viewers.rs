//! Persons as viewers of a service account's index: what Coder says of them, for a minute.

use std::sync::Arc;
use std::time::Duration;

use coder_auth::{Caller, CallerRights};
use coder_client::Client;
use coder_client::operations::{CheckAuthorization, Permission};
use coder_core::{TransportError, TransportErrorKind, World, timeout};
use coder_workspaces::index::{IndexVisibility, Viewer};
use jiff::SignedDuration;

use super::shared_answers::SharedAnswers;
use crate::api::ApiError;

/// The time for which a person's roles and groups count without being read again.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// The time for which a refusal or a failure counts: one person who asks again and again, or with many
/// requests at once, asks Coder only so often.
const KEPT_FAILURE: SignedDuration = SignedDuration::from_secs(5);
/// The longest time that Coder is given to tell about a person.
const LIMIT: Duration = Duration::from_secs(10);
/// The greatest number of persons that are remembered.
const MAX: usize = 1_000;

/// The answers of Coder about persons, by their credentials.
pub(super) struct Viewers(SharedAnswers<CallerRights, Result<Viewer, Arc<ApiError>>>);

impl Default for Viewers {
    fn default() -> Self {
        Self(SharedAnswers::new(MAX))
    }
}

impl Viewers {
    /// Returns the caller as a viewer. Requests of one credential at the same time share one question.
    ///
    /// A credential that may not read the person's own workspaces at Coder, such as a token of narrow
    /// scope, reads none through the index either.
    ///
    /// # Errors
    ///
    /// When Coder does not let the credential read workspaces, or does not answer.
    pub(super) async fn get(
        &self,
        world: &World,
        caller: &Caller,
        client: &Client,
        visibility: IndexVisibility,
    ) -> Result<Viewer, ApiError> {
        let ask = async {
            let read = Box::pin(read(caller, client, visibility));
            let read = timeout(&*world.runtime, LIMIT, read).await;
            let late = || Err(TransportError::new(TransportErrorKind::Timeout).into());
            let read = read.unwrap_or_else(|| late().map_err(ApiError::Coder));
            let lasts = match &read {
                Ok(_) => Some(KEPT),
                // The caller renews the token and asks again.
                Err(error) if error.is_unauthorized() => None,
                Err(_) => Some(KEPT_FAILURE),
            };
            (read.map_err(Arc::new), lasts)
        };
        self.0.get(&*world.clock, &caller.rights(), ask).await.map_err(ApiError::Shared)
    }
}

async fn read(
    caller: &Caller,
    client: &Client,
    visibility: IndexVisibility,
) -> Result<Viewer, ApiError> {
    let own = Permission::new("read", "workspace").owner("me").any_organization();
    let may = client.send(&CheckAuthorization::new().permission("read", own)).await?;
    if may.get("read") != Some(&true) {
        return Err(ApiError::MayNotReadWorkspaces);
    }
    Ok(match visibility {
        IndexVisibility::Own | IndexVisibility::Everyone => Viewer::new(caller.user_id()),
        IndexVisibility::Coder => Viewer::read(client).await?,
    })
}
