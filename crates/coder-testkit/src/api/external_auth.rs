//! `/api/v2/external-auth`: accounts at other services.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Open, first};
use crate::json::Json as _;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

/// The provider of a deployment for which nobody has set one up.
const DEFAULT_PROVIDER: &str = "github";

/// The code of every device flow.
const DEVICE_CODE: &str = "xxx-xxxx-0000000000";

/// Answers `GET /api/v2/external-auth` with the providers and the accounts that the caller has
/// linked.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let providers = providers(deployment);
    let list: Vec<Value> = providers
        .iter()
        .map(|(id, name)| {
            let mut provider = json!({
                "id": id,
                "type": "github",
                "device": id == DEFAULT_PROVIDER,
                "display_name": name,
                "display_icon": "/icon/github.svg",
                "allow_refresh": true,
                "allow_validate": true,
            });
            if deployment.dialect().revokes_external_tokens {
                provider.set("supports_revocation", true);
                provider.set("code_challenge_methods_supported", vec!["S256"]);
            }
            provider
        })
        .collect();
    let links: Vec<Value> = deployment
        .state
        .external_auth_of(caller.user.id)
        .iter()
        .map(|id| {
            json!({
                "provider_id": id,
                "created_at": deployment.now.to_string(),
                "updated_at": deployment.now.to_string(),
                "has_refresh_token": true,
                "expires": deployment.now.to_string(),
                "authenticated": true,
                "validate_error": "",
            })
        })
        .collect();
    Ok(Reply::ok(&json!({ "providers": list, "links": links })))
}

/// Answers `GET /api/v2/external-auth/{provider}`, which says whether the caller has linked an
/// account there.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let id = first(open);
    let providers = providers(deployment);
    let name = providers.get(id).ok_or_else(Reply::not_found)?;
    let linked = deployment.state.external_auth_of(caller.user.id);
    let mut provider = json!({
        "authenticated": linked.iter().any(|known| known == id),
        "device": id == DEFAULT_PROVIDER,
        "display_name": name,
        "user": null,
        "app_installable": false,
        "installations": [],
        "app_install_url": "",
    });
    if deployment.dialect().revokes_external_tokens {
        provider.set("supports_revocation", true);
    }
    Ok(Reply::ok(&provider))
}

/// Answers `DELETE /api/v2/external-auth/{provider}` and forgets the caller's account there.
pub(crate) fn unlink(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let user = deployment.authenticate(call)?.user.id;
    let id = first(open);
    if !providers(deployment).contains_key(id) {
        return Err(Reply::not_found());
    }
    deployment.state.external_auth.retain(|(owner, known)| (*owner, known.as_str()) != (user, id));
    if deployment.dialect().unlinks_in_a_word {
        return Ok(Reply::ok(&json!("OK")));
    }
    Ok(Reply::ok(&json!({ "token_revoked": false, "token_revocation_error": "" })))
}

/// The body of the second request of a device flow.
static EXCHANGE: Shape =
    Shape { name: "ExternalAuthDeviceExchange", fields: &[field("device_code", Kind::Text)] };

/// Answers `GET /api/v2/external-auth/{provider}/device`, which begins to link an account without a
/// redirect (RFC 8628 §3.2).
pub(crate) fn start_device(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    deployment.authenticate(call)?;
    see_provider(deployment, call, open)?;
    check_device(open)?;
    Ok(Reply::ok(&json!({
        "device_code": DEVICE_CODE,
        "user_code": "ABCD-1234",
        "verification_uri": "https://example.com/device",
        "expires_in": 900,
        "interval": 5,
    })))
}

/// Answers `POST /api/v2/external-auth/{provider}/device`, which ends the linking of an account
/// once the person has consented at the provider.
/// [`FakeCoder::link_external_auth`](crate::FakeCoder::link_external_auth) says that the person
/// has.
pub(crate) fn finish_device(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let user = deployment.authenticate(call)?.user.id;
    see_provider(deployment, call, open)?;
    let body = EXCHANGE.read(call)?;
    check_device(open)?;
    let linked = deployment.state.external_auth_of(user);
    let reason = if body.text("device_code") != Some(DEVICE_CODE) {
        "incorrect_device_code"
    } else if linked.iter().any(|known| known == first(open)) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    } else {
        "authorization_pending"
    };
    let message = "Failed to exchange device code.";
    Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, reason))
}

fn check_device(open: &Open<'_>) -> Result<(), Reply> {
    if first(open) == DEFAULT_PROVIDER {
        Ok(())
    } else {
        Err(Reply::bad_request("Git auth provider does not support device flow."))
    }
}

/// Refuses a call below a provider that the deployment does not have.
pub(crate) fn see_provider(
    deployment: &mut Deployment<'_>,
    _: &Call,
    open: &Open<'_>,
) -> Result<(), Reply> {
    let known = providers(deployment).contains_key(first(open));
    if known { Ok(()) } else { Err(Reply::not_found()) }
}

/// Names by id. The providers are those that templates ask for, and the default one.
fn providers(deployment: &Deployment<'_>) -> BTreeMap<String, String> {
    let templates = deployment.state.templates.iter();
    let default = deployment.dialect().default_external_auth;
    let default = default.then(|| (DEFAULT_PROVIDER.to_owned(), "GitHub".to_owned()));
    default.into_iter().chain(templates.flat_map(|known| known.external_auth.clone())).collect()
}
