//! `POST /oauth2/revoke` (RFC 7009).

use http::StatusCode;

use super::client;
use crate::model::{App, ClientType, TwoPart};
use crate::store::Deployment;
use crate::wire::call::{Call, first};
use crate::wire::reply::{Answer, Reply};

/// Revokes both halves of a pair, whichever half the call names. A token that is unknown, or
/// belongs to another client, is a success that does nothing.
pub(crate) fn revoke(deployment: &mut Deployment<'_>, call: &Call, app: &App) -> Answer {
    if deployment.profile().secret_always && app.client_type == ClientType::Confidential {
        let pairs = client::parameters(deployment, call)?;
        let secret =
            first(&pairs, "client_secret").ok_or_else(|| client::invalid_client(deployment))?;
        client::check_secret(deployment, app.id, secret)?;
    }
    let token = call
        .form("token")
        .or_else(|| call.query("token"))
        .ok_or_else(|| bad(deployment.profile().no_token_text))?;
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
            Some(stored) => {
                let mut halves = deployment.state.refresh_tokens.values();
                match halves.find(|token| token.key == stored.parts.id) {
                    None => return Err(broken()),
                    Some(half) if half.app != app.id => return Ok(done()),
                    Some(half) => half.key.clone(),
                }
            }
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

/// Refuses a known first part with a wrong secret, or a key that no application holds.
fn broken() -> Reply {
    Reply::oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Internal server error")
}
