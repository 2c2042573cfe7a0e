//! `/api/v2/users/{user}/keys`: tokens that people make for themselves.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Open, first, second};
use crate::json::Json as _;
use crate::model::{ApiKey, KeyKind, User};
use crate::release::Dialect;
use crate::rules::authentication::Caller;
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

const DAY: u64 = 24 * 3600;

/// No token lives longer than a hundred years.
const MAX_LIFETIME: Duration = Duration::from_secs(100 * 365 * DAY + 25 * DAY);
/// The longest life of an owner's token: a week.
const MAX_OWNER_LIFETIME: Duration = Duration::from_secs(7 * DAY);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7 * DAY);

/// The entry of an allow list that allows everything.
const EVERYTHING: &str = "*:*";

const CREATE_TOKEN: Shape = Shape {
    name: "CreateTokenRequest",
    fields: &[
        field("lifetime", Kind::Duration),
        field("scope", Kind::Named("codersdk.APIKeyScope")),
        field("scopes", Kind::Texts),
        field("token_name", Kind::Text),
        field("allow_list", Kind::Texts),
    ],
};

/// Answers `POST …/keys` with a new session token.
pub(crate) fn create_session(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let (_, user) = key_holder(deployment, call, open, "api_key:create")?;
    let lifetime = deployment.state.session_lifetime;
    let all = vec![scopes::ALL.to_owned()];
    let key = deployment.mint_key(user.id, KeyKind::Session, lifetime, all);
    Ok(Reply::created(&json!({ "key": key.parts.as_key() })))
}

/// Answers `GET …/keys/tokens` with the tokens only, neither sessions nor OAuth keys. Without
/// tokens the answer is `null`, Go's nil slice.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (caller, user) = key_holder(deployment, call, open, "api_key:read")?;
    let everybody = caller.user.owner && call.query("include_all") == Some("true");
    let expired_too = call.query("include_expired") == Some("true");
    let mut keys: Vec<&ApiKey> = deployment
        .state
        .keys
        .values()
        .filter(|key| (everybody || key.user == user.id) && key.token_name().is_some())
        .filter(|key| expired_too || !key.is_expired(deployment.now))
        .collect();
    if keys.is_empty() {
        return Ok(Reply::ok(&Value::Null));
    }
    keys.sort_by_key(|key| (key.created_at, key.token_name()));
    let with_owner = keys.into_iter().map(|key| {
        let mut json = key.json(deployment.dialect());
        json.set("username", deployment.state.username(key.user));
        json
    });
    Ok(Reply::ok(&with_owner.collect()))
}

/// Answers a request for `GET …/keys/tokens/tokenconfig`.
pub(crate) fn config(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (_, user) = key_holder(deployment, call, open, "api_key:read")?;
    let lifetime = u64::try_from(max_lifetime(&user).as_nanos()).unwrap_or(u64::MAX);
    Ok(Reply::ok(&json!({ "max_token_lifetime": lifetime })))
}

/// Answers a request for `GET …/keys/tokens/{name}`.
pub(crate) fn get_by_name(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (_, user) = key_holder(deployment, call, open, "api_key:read")?;
    let key = deployment.state.token_named(&user, second(open)).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&key.json(deployment.dialect())))
}

/// Answers a request for `GET …/keys/{key}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let key = named_key(deployment, call, open, "api_key:read")?;
    Ok(Reply::ok(&key.json(deployment.dialect())))
}

/// Answers a request for `DELETE …/keys/{key}`.
pub(crate) fn delete(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let key = named_key(deployment, call, open, "api_key:delete")?;
    deployment.state.delete_keys(|doomed| doomed.parts == key.parts);
    Ok(Reply::no_content())
}

/// Answers a request for `PUT …/keys/{key}/expire`.
pub(crate) fn expire(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let key = named_key(deployment, call, open, "api_key:update")?;
    let now = deployment.now;
    if let Some(stored) = deployment.state.keys.get_mut(&key.parts.id) {
        stored.expires_at = now;
    }
    Ok(Reply::no_content())
}

/// Answers a request for `POST …/keys/tokens`.
pub(crate) fn create(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (_, user) = key_holder(deployment, call, open, "api_key:create")?;
    let body = CREATE_TOKEN.read(call)?;
    let granted = granted(deployment.dialect(), &body)?;
    let lifetime = lifetime(&user, body.integer("lifetime").unwrap_or_default())?;
    let name = match body.text("token_name") {
        Some(name) => name.to_owned(),
        None => deployment.mint().text(12),
    };
    if deployment.state.token_named(&user, &name).is_some() {
        return Err(Reply::invalid(
            StatusCode::CONFLICT,
            &format!("A token with name \"{name}\" already exists."),
            [("name", "This value is already in use and should be unique.")],
        ));
    }
    let mut allow_list = body.texts("allow_list");
    if allow_list.is_empty() || !deployment.dialect().token_limits {
        allow_list = vec![EVERYTHING.to_owned()];
    }
    let kind = KeyKind::Token { name, allow_list };
    let key = deployment.mint_key(user.id, kind, lifetime, granted);
    Ok(Reply::created(&json!({ "key": key.parts.as_key() })))
}

/// Returns the scopes that a new token gets: those that the request asks for, or all.
fn granted(dialect: &Dialect, body: &Input) -> Result<Vec<String>, Reply> {
    let failed = |status, detail: &str| {
        Reply::error_with_detail(status, "Failed to create API key.", detail)
    };
    let mut asked = if dialect.token_limits { body.texts("scopes") } else { Vec::new() };
    if asked.is_empty() {
        asked.extend(body.text("scope").map(str::to_owned));
    }
    match asked.iter().find(|scope| !scopes::is_known(scope)) {
        Some(unknown) if dialect.token_limits => {
            let detail = format!("invalid or unsupported API key scope: {unknown:?}");
            return Err(failed(StatusCode::BAD_REQUEST, &detail));
        }
        Some(unknown) => {
            let detail = format!("generate API key: invalid API key scope: {unknown:?}");
            return Err(failed(StatusCode::INTERNAL_SERVER_ERROR, &detail));
        }
        None => {}
    }
    if asked.is_empty() {
        asked.push(scopes::ALL.to_owned());
    }
    Ok(asked.iter().map(|scope| scopes::canonical(scope).to_owned()).collect())
}

fn lifetime(user: &User, nanoseconds: i64) -> Result<Duration, Reply> {
    let invalid = |detail: &str| {
        let message = "Failed to validate create API key request.";
        Reply::error_with_detail(StatusCode::BAD_REQUEST, message, detail)
    };
    if nanoseconds == 0 {
        return Ok(DEFAULT_LIFETIME);
    }
    let nanoseconds = u64::try_from(nanoseconds)
        .map_err(|_| invalid("lifetime must be positive number greater than 0"))?;
    let max = max_lifetime(user);
    match Duration::from_nanos(nanoseconds) {
        lifetime if lifetime > max => {
            let hours = max.as_secs() / 3600;
            Err(invalid(&format!("lifetime must be less than {hours}h0m0s")))
        }
        lifetime => Ok(lifetime),
    }
}

fn max_lifetime(user: &User) -> Duration {
    if user.owner { MAX_OWNER_LIFETIME } else { MAX_LIFETIME }
}

/// Returns the caller, and the user whose keys the path is about.
fn key_holder(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
    action: &str,
) -> Result<(Caller, User), Reply> {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    if caller.may(action) { Ok((caller, user)) } else { Err(Reply::not_found()) }
}

fn named_key(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
    action: &str,
) -> Result<ApiKey, Reply> {
    let (_, user) = key_holder(deployment, call, open, action)?;
    let found = deployment.state.keys.get(second(open)).filter(|key| key.user == user.id);
    found.cloned().ok_or_else(Reply::not_found)
}

impl crate::store::State {
    fn token_named(&self, user: &User, name: &str) -> Option<&ApiKey> {
        let of_user = self.keys.values().filter(|key| key.user == user.id);
        of_user.into_iter().find(|key| key.token_name() == Some(name))
    }
}

impl ApiKey {
    fn json(&self, dialect: &Dialect) -> Value {
        let everything = vec![EVERYTHING.to_owned()];
        let (login_type, allow_list) = match &self.kind {
            KeyKind::Session => ("password", &everything),
            KeyKind::Token { allow_list, .. } => ("token", allow_list),
            KeyKind::OAuth2 { .. } => ("oauth2_provider_app", &everything),
        };
        let mut key = json!({
            "id": self.parts.id,
            "user_id": self.user,
            "last_used": self.last_used.map_or_else(
                || dialect.never_used.to_owned(),
                |time| time.to_string(),
            ),
            "expires_at": self.expires_at.to_string(),
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "login_type": login_type,
            "scope": scopes::legacy(&self.scopes),
            "token_name": self.shown_name(),
            "lifetime_seconds": self.lifetime.as_secs(),
        });
        if dialect.token_limits {
            key.set("scopes", self.scopes.clone());
            key.set("allow_list", allow_list.clone());
        }
        key
    }
}
