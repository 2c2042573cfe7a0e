//! What owners do with people.

use http::StatusCode;
use serde_json::json;

use crate::api::{Open, first};
use crate::model::{User, UserStatus};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

const CREATE_USER: Shape = Shape {
    name: "CreateUserRequestWithOrgs",
    fields: &[
        ruled("email", Kind::Text, &[Rule::Required, Rule::Tag("email", is_email)]),
        ruled("username", Kind::Text, &[Rule::Required, Rule::Tag("username", is_username)]),
        field("name", Kind::Text),
        field("password", Kind::Text),
        field("login_type", Kind::Named("codersdk.LoginType")),
        field("user_status", Kind::Named("codersdk.UserStatus")),
        field("organization_ids", Kind::Texts),
    ],
};

/// `POST /api/v2/users`: for owners.
pub(crate) fn create(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = CREATE_USER.read(call)?;
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    let text = |name: &str| body.text(name).unwrap_or_default();
    let taken = |user: &User| {
        user.username.eq_ignore_ascii_case(text("username"))
            || user.email.eq_ignore_ascii_case(text("email"))
    };
    if deployment.state.users.values().any(taken) {
        return Err(Reply::error(StatusCode::CONFLICT, "User already exists."));
    }
    let user = deployment.new_user(text("username"), text("email"));
    let user = User {
        name: text("name").to_owned(),
        password: body.text("password").map(Into::into),
        ..user
    };
    deployment.state.users.insert(user.id, user.clone());
    Ok(Reply::created(&user.json(deployment)))
}

/// `DELETE /api/v2/users/{user}`: for owners, who cannot delete themselves.
pub(crate) fn delete(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    if user.id == caller.user.id {
        return Err(Reply::error(StatusCode::FORBIDDEN, "You cannot delete yourself!"));
    }
    if deployment.state.workspaces.values().any(|workspace| workspace.owner == user.id) {
        let message =
            "You cannot delete a user that has workspaces. Delete their workspaces and try again!";
        return Err(Reply::error(StatusCode::EXPECTATION_FAILED, message));
    }
    deployment.state.delete_user(user.id);
    Ok(Reply::ok(&json!({ "message": "User has been deleted!" })))
}

/// Answers a request for `PUT /api/v2/users/{user}/status/activate`.
pub(crate) fn activate(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    set_status(deployment, call, open, UserStatus::Active)
}

/// Answers a request for `PUT /api/v2/users/{user}/status/suspend`.
pub(crate) fn suspend(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    set_status(deployment, call, open, UserStatus::Suspended)
}

fn set_status(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
    status: UserStatus,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    let user = User { status, ..user };
    deployment.state.users.insert(user.id, user.clone());
    Ok(Reply::ok(&user.json(deployment)))
}

/// `GET /api/v2/users/roles`: the roles that there are.
pub(crate) fn assignable_roles(
    deployment: &mut Deployment<'_>,
    call: &Call,
    _: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let roles = [
        ("owner", "Owner"),
        ("auditor", "Auditor"),
        ("template-admin", "Template Admin"),
        ("user-admin", "User Admin"),
    ];
    let roles = roles.map(|(name, display_name)| {
        json!({
            "name": name,
            "display_name": display_name,
            "assignable": caller.user.owner,
            "built_in": true,
        })
    });
    Ok(Reply::ok(&json!(roles)))
}

impl Deployment<'_> {
    /// A member that is not stored yet.
    pub(crate) fn new_user(&self, username: &str, email: &str) -> User {
        User {
            id: self.mint().uuid(),
            username: username.to_owned(),
            name: String::new(),
            email: email.to_owned(),
            password: None,
            created_at: self.now,
            last_seen_at: self.now,
            status: UserStatus::Active,
            owner: false,
        }
    }
}

/// Letters and digits, with single hyphens between them; at most 32.
pub(crate) fn is_username(text: &str) -> bool {
    let parts = text.split('-');
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 32 && parts.into_iter().all(is_word)
}

/// Something with an `@` inside.
pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
