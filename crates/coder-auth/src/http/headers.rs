//! Headers of a request: its bearer token, its media type, its sender.

use coder_core::Secret;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::http::error::RequestError;

/// The header that carries a token of Coder.
pub(crate) const CODER_SESSION_TOKEN: &str = "coder-session-token";

/// Tells whether the body of a request is of this media type, whatever its parameters
/// (RFC 9110 §8.3.1).
pub fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// Reads the bearer token of a request (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

/// Refuses a request that a plain form or link could have made (Backstage's own rule).
pub(crate) fn require_xml_http_request(headers: &HeaderMap) -> Result<(), RequestError> {
    if requested_with(headers) { Ok(()) } else { Err(RequestError::MissingRequestedWith) }
}

/// Tells whether a script says that it has sent the request.
pub(crate) fn requested_with(headers: &HeaderMap) -> bool {
    headers.get("x-requested-with").is_some_and(|value| value == "XMLHttpRequest")
}
