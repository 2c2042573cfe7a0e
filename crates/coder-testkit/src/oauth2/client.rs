//! Which application is calling, and whether it can prove it.

use http::StatusCode;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::App;
use super::apps::AppSecret;
use crate::call::Call;
use crate::mint::TwoPart;
use crate::reply::Reply;
use crate::state::Deployment;

/// The application a page of the provider is for. A browser gets JSON too when it is unknown.
pub(crate) fn app_of_page(deployment: &Deployment<'_>, call: &Call) -> Result<App, Reply> {
    app(deployment, call.query("client_id"))
}

/// The application of a call between servers: named in the query, the form, or by HTTP Basic.
pub(crate) fn app_of_call(deployment: &Deployment<'_>, call: &Call) -> Result<App, Reply> {
    let basic = call.basic().filter(|_| deployment.profile().client_basic);
    let in_body = call.query("client_id").or_else(|| call.form("client_id"));
    let user = basic.as_ref().map(|(user, _)| user.as_str());
    let app = app(deployment, in_body.or(user))?;
    let given = call.query("client_secret").or_else(|| call.form("client_secret"));
    if let Some((user, password)) = &basic {
        let other_id = in_body.is_some_and(|id| id != user);
        let other_secret = given.is_some_and(|secret| secret != password);
        if other_id || other_secret {
            return Err(Reply::oauth_error(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Conflicting client credentials between Authorization header and request body",
            ));
        }
    }
    Ok(app)
}

/// The secret a client has sent.
pub(crate) fn secret_of_call(deployment: &Deployment<'_>, call: &Call) -> Option<String> {
    let given = call.query("client_secret").or_else(|| call.form("client_secret"));
    given.map(str::to_owned).or_else(|| {
        call.basic()
            .filter(|_| deployment.profile().client_basic)
            .map(|(_, password)| password)
            .filter(|password| !password.is_empty())
    })
}

/// The stored secret that `given` is; it is marked as used.
pub(crate) fn check_secret(
    deployment: &mut Deployment<'_>,
    app: Uuid,
    given: &str,
) -> Result<Uuid, Reply> {
    let refused = invalid_client(deployment);
    let now = deployment.now;
    let parts = TwoPart::parse_prefixed(given);
    let found = parts.and_then(|parts| {
        let secrets = &mut deployment.state.app_mut(app)?.secrets;
        secrets.iter_mut().find(|secret| is_secret(secret, &parts))
    });
    let secret = found.ok_or(refused)?;
    secret.last_used_at = Some(now);
    Ok(secret.id)
}

fn is_secret(stored: &AppSecret, given: &TwoPart) -> bool {
    stored.parts.id == given.id
        && stored.parts.secret.as_bytes().ct_eq(given.secret.as_bytes()).into()
}

fn app(deployment: &Deployment<'_>, id: Option<&str>) -> Result<App, Reply> {
    let id = id.ok_or_else(|| {
        Reply::oauth_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Missing client_id parameter",
        )
    })?;
    Uuid::try_parse(id)
        .ok()
        .and_then(|id| deployment.state.app(id).cloned())
        .ok_or_else(|| invalid_client(deployment))
}

/// 401, whatever was wrong with the credentials.
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
