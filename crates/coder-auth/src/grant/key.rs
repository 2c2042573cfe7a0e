//! The key of a grant.

use std::fmt;

use coder_client::UserId;
use coder_core::DeploymentUrl;

use crate::seal::AssociatedData;

/// An OAuth2 application at a Coder deployment.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct OAuth2App {
    /// The Coder deployment, with its path, where browsers reach it.
    pub deployment: DeploymentUrl,
    /// The OAuth2 client id at that deployment.
    pub client_id: String,
}

impl OAuth2App {
    /// Names the application `client_id` at `deployment`.
    pub fn new(deployment: DeploymentUrl, client_id: impl Into<String>) -> Self {
        Self { deployment, client_id: client_id.into() }
    }
}

impl fmt::Debug for OAuth2App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "OAuth2App({} at {})", self.client_id, self.deployment)
    }
}

/// The key of a grant: the user who gave it, and the application it was given to. Environments
/// with the same application share their grants.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct GrantKey {
    /// The application.
    pub app: OAuth2App,
    /// The user at that deployment.
    pub user: UserId,
}

impl GrantKey {
    /// Names the grant that this user gave this application.
    pub fn new(app: OAuth2App, user: UserId) -> Self {
        Self { app, user }
    }

    /// What a grant's content is sealed for.
    pub(crate) fn purpose(&self) -> AssociatedData {
        let Self { app, user } = self;
        AssociatedData::new(&["grant", app.deployment.as_str(), &app.client_id, &user.to_string()])
    }
}

impl fmt::Debug for GrantKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, user } = self;
        write!(formatter, "GrantKey({user} for {} at {})", app.client_id, app.deployment)
    }
}
