//! People who use the deployment.

use coder_client::UserId;
use coder_core::Secret;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A user of the fake, as a test holds on to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FakeUser {
    /// Coder's id of the user.
    pub id: UserId,
    /// The name that the user signs in with.
    pub username: String,
    /// `<username>@example.com` by default.
    pub email: String,
    /// A session of the user that lasts for ten years of the fake's clock: for the header
    /// `Coder-Session-Token`.
    pub session_token: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserStatus {
    Active,
    Suspended,
}

/// A user, as the deployment stores it.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) username: String,
    /// The full name; often empty.
    pub(crate) name: String,
    pub(crate) email: String,
    /// `None` for the deployment's password.
    pub(crate) password: Option<Secret>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) status: UserStatus,
    pub(crate) owner: bool,
    /// The other roles of the deployment that the user has.
    pub(crate) other_roles: Vec<String>,
}

/// The roles of the deployment, with the names that people read.
pub(crate) const SITE_ROLES: [(&str, &str); 4] = [
    ("owner", "Owner"),
    ("auditor", "Auditor"),
    ("template-admin", "Template Admin"),
    ("user-admin", "User Admin"),
];

impl User {
    pub(crate) fn status(&self) -> &'static str {
        match self.status {
            UserStatus::Active => "active",
            UserStatus::Suspended => "suspended",
        }
    }

    /// Renders the roles of the deployment that the user has.
    pub(crate) fn roles(&self) -> Value {
        let roles = self.role_names().into_iter().map(|name| {
            let known = SITE_ROLES.iter().find(|(known, _)| *known == name);
            let display_name = known.map_or("", |(_, display_name)| display_name);
            json!({ "name": name, "display_name": display_name })
        });
        roles.collect()
    }

    /// Returns the names of the roles of the deployment that the user has.
    pub(crate) fn role_names(&self) -> Vec<&str> {
        let owner = self.owner.then_some("owner");
        owner.into_iter().chain(self.other_roles.iter().map(String::as_str)).collect()
    }
}
