//! Signing in and out with a password, and the first user.

use coder_core::Secret;
use http::StatusCode;
use serde_json::json;

use crate::api::Open;
use crate::model::{KeyKind, User, UserStatus};
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::call::SESSION_COOKIE;
use crate::wire::input::{Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

/// A browser keeps the cookie of a session for a year, where it outlives the browser; the session
/// ends before.
const COOKIE_SECONDS: u32 = 365 * 24 * 3600;

const LOGIN: Shape = Shape {
    name: "LoginWithPasswordRequest",
    fields: &[
        ruled("email", Kind::Text, &[Rule::Required, Rule::Tag("email", super::admin::is_email)]),
        ruled("password", Kind::Text, &[Rule::Required]),
    ],
};

const FIRST_USER: Shape = Shape {
    name: "CreateFirstUserRequest",
    fields: &[
        ruled("email", Kind::Text, &[Rule::Required, Rule::Tag("email", super::admin::is_email)]),
        ruled(
            "username",
            Kind::Text,
            &[Rule::Required, Rule::Tag("username", super::admin::is_username)],
        ),
        field("name", Kind::Text),
        ruled("password", Kind::Text, &[Rule::Required]),
        field("trial", Kind::Flag),
    ],
};

/// Answers `POST /api/v2/users/login` with a session, for an email address and a password.
pub(crate) fn login(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let body = LOGIN.read(call)?;
    let given = Secret::new(body.text("password").unwrap_or_default());
    let email = body.text("email").unwrap_or_default();
    let user = deployment.state.users.values().find(|user| user.email.eq_ignore_ascii_case(email));
    let password =
        user.and_then(|user| user.password.as_ref().or(deployment.state.password.as_ref()));
    let user = user.filter(|_| password.is_some_and(|password| password.matches(&given)));
    let Some(user) = user.cloned() else {
        return Err(Reply::error(StatusCode::UNAUTHORIZED, "Incorrect email or password."));
    };
    if user.status == UserStatus::Suspended {
        let message = format!(
            "User is not active (status = \"{}\"). Contact an admin to reactivate your account.",
            user.status()
        );
        return Err(Reply::error(StatusCode::UNAUTHORIZED, &message));
    }
    let lifetime = deployment.state.session_lifetime;
    let all = vec![scopes::ALL.to_owned()];
    let key = deployment.mint_key(user.id, KeyKind::Session, lifetime, all).parts.as_key();
    let secure = if deployment.settings.url.origin().is_https() { "; Secure" } else { "" };
    let age = if deployment.dialect().session_cookie_lasts {
        format!("; Max-Age={COOKIE_SECONDS}")
    } else {
        String::new()
    };
    let cookie = format!("{SESSION_COOKIE}={key}; Path=/{age}; HttpOnly{secure}; SameSite=Lax");
    Ok(Reply::created(&json!({ "session_token": key })).with("set-cookie", &cookie))
}

/// Answers `POST /api/v2/users/logout` and ends the token of the call.
pub(crate) fn logout(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    deployment.state.delete_keys(|key| key.parts.id == caller.key);
    let same_site = if deployment.dialect().logout_is_same_site { "; SameSite=Lax" } else { "" };
    let cookie = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0{same_site}");
    Ok(Reply::ok(&json!({ "message": "Logged out!" })).with("set-cookie", &cookie))
}

/// Answers `GET /api/v2/users/first`, which says whether the deployment has been set up.
pub(crate) fn first(deployment: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    if deployment.state.users.is_empty() {
        Err(Reply::error(StatusCode::NOT_FOUND, "The initial user has not been created!"))
    } else {
        Ok(Reply::ok(&json!({ "message": "The initial user has already been created!" })))
    }
}

/// Answers `POST /api/v2/users/first` and sets the deployment up with its first owner.
pub(crate) fn create_first(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let body = FIRST_USER.read(call)?;
    if !deployment.state.users.is_empty() {
        let message = "The initial user has already been created.";
        return Err(Reply::error(StatusCode::CONFLICT, message));
    }
    let text = |name: &str| body.text(name).unwrap_or_default();
    let user = User {
        name: text("name").to_owned(),
        password: body.text("password").map(Into::into),
        owner: true,
        ..deployment.new_user(text("username"), text("email"))
    };
    let organization = deployment.state.organizations.first().map(|known| known.id);
    let answer = json!({ "user_id": user.id, "organization_id": organization });
    deployment.state.users.insert(user.id, user);
    Ok(Reply::created(&answer))
}
