//! Coder's limits on how often one may ask.

use http::{Method, StatusCode};
use serde_json::json;

use crate::Version;
use crate::model::WINDOW;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::Reply;

/// Requests a minute to one path of the API, from one user, or from all callers without a
/// credential.
const API: u32 = 512;

/// Requests a minute to an endpoint that checks credentials.
const LOGIN: u32 = 60;

/// The state of a limit for a caller.
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    reset: i64,
}

impl Standing {
    /// Adds the headers that tell the rate limit.
    pub(crate) fn tell(&self, reply: Reply) -> Reply {
        reply
            .with("x-ratelimit-limit", &self.limit.to_string())
            .with("x-ratelimit-remaining", &self.remaining.to_string())
            .with("x-ratelimit-reset", &self.reset.to_string())
    }
}

/// Counts a call. `None` where nothing is limited; an error when it was one too many.
pub(crate) fn count(
    deployment: &mut Deployment<'_>,
    call: &Call,
) -> Result<Option<Standing>, Reply> {
    let Some((limit, path)) = limit(deployment, call) else { return Ok(None) };
    let user = deployment.caller(call).ok().map(|caller| caller.user);
    let bypass = call.header("x-coder-bypass-ratelimit") == Some("true");
    if bypass && user.as_ref().is_some_and(|user| user.owner) {
        return Ok(None);
    }
    let seconds = deployment.now.as_second();
    let counters = &mut deployment.state.rate_counters;
    let counter = counters.entry((user.map(|user| user.id), path)).or_default();
    let rate = counter.rate(seconds);
    let reset = (seconds.div_euclid(WINDOW) + 1) * WINDOW;
    if rate >= limit {
        let standing = Standing { limit, remaining: 0, reset };
        return Err(standing.tell(too_many(limit)).with("retry-after", "60"));
    }
    counter.now += 1;
    Ok(Some(Standing { limit, remaining: limit - rate - 1, reset }))
}

/// Returns the limit of a call, and the path it is counted for.
fn limit(deployment: &Deployment<'_>, call: &Call) -> Option<(u32, String)> {
    if !deployment.settings.rate_limits {
        return None;
    }
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let path = || call.segments.join("/");
    match (&call.method, segments.as_slice()) {
        (&Method::POST, ["api", "v2", "users", "login" | "first"]) => Some((LOGIN, path())),
        (_, ["api", "v2", ..]) => Some((API, path())),
        (_, ["oauth2", "authorize" | "tokens" | "revoke" | "register" | "clients", ..])
            if deployment.settings.version >= Version::V2_38 =>
        {
            Some((LOGIN, path()))
        }
        _ => None,
    }
}

/// Refuses a request with 429, in both error dialects.
fn too_many(limit: u32) -> Reply {
    let message =
        format!("You've been rate limited for sending more than {limit} requests in 1m0s.");
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": message,
        "message": message,
    });
    Reply::json(StatusCode::TOO_MANY_REQUESTS, &body)
}
