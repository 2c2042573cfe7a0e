//! Dynamic client registration (RFC 7591, RFC 7592).

use coder_core::hex;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::go_url::GoUrl;
use crate::json::Json as _;
use crate::model::{App, ClientType, NewApp, Registered};
use crate::release::Registration;
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

const GRANT_TYPES: [&str; 2] = ["authorization_code", "refresh_token"];

/// Characters of a client's name that Coder can store.
const NAME_LIMIT: usize = 64;

static REGISTRATION: Shape = Shape {
    name: "OAuth2ClientRegistrationRequest",
    fields: &[
        field("redirect_uris", Kind::Texts),
        field("client_name", Kind::Text),
        field("client_uri", Kind::Text),
        field("logo_uri", Kind::Text),
        field("tos_uri", Kind::Text),
        field("policy_uri", Kind::Text),
        field("jwks_uri", Kind::Text),
        field("jwks", Kind::Any),
        field("software_id", Kind::Text),
        field("software_version", Kind::Text),
        field("software_statement", Kind::Text),
        field("grant_types", Kind::Texts),
        field("response_types", Kind::Texts),
        field("token_endpoint_auth_method", Kind::Text),
        field("scope", Kind::Text),
        field("contacts", Kind::Texts),
    ],
};

/// Metadata that is repeated as it was sent, when it was sent.
const REPEATED: [&str; 10] = [
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "jwks_uri",
    "jwks",
    "software_id",
    "software_version",
    "scope",
    "contacts",
];

/// Metadata that is a URL of the web.
const WEB_URLS: [&str; 5] = ["client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"];

/// Answers `POST /oauth2/register`: anyone may register while registration is switched on.
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
    let (new, metadata) = read(deployment, call)?;
    let has_secret = new.client_type == ClientType::Confidential;
    let app = deployment.add_app(new);
    let token = deployment.mint().text(40);
    let issued_at = deployment.now.as_second();
    let registered = Registered { metadata, token: token.clone(), issued_at };
    let mut answer = configuration(deployment, &app, &registered);
    if has_secret && let Some(secret) = deployment.add_app_secret(app.id) {
        answer.set("client_secret", secret.parts.as_prefixed());
    }
    answer.set("registration_access_token", token);
    deployment.state.registered.insert(app.id, registered);
    Ok(Reply::created(&answer))
}

/// Routes `/oauth2/clients/{client_id}`, where a client looks after its own registration.
pub(crate) fn manage(deployment: &mut Deployment<'_>, call: &Call, client_id: &str) -> Answer {
    let (app, registered) = authorized(deployment, call, client_id)?;
    match call.method {
        Method::GET => Ok(Reply::ok(&configuration(deployment, &app, &registered))),
        Method::PUT => {
            let (new, metadata) = read(deployment, call)?;
            if new.client_type != app.client_type {
                return Err(bad_metadata("the type of a client cannot be changed"));
            }
            let registered = Registered { metadata, ..registered };
            if let Some(stored) = deployment.state.app_mut(app.id) {
                stored.name = new.name;
                stored.redirect_uris = new.redirect_uris;
                stored.icon = new.icon;
                stored.scope = new.scope;
            }
            let answer = configuration(deployment, &app, &registered);
            deployment.state.registered.insert(app.id, registered);
            Ok(Reply::ok(&answer))
        }
        Method::DELETE => {
            deployment.state.delete_app(app.id);
            Ok(Reply::no_content())
        }
        _ => Err(Reply::method_not_allowed(&["DELETE", "GET", "PUT"])),
    }
}

/// Returns the client whose registration token a call shows.
fn authorized(
    deployment: &Deployment<'_>,
    call: &Call,
    client_id: &str,
) -> Result<(App, Registered), Reply> {
    let refused = |status, reason| error(status, "invalid_token", reason);
    let wrong = |reason| refused(StatusCode::UNAUTHORIZED, reason);
    let id = Uuid::try_parse(client_id).map_err(|_| {
        error(StatusCode::BAD_REQUEST, "invalid_client_id", "Invalid client ID format")
    })?;
    if call.header("authorization").is_none() {
        return Err(wrong("Missing Authorization header"));
    }
    let given =
        call.bearer().ok_or_else(|| wrong("Authorization header must use Bearer scheme"))?;
    let app = deployment.state.app(id).cloned().ok_or_else(|| wrong("Client not found"))?;
    let registered =
        deployment.state.registered.get(&id).cloned().ok_or_else(|| {
            refused(StatusCode::FORBIDDEN, "Client was not dynamically registered")
        })?;
    if bool::from(registered.token.as_bytes().ct_eq(given.as_bytes())) {
        Ok((app, registered))
    } else {
        Err(wrong("Invalid registration access token"))
    }
}

/// Returns the metadata that a client may know of itself; never its secret.
fn configuration(deployment: &Deployment<'_>, app: &App, registered: &Registered) -> Value {
    let mut answer = registered.metadata.clone();
    answer.set("client_id", app.id.to_string());
    answer.set("client_id_issued_at", registered.issued_at);
    answer.set("registration_client_uri", deployment.url(&format!("/oauth2/clients/{}", app.id)));
    if deployment.profile().shows_registration_token {
        answer.set("registration_access_token", registered.token.clone());
    }
    answer
}

fn read(deployment: &Deployment<'_>, call: &Call) -> Result<(NewApp, Value), Reply> {
    let profile = deployment.profile();
    let body = REGISTRATION.read(call)?;
    check(&body, profile.names_redirect_uri_twice).map_err(|reason| bad_metadata(&reason))?;
    let scope = body.text("scope");
    if profile.scopes {
        scopes::negotiate(None, scope.unwrap_or_default())
            .map_err(|reason| bad_metadata(&reason))?;
    }
    let method = body.text("token_endpoint_auth_method").unwrap_or("client_secret_basic");
    let name = stored_name(body.text("client_name").unwrap_or("Dynamically Registered Client"));
    let redirect_uris = body.texts("redirect_uris");
    let or = |given: Vec<String>, default: &[&str]| {
        if given.is_empty() { default.iter().map(ToString::to_string).collect() } else { given }
    };
    let mut metadata = json!({
        "redirect_uris": redirect_uris,
        "client_name": name,
        "grant_types": or(body.texts("grant_types"), &GRANT_TYPES),
        "response_types": or(body.texts("response_types"), &["code"]),
        "token_endpoint_auth_method": method,
    });
    for field in REPEATED {
        if body.is_given(field)
            && let Some(value) = body.value(field)
        {
            metadata.set(field, value.clone());
        }
    }
    let is_public = method == "none" && profile.public_clients;
    let new = NewApp {
        name,
        redirect_uris,
        icon: body.text("logo_uri").unwrap_or_default().to_owned(),
        scope: scope.map(str::to_owned),
        client_type: if is_public { ClientType::Public } else { ClientType::Confidential },
        dynamically_registered: true,
    };
    Ok((new, metadata))
}

/// Returns a name as Coder stores it: one that is too long ends with a hash of the whole.
fn stored_name(name: &str) -> String {
    if name.len() <= NAME_LIMIT {
        return name.to_owned();
    }
    let digest = Sha256::digest(name);
    let mut hash = hex(digest);
    hash.truncate(8);
    let mut end = NAME_LIMIT - 1 - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", name.get(..end).unwrap_or_default())
}

/// Checks the metadata, and returns the first thing that is wrong with it.
fn check(body: &Input, twice: bool) -> Result<(), String> {
    let redirect_uris = body.texts("redirect_uris");
    if redirect_uris.is_empty() {
        return Err("redirect_uris is required for authorization code flow".to_owned());
    }
    for (index, uri) in redirect_uris.iter().enumerate() {
        check_redirect_uri(uri, twice).map_err(|reason| {
            format!("invalid redirect_uris: redirect URI at index {index}{reason}")
        })?;
    }
    let method = body.text("token_endpoint_auth_method").map(str::to_owned);
    for (name, kind, given, known) in [
        ("grant_types", "grant type", body.texts("grant_types"), &GRANT_TYPES[..]),
        ("response_types", "response type", body.texts("response_types"), &["code"]),
        (
            "token_endpoint_auth_method",
            "token endpoint auth method",
            method.into_iter().collect(),
            &METHODS,
        ),
    ] {
        if let Some(bad) = given.iter().find(|value| !known.contains(&value.as_str())) {
            return Err(format!("invalid {name}: unsupported {kind}: {bad}"));
        }
    }
    match WEB_URLS.iter().find(|name| body.text(name).is_some_and(|uri| !is_web_url(uri))) {
        Some(name) => Err(format!("invalid {name}: {name} must be an absolute http or https URL")),
        None => Ok(()),
    }
}

fn is_web_url(uri: &str) -> bool {
    GoUrl::parse(uri).is_ok_and(|url| matches!(url.scheme.as_str(), "http" | "https"))
}

/// Checks a redirect URI. The error is the reason, which follows the URI's index in the message.
fn check_redirect_uri(uri: &str, twice: bool) -> Result<(), String> {
    if uri.is_empty() {
        return Err(" cannot be empty".to_owned());
    }
    let of_scheme = if twice { ": redirect URI" } else { "" };
    let url = GoUrl::parse(uri).map_err(|_| " is not a valid URL".to_owned())?;
    match url.scheme.as_str() {
        "" => return Err(format!("{of_scheme} must have a scheme")),
        scheme @ ("javascript" | "data" | "file" | "ftp") => {
            let reason = format!("uses dangerous scheme {scheme} which is not allowed");
            return Err(format!("{of_scheme} {reason}"));
        }
        "http" if !is_this_machine(url.hostname()) => {
            return Err(" must use https scheme for non-localhost URLs".to_owned());
        }
        _ => {}
    }
    if uri.contains('#') {
        return Err(" must not contain a fragment component".to_owned());
    }
    Ok(())
}

fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1") || host.ends_with(".localhost")
}

fn bad_metadata(reason: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, "invalid_client_metadata", reason)
}

/// Makes an error of registration; its content type names no charset.
fn error(status: StatusCode, code: &str, reason: &str) -> Reply {
    Reply::oauth_error(status, code, reason).replacing("content-type", "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_ends_with_a_hash() {
        let stored = stored_name(&"x".repeat(200));
        assert_eq!(stored.len(), NAME_LIMIT);
        assert!(stored.ends_with("x-aa20c23e"), "{stored}");
        assert_eq!(
            stored_name(&"ü".repeat(40)).chars().filter(|letter| *letter == 'ü').count(),
            27
        );
        assert_eq!(stored_name("Portal"), "Portal");
    }
}
