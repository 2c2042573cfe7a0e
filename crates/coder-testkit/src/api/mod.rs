//! `/api/v2`: the REST API.

use http::Method;
use serde_json::json;

use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;
use crate::{oauth2, users};

/// Everything below `/api/v2`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::ok(&json!({ "message": "👋" }))),
        (&Method::GET, ["buildinfo"]) => Ok(build_info(deployment)),
        (&Method::GET, ["auth", "scopes"]) => {
            Ok(Reply::ok(&json!({ "external": scopes::CATALOG })))
        }
        (&Method::GET, ["users", "first"]) => users::first(deployment),
        (&Method::POST, ["users", "logout"]) => users::logout(deployment, call),
        (&Method::GET, ["users", user]) => users::get(deployment, call, user),
        (_, ["oauth2-provider", rest @ ..]) => oauth2::route_admin(deployment, call, rest),
        _ => Err(Reply::no_route()),
    }
}

/// `GET /api/v2/buildinfo`.
fn build_info(deployment: &Deployment<'_>) -> Reply {
    let settings = deployment.settings;
    let number = settings.version.number();
    let mut info = json!({
        "external_url": format!("https://github.com/coder/coder/releases/tag/v{number}"),
        "version": settings.version.build(),
        "dashboard_url": settings.url.as_str(),
        "telemetry": true,
        "workspace_proxy": false,
        "agent_api_version": "1.0",
        "provisioner_api_version": "1.18",
        "upgrade_message": "",
        "deployment_id": settings.deployment_id,
    });
    if deployment.profile().buildinfo_says {
        info.set("oauth2_provider", !deployment.state.provider_off);
    }
    Reply::ok(&info)
}
