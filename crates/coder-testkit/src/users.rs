//! People who use the deployment.

use coder_client::UserId;
use coder_core::Secret;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::{Deployment, State};

/// A user of the fake, as a test holds on to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FakeUser {
    /// Coder's id of the user.
    pub id: UserId,
    /// The login name.
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
    pub(crate) email: String,
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

    pub(crate) fn json(&self, deployment: &Deployment<'_>) -> Value {
        let roles: &[Value] =
            if self.owner { &[json!({ "name": "owner", "display_name": "Owner" })] } else { &[] };
        let organizations: Vec<Uuid> =
            deployment.state.organizations.iter().map(|organization| organization.id).collect();
        let mut user = json!({
            "id": self.id,
            "username": self.username,
            "name": "",
            "email": self.email,
            "avatar_url": "",
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "last_seen_at": self.last_seen_at.to_string(),
            "status": self.status(),
            "login_type": "password",
            "organization_ids": organizations,
            "roles": roles,
        });
        if deployment.settings.version >= crate::Version::V2_34 {
            user.set("has_ai_seat", false);
        }
        user
    }
}

impl State {
    /// The user with that name; names are compared without case.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.values().find(|user| user.username.eq_ignore_ascii_case(name))
    }

    /// `me`, a name or an id.
    fn user_at(&self, segment: &str, caller: Uuid) -> Option<&User> {
        match (segment, Uuid::try_parse(segment)) {
            ("me", _) => self.users.get(&caller),
            (_, Ok(id)) => self.users.get(&id),
            (name, Err(_)) => self.user_named(name),
        }
    }
}

/// `GET /api/v2/users/{user}`: oneself, or anyone for an owner.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, segment: &str) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, segment)?;
    if !caller.may("user:read_personal") && !caller.may("user:read") {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&user.json(deployment)))
}

impl Deployment<'_> {
    /// The user a path names, when the caller may know of it.
    pub(crate) fn visible_user(
        &self,
        caller: &crate::authentication::Caller,
        segment: &str,
    ) -> Result<User, Reply> {
        let user =
            self.state.user_at(segment, caller.user.id).ok_or_else(Reply::not_found)?.clone();
        if user.id == caller.user.id || caller.user.owner {
            Ok(user)
        } else {
            Err(Reply::not_found())
        }
    }
}

/// `POST /api/v2/users/logout`: ends the token of the call.
pub(crate) fn logout(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let caller = deployment.authenticate(call)?;
    deployment.state.delete_keys(|key| key.parts.id == caller.key);
    Ok(Reply::ok(&json!({ "message": "Logged out!" })))
}

/// `GET /api/v2/users/first`: whether the deployment has been set up.
pub(crate) fn first(deployment: &Deployment<'_>) -> Answer {
    if deployment.state.users.is_empty() {
        Err(Reply::error(StatusCode::NOT_FOUND, "The initial user has not been created!"))
    } else {
        Ok(Reply::ok(&json!({ "message": "The initial user has already been created!" })))
    }
}
