//! `/.well-known/*`: what the provider says of itself (RFC 8414, RFC 9728).

use http::Method;
use serde_json::{Value, json};

use crate::json::Json as _;
use crate::pages;
use crate::release::Registration;
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::cors;
use crate::wire::reply::{Answer, Reply};

/// A document below `/.well-known`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Document {
    /// The document `oauth-authorization-server` (RFC 8414).
    AuthorizationServer,
    /// The document `oauth-protected-resource` (RFC 9728).
    ProtectedResource,
}

/// Answers with a document, whatever follows its name in the path.
pub(crate) fn route(deployment: &Deployment<'_>, call: &Call, document: Document) -> Answer {
    let profile = deployment.profile();
    if !profile.metadata {
        return Ok(pages::dashboard());
    }
    if let Some(reply) = cors::preflight(call) {
        return Ok(reply);
    }
    let gate = if profile.metadata_gated { deployment.require_provider() } else { Ok(()) };
    let answer = gate.and_then(|()| match call.method {
        Method::GET => Ok(Reply::ok(&match document {
            Document::AuthorizationServer => authorization_server(deployment),
            Document::ProtectedResource => protected_resource(deployment),
        })),
        _ => Err(Reply::method_not_allowed(&["GET"])),
    });
    answer.map(|reply| cors::open(call, reply)).map_err(|reply| cors::open(call, reply))
}

fn authorization_server(deployment: &Deployment<'_>) -> Value {
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
    metadata
}

fn protected_resource(deployment: &Deployment<'_>) -> Value {
    let mut metadata = json!({
        "resource": deployment.settings.url.as_str(),
        "authorization_servers": [deployment.settings.url.as_str()],
        "bearer_methods_supported": ["header", "query"],
    });
    add_scopes(deployment, &mut metadata);
    metadata
}

fn add_scopes(deployment: &Deployment<'_>, metadata: &mut Value) {
    if deployment.profile().scope_catalog {
        metadata.set("scopes_supported", scopes::catalog(deployment.settings.version));
    }
}
