//! People who use the deployment.

use coder_client::UserId;
use coder_core::Secret;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authentication::Caller;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::search::{SearchFault, Terms};
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

/// `GET /api/v2/users`: everybody for an owner, oneself for others.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let caller = deployment.authenticate(call)?;
    let (limit, offset) = crate::workspaces::page(call)?;
    let invalid = |faults: Vec<SearchFault>| {
        Reply::invalid(StatusCode::BAD_REQUEST, "Invalid user search query.", faults)
    };
    let mut terms = Terms::with_default_key(call.query("q").unwrap_or_default(), "search")
        .map_err(|fault| invalid(vec![fault]))?;
    let search = terms.one("search");
    let status = terms.one("status");
    let (name, email) = (terms.one("username"), terms.one("email"));
    terms.finish().map_err(invalid)?;
    let contains = |wanted: &Option<String>, texts: &[&str]| {
        wanted.as_ref().is_none_or(|wanted| {
            texts.iter().any(|text| text.to_lowercase().contains(wanted.as_str()))
        })
    };
    let found: Vec<&User> = deployment
        .state
        .users
        .values()
        .filter(|user| caller.user.owner || user.id == caller.user.id)
        .filter(|user| contains(&search, &[&user.username, &user.email]))
        .filter(|user| status.as_deref().is_none_or(|status| status == user.status()))
        .filter(|user| contains(&name, &[&user.username]) && contains(&email, &[&user.email]))
        .collect();
    let count = found.len();
    let users: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(if limit == 0 { usize::MAX } else { limit })
        .map(|user| user.json(deployment))
        .collect();
    Ok(Reply::ok(&json!({ "users": users, "count": count })))
}

/// `GET /api/v2/users/{user}/login-type`.
pub(crate) fn login_type(deployment: &mut Deployment<'_>, call: &Call, segment: &str) -> Answer {
    let caller = deployment.authenticate(call)?;
    deployment.visible_user(&caller, segment)?;
    Ok(Reply::ok(&json!({ "login_type": "password" })))
}

/// `GET /api/v2/organizations/{organization}/members/{user}/workspace-quota`: unlimited.
pub(crate) fn quota(deployment: &mut Deployment<'_>, call: &Call, segment: &str) -> Answer {
    let caller = deployment.authenticate(call)?;
    deployment.visible_user(&caller, segment)?;
    Ok(Reply::ok(&json!({ "credits_consumed": 0, "budget": -1 })))
}

impl Deployment<'_> {
    /// The user a path names, when the caller may know of it.
    pub(crate) fn visible_user(&self, caller: &Caller, segment: &str) -> Result<User, Reply> {
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
