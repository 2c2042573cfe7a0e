//! `POST /oauth2/revoke` (RFC 7009).

use http::StatusCode;

use super::{ClientType, client};
use crate::call::Call;
use crate::keys::KeyKind;
use crate::mint::TwoPart;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// Revoking either half of a pair ends both. What is unknown, or another client's, is a success
/// that does nothing.
pub(crate) fn revoke(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let app = client::app_of_call(deployment, call)?;
    if deployment.profile().secret_always && app.client_type == ClientType::Confidential {
        let secret = client::secret_of_call(deployment, call)
            .ok_or_else(|| client::invalid_client(deployment))?;
        client::check_secret(deployment, app.id, &secret)?;
    }
    let token = call.form("token").ok_or_else(|| bad("missing token parameter"))?;
    let key = if token.starts_with("coder_") {
        let parts = TwoPart::parse_prefixed(token).ok_or_else(|| bad("Invalid token format"))?;
        match deployment.state.refresh_tokens.get(&parts.id) {
            None => return Ok(done()),
            Some(stored) if stored.parts != parts => return Err(broken()),
            Some(stored) if stored.app != app.id => return Ok(done()),
            Some(stored) => stored.key.clone(),
        }
    } else {
        let parts = token
            .split_once('-')
            .filter(|(id, secret)| id.len() == 10 && secret.len() == 22)
            .ok_or_else(|| bad("Invalid token format"))?;
        match deployment.state.keys.get(parts.0) {
            None => return Ok(done()),
            Some(stored) if stored.parts.secret != parts.1 => return Err(broken()),
            Some(stored) => match &stored.kind {
                KeyKind::OAuth2 { app: of, .. } if *of == app.id => stored.parts.id.clone(),
                KeyKind::OAuth2 { .. } => return Ok(done()),
                _ => return Err(broken()),
            },
        }
    };
    deployment.state.delete_keys(|doomed| doomed.parts.id == key);
    Ok(done())
}

fn done() -> Reply {
    Reply::empty(StatusCode::OK)
}

fn bad(description: &str) -> Reply {
    Reply::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description)
}

/// A known first part with a wrong secret, or a key that no application holds.
fn broken() -> Reply {
    Reply::oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Internal server error")
}
