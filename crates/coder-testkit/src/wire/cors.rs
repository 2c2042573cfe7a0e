//! Cross-origin requests to the provider (the CORS protocol of the Fetch standard).

use http::{HeaderName, Method, StatusCode};

use crate::wire::call::Call;
use crate::wire::reply::Reply;

/// The headers of an answer that a page of another origin may read.
const EXPOSED: &str =
    "Content-Type, Authorization, X-Api-Key, Mcp-Session-Id, Mcp-Protocol-Version";

/// Methods that a page of another origin may use.
const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS];

/// Seconds a browser may keep the answer to a preflight.
const MAX_AGE: &str = "86400";

/// Tells whether a request is a preflight.
pub(crate) fn is_preflight(call: &Call) -> bool {
    let has = |name| call.header(name).is_some();
    call.method == Method::OPTIONS && has("origin") && has("access-control-request-method")
}

/// Answers a preflight, and repeats what it asked for; `None` for any other request.
pub(crate) fn preflight(call: &Call) -> Option<Reply> {
    let wanted = call.header("access-control-request-method").filter(|_| is_preflight(call))?;
    let mut reply = Reply::empty(StatusCode::OK);
    if !METHODS.iter().any(|method| method.as_str().eq_ignore_ascii_case(wanted)) {
        return Some(reply);
    }
    reply = reply
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", &wanted.to_ascii_uppercase());
    let headers: Vec<String> = call
        .header("access-control-request-headers")
        .into_iter()
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .map(|name| canonical(name.as_str()))
        .collect();
    if !headers.is_empty() {
        reply = reply.with("access-control-allow-headers", &headers.join(", "));
    }
    Some(reply.with("access-control-max-age", MAX_AGE))
}

/// Adds what a page of another origin needs, when the request came from a page at all.
pub(crate) fn open(call: &Call, reply: Reply) -> Reply {
    if call.header("origin").is_none() {
        return reply;
    }
    reply.with("access-control-allow-origin", "*").with("access-control-expose-headers", EXPOSED)
}

/// Writes a header's name as Go does: `content-type` as `Content-Type`.
fn canonical(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect();
    words.join("-")
}
