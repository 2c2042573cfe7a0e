//! `/api/v2/users/{user}/keys`: tokens that people make for themselves.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::Call;
use crate::json::Json as _;
use crate::keys::{ApiKey, KeyKind};
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;
use crate::users::User;

/// No token may live longer: a year.
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// Everything below `/api/v2/users/{user}/keys`.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    user: &str,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, user)?;
    let action = match call.method {
        Method::GET => "api_key:read",
        Method::POST => "api_key:create",
        Method::DELETE => "api_key:delete",
        _ => "api_key:update",
    };
    if !caller.may(action) {
        return Err(Reply::not_found());
    }
    match (&call.method, rest) {
        (&Method::POST, []) => {
            let lifetime = deployment.settings.session_lifetime;
            let all = vec![scopes::ALL.to_owned()];
            let key = deployment.mint_key(user.id, KeyKind::Session, lifetime, all);
            Ok(Reply::created(&json!({ "key": key.parts.as_key() })))
        }
        (&Method::GET, ["tokens"]) => Ok(Reply::ok(&list(deployment, call, &user))),
        (&Method::POST, ["tokens"]) => create(deployment, call, &user),
        (&Method::GET, ["tokens", "tokenconfig"]) => {
            let lifetime = u64::try_from(MAX_LIFETIME.as_nanos()).unwrap_or(u64::MAX);
            Ok(Reply::ok(&json!({ "max_token_lifetime": lifetime })))
        }
        (&Method::GET, ["tokens", name]) => {
            let key = deployment.state.token_named(&user, name).ok_or_else(Reply::not_found)?;
            Ok(Reply::ok(&key.json()))
        }
        (method, [id, rest @ ..]) => {
            let found = deployment.state.keys.get(*id).filter(|key| key.user == user.id);
            let key = found.ok_or_else(Reply::not_found)?.clone();
            match (method, rest) {
                (&Method::GET, []) => Ok(Reply::ok(&key.json())),
                (&Method::DELETE, []) => {
                    deployment.state.delete_keys(|doomed| doomed.parts == key.parts);
                    Ok(Reply::no_content())
                }
                (&Method::PUT, ["expire"]) => {
                    let now = deployment.now;
                    if let Some(stored) = deployment.state.keys.get_mut(&key.parts.id) {
                        stored.expires_at = now;
                    }
                    Ok(Reply::no_content())
                }
                _ => Err(Reply::no_route()),
            }
        }
        _ => Err(Reply::no_route()),
    }
}

fn create(deployment: &mut Deployment<'_>, call: &Call, user: &User) -> Answer {
    let body = call.json()?;
    let name = match body.text("token_name") {
        Some(name) => name.to_owned(),
        None => deployment.mint().text(12),
    };
    if deployment.state.token_named(user, &name).is_some() {
        return Err(Reply::invalid(
            StatusCode::CONFLICT,
            &format!("A token with name \"{name}\" already exists."),
            [("token_name", "This value is already in use and should be unique.")],
        ));
    }
    let lifetime = match body.get("lifetime").and_then(Value::as_u64) {
        None | Some(0) => DEFAULT_LIFETIME,
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
    };
    if lifetime > MAX_LIFETIME {
        return Err(Reply::bad_request("Failed to validate create API key request."));
    }
    let asked = body.texts("scopes").unwrap_or_default().join(" ");
    let asked = if asked.is_empty() { body.text("scope").unwrap_or_default() } else { &asked };
    let granted = scopes::negotiate(None, asked).map_err(|reason| {
        Reply::error_with_detail(StatusCode::BAD_REQUEST, "Invalid API key scope.", &reason)
    })?;
    let key = deployment.mint_key(user.id, KeyKind::Token { name }, lifetime, granted);
    Ok(Reply::created(&json!({ "key": key.parts.as_key() })))
}

/// Tokens only: neither sessions nor OAuth keys. Go's nil slice when there are none.
fn list(deployment: &Deployment<'_>, call: &Call, user: &User) -> Value {
    let expired_too = call.query("include_expired") == Some("true");
    let mut keys: Vec<&ApiKey> = deployment
        .state
        .keys
        .values()
        .filter(|key| key.user == user.id && key.token_name().is_some())
        .filter(|key| expired_too || !key.is_expired(deployment.now))
        .collect();
    keys.sort_by_key(|key| key.token_name());
    if keys.is_empty() {
        return Value::Null;
    }
    let with_owner = keys.into_iter().map(|key| {
        let mut json = key.json();
        json.set("username", user.username.as_str());
        json
    });
    with_owner.collect()
}

impl crate::state::State {
    fn token_named(&self, user: &User, name: &str) -> Option<&ApiKey> {
        let of_user = self.keys.values().filter(|key| key.user == user.id);
        of_user.into_iter().find(|key| key.token_name() == Some(name))
    }
}

impl ApiKey {
    fn json(&self) -> Value {
        let login_type = match self.kind {
            KeyKind::Session => "password",
            KeyKind::Token { .. } => "token",
            KeyKind::OAuth2 { .. } => "oauth2_provider_app",
        };
        let all = self.scopes == [scopes::ALL];
        json!({
            "id": self.parts.id,
            "user_id": self.user,
            "last_used": self.last_used.to_string(),
            "expires_at": self.expires_at.to_string(),
            "created_at": self.created_at.to_string(),
            "updated_at": self.last_used.to_string(),
            "login_type": login_type,
            "scope": if all { "all" } else { "" },
            "scopes": self.scopes,
            "token_name": self.shown_name(),
            "lifetime_seconds": self.lifetime.as_secs(),
            "allow_list": [{ "type": "*", "id": "*" }],
        })
    }
}
