//! The redirect URI of a login (RFC 6749 section 3.1.2), as an operator may set it.

use url::Url;

use super::reader::web_url;

/// The path of the route that ends a login, behind the prefix of the auth backend.
const CALLBACK: &str = "/coder/handler/frame";

/// Reads a `callbackUrl` that a route of the portal serves: it ends with `/coder/handler/frame`,
/// or with that and one part of its own.
///
/// A reverse proxy may change the prefix before that, so any prefix will do.
pub(super) fn callback_url(text: &str) -> Result<Url, &'static str> {
    let url = web_url(text)?;
    if url.fragment().is_some() {
        return Err("a redirect URI has no fragment (RFC 6749 section 3.1.2)");
    }
    let tail = url.path().rfind(CALLBACK).and_then(|at| url.path().get(at + CALLBACK.len()..));
    let is_served = match tail.map(|tail| tail.strip_prefix('/').ok_or(tail)) {
        Some(Ok(name)) => !name.is_empty() && !name.contains('/'),
        Some(Err(rest)) => rest.is_empty(),
        None => false,
    };
    if is_served {
        Ok(url)
    } else {
        Err("no route of the portal is there; the path must end with \
             `/api/auth/coder/handler/frame`, or with that and one part of its own, such as \
             `/api/auth/coder/handler/frame/staging`")
    }
}
