//! What owners do with people.

use coder_core::Secret;
use http::StatusCode;
use serde_json::json;

use crate::api::{Open, first};
use crate::model::{SITE_ROLES, User, UserStatus};
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

/// Answers `POST /api/v2/users` for owners.
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

/// Answers `DELETE /api/v2/users/{user}` for owners, who cannot delete themselves.
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
    if status == UserStatus::Suspended && user.id == caller.user.id {
        return Err(Reply::bad_request("You cannot suspend yourself."));
    }
    if status == UserStatus::Suspended && user.owner {
        return Err(Reply::bad_request(
            "You cannot suspend a user with the \"owner\" role. You must remove the role first.",
        ));
    }
    let user = User { status, ..user };
    deployment.state.users.insert(user.id, user.clone());
    Ok(Reply::ok(&user.json(deployment)))
}

const ROLES: Shape = Shape { name: "UpdateRoles", fields: &[field("roles", Kind::Texts)] };

const PASSWORD: Shape = Shape {
    name: "UpdateUserPasswordRequest",
    fields: &[field("old_password", Kind::Text), ruled("password", Kind::Text, &[Rule::Required])],
};

/// Answers `PUT /api/v2/users/{user}/roles` for owners, who cannot change their own roles.
pub(crate) fn set_roles(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    if user.id == caller.user.id {
        return Err(Reply::bad_request("You cannot change your own roles."));
    }
    let roles = ROLES.read(call)?.texts("roles");
    let is_known = |role: &String| SITE_ROLES.iter().any(|(known, _)| known == role);
    if let Some(unknown) = roles.iter().find(|role| !is_known(role)) {
        return Err(Reply::bad_request(&format!("{unknown:?} is not a supported role")));
    }
    let owner = roles.iter().any(|role| role == "owner");
    let other_roles = roles.into_iter().filter(|role| role != "owner").collect();
    let user = User { owner, other_roles, ..user };
    deployment.state.users.insert(user.id, user.clone());
    Ok(Reply::ok(&user.json(deployment)))
}

/// Answers `PUT /api/v2/users/{user}/password` and ends the user's sessions and tokens. An owner
/// changes anybody's password and need not know the old one.
pub(crate) fn set_password(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    let body = PASSWORD.read(call)?;
    let old = Secret::new(body.text("old_password").unwrap_or_default());
    let known = user.password.as_ref().or(deployment.state.password.as_ref());
    let is_own = user.id == caller.user.id;
    if is_own && known.is_none_or(|known| !known.matches(&old)) {
        return Err(Reply::invalid(
            StatusCode::BAD_REQUEST,
            "Old password is incorrect.",
            [("old_password", "Old password is incorrect.")],
        ));
    }
    let password = body.text("password").map(Into::into);
    let user = User { password, ..user };
    deployment.state.delete_keys(|key| key.user == user.id);
    deployment.state.users.insert(user.id, user);
    Ok(Reply::no_content())
}

/// Answers `GET /api/v2/users/roles` with all roles of the deployment.
pub(crate) fn assignable_roles(
    deployment: &mut Deployment<'_>,
    call: &Call,
    _: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let roles = SITE_ROLES.map(|(name, display_name)| {
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
    /// Makes a member that is not stored yet.
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
            other_roles: Vec::new(),
        }
    }
}

/// Tells whether a text has letters and digits, with single hyphens between them; at most 32.
pub(crate) fn is_username(text: &str) -> bool {
    let parts = text.split('-');
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 32 && parts.into_iter().all(is_word)
}

/// Tells whether a text has an `@` inside, which is enough for an address here.
pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}
