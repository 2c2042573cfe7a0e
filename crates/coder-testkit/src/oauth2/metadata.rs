//! `/.well-known/*`: what the provider says of itself (RFC 8414, RFC 9728).

use serde_json::{Value, json};

use crate::json::Json as _;
use crate::profile::Registration;
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;

fn require(deployment: &Deployment<'_>) -> Result<(), Reply> {
    let profile = deployment.profile();
    if !profile.metadata {
        return Err(Reply::no_route());
    }
    if profile.metadata_gated { deployment.require_provider() } else { Ok(()) }
}

/// `GET /.well-known/oauth-authorization-server`.
pub(crate) fn authorization_server(deployment: &Deployment<'_>) -> Answer {
    require(deployment)?;
    let profile = deployment.profile();
    let mut methods = vec!["client_secret_post"];
    if profile.client_basic {
        methods.insert(0, "client_secret_basic");
    }
    if profile.rich_apps {
        methods.push("none");
    }
    let mut metadata = json!({
        "issuer": deployment.settings.url.as_str(),
        "authorization_endpoint": deployment.url("/oauth2/authorize"),
        "token_endpoint": deployment.url("/oauth2/tokens"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
    });
    if profile.revocation_advertised {
        metadata.set("revocation_endpoint", deployment.url("/oauth2/revoke"));
    }
    let registration = match profile.registration {
        Registration::Absent => false,
        Registration::Open => true,
        Registration::OffByDefault => deployment.state.registration_on,
    };
    if registration {
        metadata.set("registration_endpoint", deployment.url("/oauth2/register"));
    }
    add_scopes(deployment, &mut metadata);
    Ok(open_to_all(&metadata))
}

/// `GET /.well-known/oauth-protected-resource`.
pub(crate) fn protected_resource(deployment: &Deployment<'_>) -> Answer {
    require(deployment)?;
    let mut metadata = json!({
        "resource": deployment.settings.url.as_str(),
        "authorization_servers": [deployment.settings.url.as_str()],
        "bearer_methods_supported": ["header", "query"],
    });
    add_scopes(deployment, &mut metadata);
    Ok(open_to_all(&metadata))
}

fn add_scopes(deployment: &Deployment<'_>, metadata: &mut Value) {
    if deployment.profile().scope_catalog {
        metadata.set("scopes_supported", scopes::catalog(deployment.settings.version));
    }
}

fn open_to_all(metadata: &Value) -> Reply {
    Reply::ok(metadata).with("access-control-allow-origin", "*")
}
