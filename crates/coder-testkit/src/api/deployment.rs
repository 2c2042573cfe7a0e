//! What the deployment says of itself.

use serde_json::json;

use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// `GET /api/v2/buildinfo`.
pub(crate) fn build_info(deployment: &Deployment<'_>) -> Reply {
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

/// `GET /api/v2/regions`: the primary only.
pub(crate) fn regions(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({
        "regions": [{
            "id": deployment.settings.deployment_id,
            "name": "primary",
            "display_name": "Default",
            "icon_url": "/emojis/1f3e1.png",
            "healthy": true,
            "path_app_url": deployment.settings.url.as_str(),
            "wildcard_hostname": wildcard(deployment),
        }],
    })))
}

/// `GET /api/v2/applications/host`.
pub(crate) fn app_host(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "host": wildcard(deployment) })))
}

/// `GET /api/v2/deployment/ssh`.
pub(crate) fn ssh(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({
        "hostname_prefix": "coder.",
        "hostname_suffix": "coder",
        "ssh_config_options": {},
    })))
}

fn wildcard(deployment: &Deployment<'_>) -> String {
    // There are no subdomains on loopback.
    if coder_core::is_loopback(&deployment.settings.url.endpoint([])) {
        return String::new();
    }
    let host = deployment.settings.url.origin().as_str();
    host.split_once("://").map_or_else(String::new, |(_, host)| format!("*.apps.{host}"))
}

/// `GET /api/v2/users/authmethods`.
pub(crate) fn auth_methods() -> Reply {
    Reply::ok(&json!({
        "password": { "enabled": true },
        "github": { "enabled": false, "default_provider_configured": false },
        "oidc": { "enabled": false, "signInText": "", "iconUrl": "" },
    }))
}
