//! People who use the deployment.

mod admin;
mod list;
mod settings;
mod sign_in;

use coder_client::UserId;
use coder_core::Secret;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use admin::{activate, assignable_roles, create, delete, suspend};
pub(crate) use list::list;
pub(crate) use settings::{appearance, autofill, login_type, preferences, put_profile, roles};
pub(crate) use sign_in::{create_first, first, login, logout};

use crate::FakeCoder;
use crate::api::{Open, first as first_open};
use crate::authentication::Caller;
use crate::json::Json as _;
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

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

    pub(crate) fn json(&self, deployment: &Deployment<'_>) -> Value {
        let organizations: Vec<Uuid> =
            deployment.state.organizations.iter().map(|organization| organization.id).collect();
        let mut user = json!({
            "id": self.id,
            "username": self.username,
            "email": self.email,
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "last_seen_at": self.last_seen_at.to_string(),
            "status": self.status(),
            "login_type": "password",
            "organization_ids": organizations,
            "roles": self.roles(),
        });
        if !self.name.is_empty() {
            user.set("name", self.name.as_str());
        }
        if deployment.dialect().ai_seats {
            user.set("has_ai_seat", false);
        }
        user
    }
}

/// Names and passwords of people.
impl FakeCoder {
    /// Gives a user a full name, like `Grace Hopper`.
    pub fn set_full_name(&self, user: &FakeUser, name: &str) {
        self.change_user(user, |stored| name.clone_into(&mut stored.name));
    }

    /// Gives a user a password for `POST /api/v2/users/login`.
    pub fn set_password(&self, user: &FakeUser, password: &str) {
        self.change_user(user, |stored| stored.password = Some(password.into()));
    }

    fn change_user(&self, user: &FakeUser, change: impl FnOnce(&mut User)) {
        self.with(|deployment| {
            if let Some(stored) = deployment.state.users.get_mut(&user.id.as_uuid()) {
                change(stored);
            }
        });
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

impl Deployment<'_> {
    /// The user a path names, when the caller may know of it.
    pub(crate) fn visible_user(&self, caller: &Caller, segment: &str) -> Result<User, Reply> {
        let found = self.state.user_at(segment, caller.user.id);
        match found.filter(|user| user.id == caller.user.id || caller.user.owner) {
            Some(user) => Ok(user.clone()),
            None if self.dialect().names_unknown_users => Err(Reply::error_with_detail(
                StatusCode::BAD_REQUEST,
                "\"user\" must be an existing uuid or username.",
                &format!("queried user={segment:?}"),
            )),
            None => Err(Reply::not_found()),
        }
    }
}

/// `GET /api/v2/users/{user}`: oneself, or anyone for an owner.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first_open(open))?;
    if !caller.may("user:read_personal") && !caller.may("user:read") {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&user.json(deployment)))
}
