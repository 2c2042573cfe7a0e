//! What the API says about the deployment itself.

use serde_json::{Value, json};

use super::Open;
use crate::json::Json as _;
use crate::rules::scopes as oauth_scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Answers a request for `GET /api/v2`.
pub(crate) fn root(_: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    Ok(Reply::ok(&json!({ "message": "👋" })))
}

/// Answers a request for `GET /api/v2/buildinfo`.
pub(crate) fn build_info(deployment: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    let settings = deployment.settings;
    let dialect = deployment.dialect();
    let mut info = json!({
        "external_url": "https://github.com/coder/coder",
        "version": settings.version.build(),
        "dashboard_url": settings.url.as_str(),
        "telemetry": false,
        "workspace_proxy": false,
        "agent_api_version": "1.0",
        "provisioner_api_version": dialect.provisioner_api,
        "upgrade_message": "",
        "deployment_id": settings.deployment_id,
    });
    if dialect.push_key {
        info.set("webpush_public_key", deployment.settings.web_push_key.as_str());
    }
    if deployment.profile().buildinfo_says {
        info.set("oauth2_provider", !deployment.state.provider_off);
    }
    Ok(Reply::ok(&info))
}

/// Answers `GET /api/v2/updatecheck`: the fake's release is always the newest.
pub(crate) fn update_check(deployment: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    Ok(Reply::ok(&json!({
        "current": true,
        "version": deployment.settings.version.build(),
        "url": "https://github.com/coder/coder",
    })))
}

/// Answers `GET /api/v2/experiments` with the experiments that are switched on.
pub(crate) fn experiments(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    let provider = deployment.dialect().oauth2_experiment && !deployment.state.provider_off;
    let on: &[&str] = if provider { &["oauth2"] } else { &[] };
    Ok(Reply::ok(&json!(on)))
}

/// Answers a request for `GET /api/v2/experiments/available`.
pub(crate) fn available_experiments(
    deployment: &mut Deployment<'_>,
    call: &Call,
    _: &Open<'_>,
) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "safe": deployment.dialect().safe_experiments })))
}

/// Answers a request for `GET /api/v2/auth/scopes`.
pub(crate) fn scopes(deployment: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    Ok(Reply::ok(&json!({ "external": oauth_scopes::catalog(deployment.settings.version) })))
}

/// Answers `GET /api/v2/regions` with the primary region, the only one.
pub(crate) fn regions(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
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

/// Answers a request for `GET /api/v2/applications/host`.
pub(crate) fn app_host(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({ "host": wildcard(deployment) })))
}

/// Answers a request for `GET /api/v2/deployment/ssh`.
pub(crate) fn ssh(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&json!({
        "hostname_prefix": "coder.",
        "hostname_suffix": "coder",
        "ssh_config_options": {},
    })))
}

/// Answers `GET /api/v2/deployment/config` for owners. Of the hundreds of settings, the answer has
/// those that a portal may want.
pub(crate) fn config(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    owner(deployment, call)?;
    let settings = deployment.settings;
    let lifetime = u64::try_from(deployment.state.session_lifetime.as_nanos()).unwrap_or(u64::MAX);
    Ok(Reply::ok(&json!({
        "config": {
            "access_url": settings.url.as_str(),
            "wildcard_access_url": wildcard(deployment),
            "session_lifetime": { "default_duration": lifetime },
            "experiments": [],
        },
        "options": [{
            "name": "Access URL",
            "description": "The URL that users will use to access the Coder deployment.",
            "flag": "access-url",
            "env": "CODER_ACCESS_URL",
            "yaml": "accessURL",
            "value": settings.url.as_str(),
        }],
    })))
}

/// Answers `GET /api/v2/deployment/stats` for owners.
pub(crate) fn stats(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    owner(deployment, call)?;
    let pace = &deployment.settings.pace;
    let count = |wanted: &[&str]| {
        let latest = deployment.state.workspaces.values().filter_map(|known| known.latest());
        latest.filter(|build| wanted.contains(&build.status(pace, deployment.now))).count()
    };
    Ok(Reply::ok(&json!({
        "aggregated_from": deployment.now.to_string(),
        "collected_at": deployment.now.to_string(),
        "next_update_at": deployment.now.to_string(),
        "workspaces": {
            "pending": count(&["pending"]),
            "building": count(&["starting", "stopping", "deleting", "canceling"]),
            "running": count(&["running"]),
            "failed": count(&["failed"]),
            "stopped": count(&["stopped"]),
            "connection_latency_ms": { "P50": -1, "P95": -1 },
            "rx_bytes": 0,
            "tx_bytes": 0,
        },
        "session_count": { "vscode": 0, "ssh": 0, "jetbrains": 0, "reconnecting_pty": 0 },
    })))
}

/// Answers `GET /api/v2/debug/health` for owners. Other users do not learn that the route exists.
pub(crate) fn health(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&health_report(deployment)))
}

/// Renders the report of a deployment that is well.
fn health_report(deployment: &Deployment<'_>) -> Value {
    let well = |details: Value| {
        let mut section = json!({
            "healthy": true,
            "severity": "ok",
            "warnings": [],
            "dismissed": false,
            "error": null,
        });
        details.as_object().into_iter().flatten().for_each(|(name, value)| {
            section.set(name, value.clone());
        });
        section
    };
    let organization = deployment.state.organizations.first().map(|known| known.id);
    let daemons = organization.into_iter().flat_map(|id| {
        (0_u8..2).rev().map(move |number| deployment.provisioner_daemon(id, number))
    });
    let daemons: Value =
        daemons.map(|daemon| json!({ "provisioner_daemon": daemon, "warnings": [] })).collect();
    json!({
        "time": deployment.now.to_string(),
        "healthy": true,
        "severity": "ok",
        "derp": well(json!({
            "regions": {},
            "netcheck": null,
            "netcheck_err": null,
            "netcheck_logs": [],
        })),
        "access_url": well(json!({
            "access_url": deployment.settings.url.as_str(),
            "reachable": true,
            "status_code": 200,
            "healthz_response": "OK",
        })),
        "websocket": well(json!({ "body": "", "code": 101 })),
        "database": well(json!({
            "reachable": true,
            "latency": "1ms",
            "latency_ms": 1,
            "threshold_ms": 15,
        })),
        "workspace_proxy": well(json!({ "workspace_proxies": { "regions": [] } })),
        "provisioner_daemons": {
            "severity": "ok",
            "warnings": [],
            "dismissed": false,
            "error": null,
            "items": daemons,
        },
        "coder_version": deployment.settings.version.build(),
    })
}

/// Answers a request for `GET /api/v2/users/authmethods`.
pub(crate) fn auth_methods(_: &mut Deployment<'_>, _: &Call, _: &Open<'_>) -> Answer {
    Ok(Reply::ok(&json!({
        "password": { "enabled": true },
        "github": { "enabled": false, "default_provider_configured": false },
        "oidc": { "enabled": false, "signInText": "", "iconUrl": "" },
    })))
}

fn owner(deployment: &mut Deployment<'_>, call: &Call) -> Result<(), Reply> {
    if deployment.authenticate(call)?.user.owner { Ok(()) } else { Err(Reply::forbidden()) }
}

fn wildcard(deployment: &Deployment<'_>) -> String {
    // There are no subdomains on loopback.
    if coder_core::is_loopback(&deployment.settings.url.endpoint([])) {
        return String::new();
    }
    let host = deployment.settings.url.origin().as_str();
    host.split_once("://").map_or_else(String::new, |(_, host)| format!("*.apps.{host}"))
}
