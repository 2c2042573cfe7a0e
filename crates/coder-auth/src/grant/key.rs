//! The key of a grant.

use std::fmt;

use coder_client::UserId;
use coder_core::DeploymentUrl;
use serde::{Deserialize, Serialize};

use crate::seal::AssociatedData;

/// An OAuth2 application at a Coder deployment.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OAuth2App {
    /// URL of the deployment for browsers, with its path.
    pub deployment: DeploymentUrl,
    /// OAuth2 client id at that deployment.
    pub client_id: String,
}

impl OAuth2App {
    /// Creates the reference to the application `client_id` at `deployment`.
    pub fn new(deployment: DeploymentUrl, client_id: impl Into<String>) -> Self {
        Self { deployment, client_id: client_id.into() }
    }
}

impl fmt::Debug for OAuth2App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OAuth2App({} at {})", self.client_id, self.deployment)
    }
}

/// The key of a grant: its user and its application. Environments with the same application share
/// their grants.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GrantKey {
    /// Application that the grant was given to.
    pub app: OAuth2App,
    /// User who gave the grant, at that deployment.
    pub user: UserId,
}

impl GrantKey {
    /// Creates the key of this user's grant for this application.
    pub fn new(app: OAuth2App, user: UserId) -> Self {
        Self { app, user }
    }

    /// Returns the purpose that the content of the grant is sealed for.
    pub(crate) fn purpose(&self) -> AssociatedData {
        let Self { app, user } = self;
        AssociatedData::new(&["grant", app.deployment.as_str(), &app.client_id, &user.to_string()])
    }
}

/// [`GrantKey`] as a part of something that is sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedKey {
    #[serde(rename = "d")]
    deployment: DeploymentUrl,
    #[serde(rename = "c")]
    client_id: String,
    #[serde(rename = "u")]
    user: UserId,
}

impl From<GrantKey> for SealedKey {
    fn from(key: GrantKey) -> Self {
        let GrantKey { app: OAuth2App { deployment, client_id }, user } = key;
        Self { deployment, client_id, user }
    }
}

impl From<SealedKey> for GrantKey {
    fn from(sealed: SealedKey) -> Self {
        let SealedKey { deployment, client_id, user } = sealed;
        Self::new(OAuth2App::new(deployment, client_id), user)
    }
}

impl fmt::Debug for GrantKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, user } = self;
        write!(formatter, "GrantKey({user} for {} at {})", app.client_id, app.deployment)
    }
}
