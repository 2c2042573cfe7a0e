//! `/api/v2/oauth2-provider`: registering applications.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::apps::AppSecret;
use super::{App, ClientType, NewApp};
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// Everything below `/api/v2/oauth2-provider`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    if rest != ["settings"] {
        deployment.require_provider()?;
    }
    let caller = deployment.authenticate(call)?;
    let owner = caller.user.owner;
    match (&call.method, rest) {
        (&Method::GET, ["apps"]) => list(deployment, call),
        (&Method::GET, ["apps", id]) => Ok(Reply::ok(&find(deployment, id)?.json(deployment))),
        _ if !owner => Err(Reply::forbidden()),
        (&Method::POST, ["apps"]) => create(deployment, call),
        (&Method::PUT, ["apps", id]) => update(deployment, call, id),
        (&Method::DELETE, ["apps", id]) => {
            let app = find(deployment, id)?;
            deployment.state.delete_app(app.id);
            Ok(Reply::no_content())
        }
        (&Method::GET, ["apps", id, "secrets"]) => {
            let app = find(deployment, id)?;
            Ok(Reply::ok(&app.secrets.iter().map(AppSecret::json).collect()))
        }
        (&Method::POST, ["apps", id, "secrets"]) => {
            let app = find(deployment, id)?;
            let secret = deployment.add_app_secret(app.id).ok_or_else(not_found)?;
            Ok(Reply::created(&json!({
                "id": secret.id,
                "client_secret_full": secret.parts.as_prefixed(),
            })))
        }
        (&Method::DELETE, ["apps", id, "secrets", secret]) => {
            let app = find(deployment, id)?;
            let secret = Uuid::try_parse(secret).map_err(|_| Reply::not_found())?;
            if deployment.state.delete_app_secret(app.id, secret) {
                Ok(Reply::no_content())
            } else {
                Err(Reply::bad_request("App ID does not match secret app ID."))
            }
        }
        (&Method::GET, ["settings"]) if deployment.profile().no_store => {
            Ok(Reply::ok(&settings(deployment)))
        }
        (&Method::PUT, ["settings"]) if deployment.profile().no_store => {
            if let Some(on) =
                call.json()?.get("dynamic_client_registration_enabled").and_then(Value::as_bool)
            {
                deployment.state.registration_on = on;
            }
            Ok(Reply::ok(&settings(deployment)))
        }
        _ => Err(Reply::no_route()),
    }
}

impl AppSecret {
    fn json(&self) -> Value {
        let text = self.parts.as_prefixed();
        let shown = text.get(text.len().saturating_sub(6)..).unwrap_or_default();
        json!({
            "id": self.id,
            "last_used_at": self.last_used_at.map(|time| time.to_string()),
            "client_secret_truncated": format!("{}{shown}", "*".repeat(text.len() - shown.len())),
        })
    }
}

fn settings(deployment: &Deployment<'_>) -> Value {
    json!({ "dynamic_client_registration_enabled": deployment.state.registration_on })
}

fn find(deployment: &Deployment<'_>, id: &str) -> Result<App, Reply> {
    Uuid::try_parse(id).ok().and_then(|id| deployment.state.app(id).cloned()).ok_or_else(not_found)
}

fn not_found() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "OAuth2 application not found.")
}

/// All applications, or with `?user_id=` the ones that user has authorized.
fn list(deployment: &Deployment<'_>, call: &Call) -> Answer {
    let user = match call.query("user_id") {
        None => None,
        Some(text) => {
            Some(Uuid::try_parse(text).map_err(|_| Reply::bad_request("Invalid user UUID"))?)
        }
    };
    let apps: Vec<Value> = deployment
        .state
        .apps
        .iter()
        .filter(|app| user.is_none_or(|user| deployment.state.has_pair(user, app.id)))
        .map(|app| app.json(deployment))
        .collect();
    if apps.is_empty() && deployment.profile().null_app_list {
        return Ok(Reply::ok(&Value::Null));
    }
    Ok(Reply::ok(&apps.into()))
}

fn create(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let body = call.json()?;
    let new = read(deployment, &body, None)?;
    let app = deployment.add_app(new);
    Ok(Reply::created(&app.json(deployment)))
}

fn update(deployment: &mut Deployment<'_>, call: &Call, id: &str) -> Answer {
    let app = find(deployment, id)?;
    let new = read(deployment, &call.json()?, Some(&app))?;
    let Some(stored) = deployment.state.app_mut(app.id) else { return Err(not_found()) };
    stored.name = new.name;
    stored.icon = new.icon;
    stored.redirect_uris = new.redirect_uris;
    stored.scope = new.scope;
    let app = stored.clone();
    Ok(Reply::ok(&app.json(deployment)))
}

/// Reads and checks a registration. What an update leaves out is kept.
fn read(deployment: &Deployment<'_>, body: &Value, stored: Option<&App>) -> Result<NewApp, Reply> {
    let rich = deployment.profile().rich_apps;
    let text = |field: &str| body.text(field).unwrap_or_default().to_owned();
    let name = text("name");
    if !is_name(&name, rich) {
        return Err(invalid("name", "oauth2_app_name", &name));
    }
    let callback = text("callback_url");
    let mut redirect_uris = vec![callback.clone()];
    if rich && let Some(given) = body.texts("redirect_uris") {
        redirect_uris = given;
    } else if callback.is_empty() && rich {
        redirect_uris = stored.map(|app| app.redirect_uris.clone()).unwrap_or_default();
    }
    if redirect_uris.is_empty() {
        return Err(invalid("callback_url", "required", ""));
    }
    for uri in &redirect_uris {
        if !is_callback(uri, rich) {
            return Err(invalid("callback_url", "http_url", uri));
        }
    }
    let scope = match body.get("scope").and_then(Value::as_str).filter(|_| rich) {
        Some(scope) => {
            crate::scopes::negotiate(None, scope).map_err(|reason| {
                Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [("scope", reason)])
            })?;
            (!scope.is_empty()).then(|| scope.to_owned())
        }
        None => stored.and_then(|app| app.scope.clone()),
    };
    Ok(NewApp {
        name,
        redirect_uris,
        icon: text("icon"),
        scope,
        client_type: stored.map_or(ClientType::Confidential, |app| app.client_type),
        dynamically_registered: stored.is_some_and(|app| app.dynamically_registered),
    })
}

fn invalid(field: &str, tag: &str, value: &str) -> Reply {
    let detail = format!("Validation failed for tag \"{tag}\" with value: \"{value}\"");
    Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [(field, detail)])
}

/// 1 to 32 letters and digits in groups joined by `-`; since 2.38 up to 64 of anything visible.
fn is_name(name: &str, rich: bool) -> bool {
    if rich {
        return !name.trim().is_empty() && name.chars().count() <= 64;
    }
    name.len() <= 32
        && !matches!(name, "new" | "create")
        && name.split('-').all(|group| {
            !group.is_empty() && group.chars().all(|letter| letter.is_ascii_alphanumeric())
        })
}

/// An http(s) URL. Since 2.38 other schemes too, but plain http on this machine only.
fn is_callback(uri: &str, rich: bool) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    if url.fragment().is_some() {
        return false;
    }
    match url.scheme() {
        "https" => true,
        "http" => !rich || coder_core::is_loopback(&url),
        "javascript" | "data" | "file" | "ftp" => false,
        _ => rich,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_take_short_plain_names() {
        for name in ["portal", "Developer-Portal-2"] {
            assert!(is_name(name, false), "{name}");
        }
        for name in ["", "My App", "new", "create", "-a", "a--b", &"x".repeat(33)] {
            assert!(!is_name(name, false), "{name}");
        }
        assert!(is_name("My App", true));
    }

    #[test]
    fn the_newest_release_takes_plain_http_on_loopback_only() {
        assert!(is_callback("http://portal.internal/callback", false));
        assert!(!is_callback("http://portal.internal/callback", true));
        assert!(is_callback("http://localhost:7007/callback", true));
        assert!(is_callback("vscode://coder.coder-remote/callback", true));
        assert!(!is_callback("javascript:alert(1)", true));
        assert!(!is_callback("https://portal.test/callback#x", true));
    }
}
