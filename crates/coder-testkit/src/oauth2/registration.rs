//! Dynamic client registration (RFC 7591, RFC 7592).

use http::{Method, StatusCode};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use url::Url;
use uuid::Uuid;

use super::{App, ClientType, NewApp};
use crate::call::Call;
use crate::json::Json as _;
use crate::profile::Registration;
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;

const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// What a client has said of itself beyond what the application stores.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The metadata as it was sent, with the defaults filled in.
    metadata: Value,
    token: String,
    issued_at: i64,
}

/// `POST /oauth2/register`: anyone may register while it is switched on.
pub(crate) fn register(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    if deployment.profile().registration == Registration::OffByDefault
        && !deployment.state.registration_on
    {
        return Err(error(
            StatusCode::FORBIDDEN,
            "invalid_request",
            "Dynamic client registration is disabled on this deployment",
        ));
    }
    let (new, metadata) = read(deployment, &call.json()?)?;
    let public = new.client_type == ClientType::Public;
    let app = deployment.add_app(new);
    let token = deployment.mint().text(40);
    let issued_at = deployment.now.as_second();
    let registered = Registered { metadata, token: token.clone(), issued_at };
    let mut answer = configuration(deployment, &app, &registered);
    if !public && let Some(secret) = deployment.add_app_secret(app.id) {
        answer.set("client_secret", secret.parts.as_prefixed());
    }
    answer.set("registration_access_token", token);
    deployment.state.registered.insert(app.id, registered);
    Ok(plain_json(Reply::created(&answer)))
}

/// `/oauth2/clients/{client_id}`: a client looks after its own registration.
pub(crate) fn manage(deployment: &mut Deployment<'_>, call: &Call, client_id: &str) -> Answer {
    let id = Uuid::try_parse(client_id).map_err(|_| {
        error(StatusCode::BAD_REQUEST, "invalid_client_id", "The client id is not a UUID")
    })?;
    let refused = |status, reason| error(status, "invalid_token", reason);
    let wrong = || refused(StatusCode::UNAUTHORIZED, "The registration access token is invalid");
    let given = call.bearer().ok_or_else(wrong)?;
    let Some(app) = deployment.state.app(id).cloned() else { return Err(wrong()) };
    let Some(registered) = deployment.state.registered.get(&id).cloned() else {
        return Err(refused(StatusCode::FORBIDDEN, "The client was not registered dynamically"));
    };
    if !bool::from(registered.token.as_bytes().ct_eq(given.as_bytes())) {
        return Err(wrong());
    }
    match call.method {
        Method::GET => Ok(plain_json(Reply::ok(&configuration(deployment, &app, &registered)))),
        Method::PUT => {
            let (new, metadata) = read(deployment, &call.json()?)?;
            if new.client_type != app.client_type {
                return Err(bad_metadata("the type of a client cannot be changed"));
            }
            let registered = Registered { metadata, ..registered };
            if let Some(stored) = deployment.state.app_mut(id) {
                stored.name = new.name;
                stored.redirect_uris = new.redirect_uris;
                stored.icon = new.icon;
                stored.scope = new.scope;
            }
            let app = deployment.state.app(id).cloned().unwrap_or(app);
            let answer = configuration(deployment, &app, &registered);
            deployment.state.registered.insert(id, registered);
            Ok(plain_json(Reply::ok(&answer)))
        }
        Method::DELETE => {
            deployment.state.delete_app(id);
            Ok(Reply::no_content())
        }
        _ => Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// What a client may know of itself; neither secret nor registration token.
fn configuration(deployment: &Deployment<'_>, app: &App, registered: &Registered) -> Value {
    let mut answer = registered.metadata.clone();
    answer.set("client_id", app.id.to_string());
    answer.set("client_id_issued_at", registered.issued_at);
    answer.set("registration_client_uri", deployment.url(&format!("/oauth2/clients/{}", app.id)));
    answer
}

fn read(deployment: &Deployment<'_>, body: &Value) -> Result<(NewApp, Value), Reply> {
    let redirect_uris = body.texts("redirect_uris").unwrap_or_default();
    if redirect_uris.is_empty() {
        return Err(bad_metadata("invalid redirect_uris: at least one redirect URI is required"));
    }
    for (index, uri) in redirect_uris.iter().enumerate() {
        check_redirect_uri(uri).map_err(|reason| {
            bad_metadata(&format!("invalid redirect_uris: redirect URI at index {index} {reason}"))
        })?;
    }
    let method = body.text("token_endpoint_auth_method").unwrap_or("client_secret_basic");
    if !METHODS.contains(&method) {
        return Err(bad_metadata("invalid token_endpoint_auth_method"));
    }
    let scope = body.text("scope");
    if deployment.profile().scopes {
        scopes::negotiate(None, scope.unwrap_or_default())
            .map_err(|reason| bad_metadata(&reason))?;
    }
    let name = body.text("client_name").unwrap_or("dynamically-registered-client");
    let mut metadata = json!({
        "redirect_uris": redirect_uris,
        "client_name": name,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    });
    for field in ["client_uri", "logo_uri", "tos_uri", "policy_uri", "scope", "contacts"] {
        if let Some(value) = body.get(field) {
            metadata.set(field, value.clone());
        }
    }
    let new = NewApp {
        name: name.chars().take(64).collect(),
        redirect_uris,
        icon: body.text("logo_uri").unwrap_or_default().to_owned(),
        scope: scope.map(str::to_owned),
        client_type: if method == "none" { ClientType::Public } else { ClientType::Confidential },
        dynamically_registered: true,
    };
    Ok((new, metadata))
}

fn check_redirect_uri(uri: &str) -> Result<(), &'static str> {
    if uri == "urn:ietf:wg:oauth:2.0:oob" {
        return Ok(());
    }
    let url = Url::parse(uri).map_err(|_| "is not a valid URL")?;
    if url.fragment().is_some() {
        return Err("must not have a fragment");
    }
    match url.scheme() {
        "javascript" | "data" | "file" | "ftp" => Err("uses a scheme that is not allowed"),
        "http" if !coder_core::is_loopback(&url) => {
            Err("must use https scheme for non-localhost URLs")
        }
        _ => Ok(()),
    }
}

fn bad_metadata(reason: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "invalid_client_metadata", reason)
}

fn error(status: StatusCode, code: &str, reason: &str) -> Reply {
    plain_json(Reply::oauth_error(status, code, reason))
}

/// Registration answers name no charset.
fn plain_json(reply: Reply) -> Reply {
    reply.replacing("content-type", "application/json")
}
