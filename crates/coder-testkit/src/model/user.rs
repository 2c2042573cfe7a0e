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
    /// `<username>@example.com` unless said otherwise.
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
}

impl User {
    pub(crate) fn status(&self) -> &'static str {
        match self.status {
            UserStatus::Active => "active",
            UserStatus::Suspended => "suspended",
        }
    }

    /// The roles of the deployment that the user has.
    pub(crate) fn roles(&self) -> Value {
        if self.owner { json!([{ "name": "owner", "display_name": "Owner" }]) } else { json!([]) }
    }
}
