//! `/api/v2/external-auth`: accounts at other services.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// Everything below `/api/v2/external-auth`. The providers are those that templates ask for.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    let caller = deployment.authenticate(call)?;
    let providers: BTreeMap<String, String> = deployment
        .state
        .templates
        .iter()
        .flat_map(|template| template.external_auth.clone())
        .collect();
    let linked = deployment.state.external_auth_of(caller.user.id);
    match (&call.method, rest) {
        (&Method::GET, []) => {
            let list: Vec<Value> = providers
                .iter()
                .map(|(id, name)| {
                    json!({
                        "id": id,
                        "type": "github",
                        "device": false,
                        "display_name": name,
                        "display_icon": "/icon/github.svg",
                        "allow_refresh": true,
                        "allow_validate": true,
                    })
                })
                .collect();
            let links: Vec<Value> = linked
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
        (method, [id]) => {
            let name = providers.get(*id).ok_or_else(Reply::not_found)?;
            match *method {
                Method::GET => Ok(Reply::ok(&json!({
                    "authenticated": linked.iter().any(|known| known == id),
                    "device": false,
                    "display_name": name,
                    "supports_revocation": false,
                    "user": null,
                    "app_installable": false,
                    "installations": [],
                    "app_install_url": "",
                }))),
                Method::DELETE => {
                    let user = caller.user.id;
                    deployment.state.external_auth.retain(|link| link != &(user, (*id).to_owned()));
                    Ok(Reply::ok(&json!({ "token_revoked": false, "token_revocation_error": "" })))
                }
                _ => Err(Reply::no_route()),
            }
        }
        _ => Err(Reply::no_route()),
    }
}
