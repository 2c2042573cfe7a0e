//! Persons as viewers of a service account's index: what Coder says of them, for a minute.

use std::collections::HashMap;

use coder_auth::{Caller, CallerRights};
use coder_client::Client;
use coder_client::operations::{CheckAuthorization, Permission};
use coder_core::{Lock, is_within};
use coder_workspaces::index::{IndexVisibility, Viewer};
use jiff::{SignedDuration, Timestamp};

use crate::api::ApiError;

/// The time for which a person's roles and groups count without being read again.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// The number of persons from which on those whose time is over are forgotten.
const MAX: usize = 1_000;

/// The answers of Coder about persons, by their credentials.
#[derive(Default)]
pub(super) struct Viewers(Lock<HashMap<CallerRights, (Timestamp, Viewer)>>);

impl Viewers {
    /// Returns the caller as a viewer.
    ///
    /// A credential that may not read the person's own workspaces at Coder, such as a token of narrow
    /// scope, reads none through the index either.
    ///
    /// # Errors
    ///
    /// When Coder does not let the credential read workspaces, or does not answer.
    pub(super) async fn get(
        &self,
        caller: &Caller,
        client: &Client,
        visibility: IndexVisibility,
        now: Timestamp,
    ) -> Result<Viewer, ApiError> {
        let rights = caller.rights();
        let known = self.0.lock().get(&rights).cloned();
        if let Some((read_at, viewer)) = known
            && is_within(KEPT, now, read_at)
        {
            return Ok(viewer);
        }
        let own = Permission::new("read", "workspace").owner("me").any_organization();
        let may = client.send(&CheckAuthorization::new().permission("read", own)).await?;
        if may.get("read") != Some(&true) {
            return Err(ApiError::MayNotReadWorkspaces);
        }
        let viewer = match visibility {
            IndexVisibility::Own | IndexVisibility::Everyone => Viewer::new(caller.user_id()),
            IndexVisibility::Coder => Viewer::read(client).await?,
        };
        let mut known = self.0.lock();
        if known.len() >= MAX {
            known.retain(|_, (read_at, _)| is_within(KEPT, now, *read_at));
        }
        known.insert(rights, (now, viewer.clone()));
        Ok(viewer)
    }
}
