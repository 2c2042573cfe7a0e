//! Which handler answers which path.

use http::{Method, StatusCode};

use crate::rules::csrf::CsrfCookie;
use crate::rules::rate_limit;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::cors;
use crate::wire::reply::{Answer, Reply};
use crate::{api, future, oauth2, pages};

/// Answers `call` as Coder does, with the headers that every answer has.
pub(crate) fn respond(deployment: &mut Deployment<'_>, call: &Call) -> Reply {
    deployment.purge_expired();
    let build = deployment.settings.version.build();
    let date = deployment.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let request_id = deployment.mint().uuid().to_string();
    let csrf = CsrfCookie::from_call(deployment, call);
    let reply = match rate_limit::count(deployment, call) {
        Ok(standing) => {
            let reply = route(deployment, call, &csrf).unwrap_or_else(|refusal| refusal);
            standing.iter().fold(reply, |reply, standing| standing.tell(reply))
        }
        Err(refusal) => refusal,
    };
    // A preflight is answered before the browser gets its cookie.
    let reply = if cors::is_preflight(call) { reply } else { csrf.set_on(deployment, reply) };
    reply
        .with("date", &date)
        .with("x-coder-build-version", &build)
        .with("x-coder-request-id", &request_id)
        .with("x-content-type-options", "nosniff")
}

fn route(deployment: &mut Deployment<'_>, call: &Call, csrf: &CsrfCookie) -> Answer {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, segments.as_slice()) {
        (_, ["oauth2", rest @ ..]) => oauth2::route(deployment, call, rest, csrf),
        (_, [".well-known", "oauth-authorization-server", ..]) => {
            oauth2::route_metadata(deployment, call, oauth2::Document::AuthorizationServer)
        }
        (_, [".well-known", "oauth-protected-resource", ..]) => {
            oauth2::route_metadata(deployment, call, oauth2::Document::ProtectedResource)
        }
        // No page of another origin may use the API.
        (_, ["api", ..]) if cors::is_preflight(call) => Ok(Reply::empty(StatusCode::OK)),
        (_, ["api", "v2", rest @ ..]) => {
            let answer = api::route(deployment, call, rest);
            if deployment.settings.strange {
                answer.map(|reply| reply.mapping_json(future::estrange))
            } else {
                answer
            }
        }
        (&Method::GET, ["healthz"]) => Ok(Reply::text(StatusCode::OK, "OK")),
        (&Method::GET, ["latency-check"]) => Ok(latency_check()),
        _ => {
            let private = |reply: Reply| reply.replacing("referrer-policy", "no-referrer");
            pages::route(deployment, call, &segments).map(private).map_err(private)
        }
    }
}

/// Answers `GET /latency-check`, which any page may ask.
fn latency_check() -> Reply {
    Reply::text(StatusCode::OK, "OK")
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", "*")
        .with("access-control-allow-headers", "*")
        .with("access-control-allow-credentials", "false")
}
