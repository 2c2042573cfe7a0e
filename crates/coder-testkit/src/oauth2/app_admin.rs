//! `/api/v2/oauth2-provider`: registering applications.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::go_url::GoUrl;
use crate::model::{App, AppSecret, ClientType, NewApp};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Rule, Shape, field, parse_id, ruled};
use crate::wire::reply::{Answer, Reply};

/// The body with which an owner registers an application.
static POST_APP: Shape = Shape { name: "PostOAuth2ProviderAppRequest", fields: APP_FIELDS };

/// The body with which an owner changes an application.
static PUT_APP: Shape = Shape { name: "PutOAuth2ProviderAppRequest", fields: APP_FIELDS };

const APP_FIELDS: &[crate::wire::input::Field] = &[
    ruled("name", Kind::Text, &[Rule::Required, Rule::Tag("oauth2_app_name", is_name)]),
    ruled("callback_url", Kind::Text, &[Rule::Required, Rule::Tag("http_url", is_http_url)]),
    field("icon", Kind::Text),
];

/// The body of an application since 2.38: names are free, and there may be several redirect URIs.
static RICH_APP: Shape = Shape {
    name: "OAuth2ProviderAppRequest",
    fields: &[
        ruled("name", Kind::Text, &[Rule::Required, Rule::Tag("oauth2_app_name", is_rich_name)]),
        field("callback_url", Kind::Text),
        field("redirect_uris", Kind::Texts),
        field("icon", Kind::Text),
        field("scope", Kind::Text),
    ],
};

/// Answers every request below `/api/v2/oauth2-provider`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let has_settings = deployment.profile().no_store;
    match rest {
        ["settings"] if has_settings => settings(deployment, call, &caller),
        ["apps"] => {
            deployment.require_provider()?;
            match call.method {
                Method::GET => list(deployment, call),
                Method::POST => create(deployment, call, &caller),
                _ => Err(Reply::method_not_allowed(&["GET", "POST"])),
            }
        }
        ["apps", id, below @ ..] => {
            deployment.require_provider()?;
            let app = find(deployment, id)?;
            one_app(deployment, call, &caller, &app, below)
        }
        _ => {
            deployment.require_provider()?;
            Err(Reply::no_route())
        }
    }
}

/// Routes everything below one application.
fn one_app(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    app: &App,
    below: &[&str],
) -> Answer {
    match below {
        [] => match call.method {
            Method::GET => Ok(Reply::ok(&app.json(deployment))),
            Method::PUT => update(deployment, call, caller, app),
            Method::DELETE => {
                require_owner(caller, "deleting OAuth2 application")?;
                deployment.state.delete_app(app.id);
                Ok(Reply::no_content())
            }
            _ => Err(Reply::method_not_allowed(&["DELETE", "GET", "PUT"])),
        },
        ["secrets"] => match call.method {
            Method::GET => {
                require_owner(caller, "getting OAuth2 client secrets")?;
                let secrets = app.secrets.iter();
                Ok(Reply::ok(&secrets.map(|secret| secret.json(app)).collect()))
            }
            Method::POST => {
                require_owner(caller, "creating OAuth2 client secret")?;
                let secret = deployment.add_app_secret(app.id).ok_or_else(not_found)?;
                Ok(Reply::created(&json!({
                    "id": secret.id,
                    "client_secret_full": secret.parts.as_prefixed(),
                })))
            }
            _ => Err(Reply::method_not_allowed(&["GET", "POST"])),
        },
        ["secrets", id] => one_secret(deployment, call, caller, app, id),
        _ => Err(Reply::no_route()),
    }
}

fn one_secret(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    app: &App,
    id: &str,
) -> Answer {
    let id = path_id(id)?;
    let holds = |app: &App| app.secrets.iter().any(|secret| secret.id == id);
    if !caller.user.owner || !deployment.state.apps.iter().any(holds) {
        return Err(Reply::not_found());
    }
    if call.method != Method::DELETE {
        return Err(Reply::method_not_allowed(&["DELETE"]));
    }
    if deployment.state.delete_app_secret(app.id, id) {
        Ok(Reply::no_content())
    } else {
        Err(Reply::bad_request("App ID does not match secret app ID."))
    }
}

/// Parses an id in a path.
fn path_id(text: &str) -> Result<Uuid, Reply> {
    parse_id(text).map_err(|reason| {
        let message = format!("Invalid UUID \"{text}\".");
        Reply::error_with_detail(StatusCode::BAD_REQUEST, &message, &reason)
    })
}

/// Checks that an owner asks. Members may look at applications only; Coder calls that its own
/// fault.
fn require_owner(caller: &Caller, doing: &str) -> Result<(), Reply> {
    if caller.user.owner {
        return Ok(());
    }
    let message = format!("Internal error {doing}.");
    let detail = "unauthorized: rbac: forbidden";
    Err(Reply::error_with_detail(StatusCode::INTERNAL_SERVER_ERROR, &message, detail))
}

impl AppSecret {
    /// Renders a secret: that of a registered client with asterisks, another one by its last
    /// letters only.
    fn json(&self, app: &App) -> Value {
        let text = self.parts.as_prefixed();
        let shown = text.get(text.len().saturating_sub(6)..).unwrap_or_default();
        let stars = if app.dynamically_registered { text.len() - shown.len() } else { 0 };
        json!({
            "id": self.id,
            "last_used_at": null,
            "client_secret_truncated": format!("{}{shown}", "*".repeat(stars)),
        })
    }
}

/// Answers `/api/v2/oauth2-provider/settings`, which exists since 2.37.
fn settings(deployment: &mut Deployment<'_>, call: &Call, caller: &Caller) -> Answer {
    static SETTINGS: Shape = Shape {
        name: "OAuth2ProviderSettings",
        fields: &[field("dynamic_client_registration_enabled", Kind::Flag)],
    };
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    match call.method {
        Method::GET => {}
        Method::PUT => {
            let body = SETTINGS.read(call)?;
            if body.value("dynamic_client_registration_enabled").is_some() {
                deployment.state.registration_on = body.flag("dynamic_client_registration_enabled");
            }
        }
        _ => return Err(Reply::method_not_allowed(&["GET", "PUT"])),
    }
    let on = deployment.state.registration_on;
    Ok(Reply::ok(&json!({ "dynamic_client_registration_enabled": on })))
}

fn find(deployment: &Deployment<'_>, id: &str) -> Result<App, Reply> {
    deployment.state.app(path_id(id)?).cloned().ok_or_else(not_found)
}

fn not_found() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "OAuth2 application not found.")
}

/// Lists all applications, or with `?user_id=` the ones that the user has authorized.
fn list(deployment: &Deployment<'_>, call: &Call) -> Answer {
    let user = match call.query("user_id").map(Uuid::try_parse) {
        None => None,
        Some(Ok(user)) => Some(user),
        Some(Err(_)) => {
            let detail = format!("queried user_id=\"{}\"", Uuid::nil());
            let message = "Invalid user UUID";
            return Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, &detail));
        }
    };
    let apps: Vec<Value> = deployment
        .state
        .apps
        .iter()
        .filter(|app| user.is_none_or(|user| deployment.state.has_pair(user, app.id)))
        .map(|app| app.json(deployment))
        .collect();
    Ok(Reply::ok(&apps.into()))
}

fn create(deployment: &mut Deployment<'_>, call: &Call, caller: &Caller) -> Answer {
    let new = read(deployment, call, &POST_APP, None)?;
    require_owner(caller, "creating OAuth2 application")?;
    let app = deployment.add_app(new);
    Ok(Reply::created(&app.json(deployment)))
}

fn update(deployment: &mut Deployment<'_>, call: &Call, caller: &Caller, app: &App) -> Answer {
    let new = read(deployment, call, &PUT_APP, Some(app))?;
    require_owner(caller, "updating OAuth2 application")?;
    let Some(stored) = deployment.state.app_mut(app.id) else { return Err(not_found()) };
    stored.name = new.name;
    stored.icon = new.icon;
    stored.redirect_uris = new.redirect_uris;
    stored.scope = new.scope;
    let app = stored.clone();
    Ok(Reply::ok(&app.json(deployment)))
}

fn read(
    deployment: &Deployment<'_>,
    call: &Call,
    shape: &Shape,
    stored: Option<&App>,
) -> Result<NewApp, Reply> {
    let rich = deployment.profile().rich_apps;
    let body = if rich { &RICH_APP } else { shape }.read(call)?;
    let text = |field| body.text(field).unwrap_or_default().to_owned();
    let (redirect_uris, scope) = if rich {
        (rich_redirect_uris(&body, stored)?, rich_scope(&body, stored)?)
    } else {
        (vec![text("callback_url")], None)
    };
    Ok(NewApp {
        name: text("name"),
        redirect_uris,
        icon: text("icon"),
        scope,
        client_type: stored.map_or(ClientType::Confidential, |app| app.client_type),
        dynamically_registered: stored.is_some_and(|app| app.dynamically_registered),
    })
}

/// Reads a field of an application; an update that leaves it out keeps it.
fn rich_redirect_uris(body: &Input, stored: Option<&App>) -> Result<Vec<String>, Reply> {
    let mut uris = body.texts("redirect_uris");
    if uris.is_empty() {
        uris = match (body.text("callback_url"), stored) {
            (Some(uri), _) => vec![uri.to_owned()],
            (None, Some(app)) => app.redirect_uris.clone(),
            (None, None) => return Err(invalid("callback_url", "required", "")),
        };
    }
    match uris.iter().find(|uri| !is_rich_callback(uri)) {
        Some(bad) => Err(invalid("callback_url", "http_url", bad)),
        None => Ok(uris),
    }
}

/// Reads a field of an application; an update that leaves it out keeps it.
fn rich_scope(body: &Input, stored: Option<&App>) -> Result<Option<String>, Reply> {
    let Some(scope) = body.value("scope").and_then(Value::as_str) else {
        return Ok(stored.and_then(|app| app.scope.clone()));
    };
    crate::rules::scopes::negotiate(None, scope).map_err(|reason| {
        Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [("scope", reason)])
    })?;
    Ok((!scope.is_empty()).then(|| scope.to_owned()))
}

fn invalid(field: &str, tag: &str, value: &str) -> Reply {
    let detail = format!("Validation failed for tag \"{tag}\" with value: \"{value}\"");
    Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [(field, detail)])
}

/// Tells whether a name has 1 to 32 letters and digits, in groups joined by `-`.
fn is_name(name: &str) -> bool {
    name.len() <= 32
        && !matches!(name, "new" | "create")
        && name.split('-').all(|group| {
            !group.is_empty() && group.chars().all(|letter| letter.is_ascii_alphanumeric())
        })
}

/// Tells whether a name is allowed since 2.38: up to 64 characters of anything visible.
fn is_rich_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 64
}

/// Tells whether a URI is a URL of the web with a host.
fn is_http_url(uri: &str) -> bool {
    GoUrl::parse(uri)
        .is_ok_and(|url| matches!(url.scheme.as_str(), "http" | "https") && !url.host().is_empty())
}

/// Tells whether a callback is allowed since 2.38: any scheme that no browser runs, and plain http
/// on this machine only.
fn is_rich_callback(uri: &str) -> bool {
    let Ok(url) = url::Url::parse(uri) else { return false };
    match url.scheme() {
        _ if url.fragment().is_some() => false,
        "http" => coder_core::is_loopback(&url),
        "javascript" | "data" | "file" | "ftp" => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_take_short_plain_names() {
        for name in ["portal", "Developer-Portal-2", "NEW"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "My App", "new", "create", "-a", "a--b", &"x".repeat(33)] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_rich_name("My App"));
    }

    #[test]
    fn callbacks_are_urls_of_the_web() {
        for uri in ["http://portal.internal/cb", "https://a.test/cb#f", "HTTPS://A.TEST"] {
            assert!(is_http_url(uri), "{uri}");
        }
        for uri in ["", "abc", "/cb", "https:///cb", " https://a.test", "vscode://a/b"] {
            assert!(!is_http_url(uri), "{uri}");
        }
    }

    #[test]
    fn the_newest_release_takes_plain_http_on_loopback_only() {
        assert!(!is_rich_callback("http://portal.internal/callback"));
        assert!(is_rich_callback("http://localhost:7007/callback"));
        assert!(is_rich_callback("vscode://coder.coder-remote/callback"));
        assert!(!is_rich_callback("javascript:alert(1)"));
        assert!(!is_rich_callback("https://portal.test/callback#x"));
    }
}
