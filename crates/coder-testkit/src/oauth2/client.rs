//! Which application is calling, and whether it can prove it.

use http::StatusCode;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::go_url::is_encoded_well;
use crate::model::{App, AppSecret, TwoPart};
use crate::store::Deployment;
use crate::wire::call::{Call, Pairs, first};
use crate::wire::reply::Reply;

/// Returns the application of a call, which the query, the form or, since 2.31, HTTP Basic names.
/// Even a browser gets an error as JSON when the application is unknown.
pub(crate) fn app_of_call(deployment: &Deployment<'_>, call: &Call) -> Result<App, Reply> {
    let basic = basic(deployment, call).map(|(user, _)| user).filter(|user| !user.is_empty());
    // A form that is broken anywhere is not looked at.
    let form = call.form("client_id").filter(|_| is_whole_form(call));
    let id = call.query("client_id").or(form).or(basic.as_deref()).ok_or_else(|| {
        let reason = "Missing client_id parameter";
        Reply::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", reason)
    })?;
    Uuid::try_parse(id)
        .ok()
        .and_then(|id| deployment.state.app(id).cloned())
        .ok_or_else(|| invalid_client(deployment))
}

fn is_whole_form(call: &Call) -> bool {
    std::str::from_utf8(&call.body).is_ok_and(|text| is_encoded_well(text) && !text.contains(';'))
}

fn basic(deployment: &Deployment<'_>, call: &Call) -> Option<(String, String)> {
    call.basic().filter(|_| deployment.profile().client_basic)
}

/// Returns the parameters of a call between servers, the body's first, with the credentials of HTTP
/// Basic among them.
///
/// # Errors
///
/// 400 when HTTP Basic and the parameters name different credentials.
pub(crate) fn parameters(deployment: &Deployment<'_>, call: &Call) -> Result<Pairs, Reply> {
    let mut pairs: Pairs = call.form.iter().chain(&call.query).cloned().collect();
    let Some((user, password)) = basic(deployment, call).filter(|(user, _)| !user.is_empty())
    else {
        return Ok(pairs);
    };
    for (name, value) in [("client_id", user), ("client_secret", password)] {
        match first(&pairs, name) {
            Some(given) if given != value => {
                return Err(Reply::oauth_error(
                    StatusCode::BAD_REQUEST,
                    "invalid_request",
                    "Conflicting client credentials between Authorization header and request body",
                ));
            }
            Some(_) => {}
            None => {
                pairs.retain(|(key, _)| key != name);
                pairs.push((name.to_owned(), value));
            }
        }
    }
    Ok(pairs)
}

/// A stored secret, and the application it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) secret: Uuid,
    pub(crate) app: Uuid,
}

/// Returns the stored secret that `given` is. Before 2.37 a secret of any application is accepted.
///
/// # Errors
///
/// 401 for anything else.
pub(crate) fn check_secret(
    deployment: &Deployment<'_>,
    app: Uuid,
    given: &str,
) -> Result<Proof, Reply> {
    let bound = deployment.profile().client_bound;
    let parts = TwoPart::parse_prefixed(given);
    let mut apps = deployment.state.apps.iter().filter(|owner| !bound || owner.id == app);
    parts
        .and_then(|parts| {
            apps.find_map(|owner| {
                let found = owner.secrets.iter().find(|secret| is_secret(secret, &parts))?;
                Some(Proof { secret: found.id, app: owner.id })
            })
        })
        .ok_or_else(|| invalid_client(deployment))
}

fn is_secret(stored: &AppSecret, given: &TwoPart) -> bool {
    stored.parts.id == given.id
        && stored.parts.secret.as_bytes().ct_eq(given.secret.as_bytes()).into()
}

/// Refuses credentials with 401, whatever was wrong with them.
pub(crate) fn invalid_client(deployment: &Deployment<'_>) -> Reply {
    let reply = Reply::oauth_error(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "The client credentials are invalid",
    );
    if deployment.profile().client_basic {
        reply.with("www-authenticate", "Basic realm=\"coder\"")
    } else {
        reply
    }
}
