//! People who use the deployment.

mod admin;
mod list;
mod secrets;
mod settings;
mod sign_in;
mod ssh_key;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use admin::{
    activate, assignable_roles, create, delete, set_password, set_roles, suspend,
};
pub(crate) use list::list;
pub(crate) use secrets::{create_secret, delete_secret, secret, secrets, update_secret};
pub(crate) use settings::{appearance, autofill, login_type, preferences, put_profile, roles};
pub(crate) use sign_in::{create_first, first, login, logout};
pub(crate) use ssh_key::{new_ssh_key, ssh_key};

use crate::api::{Open, first as first_open};
use crate::json::Json as _;
use crate::model::User;
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

impl User {
    pub(crate) fn json(&self, deployment: &Deployment<'_>) -> Value {
        let organizations: Vec<Uuid> = deployment
            .state
            .organizations_of(self.id)
            .map(|organization| organization.id)
            .collect();
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

impl Deployment<'_> {
    /// Returns the user that a path names, when the caller may know of that user.
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

/// Answers `GET /api/v2/users/{user}` for the user in person and for owners.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first_open(open))?;
    if !caller.may("user:read_personal") && !caller.may("user:read") {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&user.json(deployment)))
}
