//! The requests of a browser that signs in.

use bytes::Bytes;
use coder_testkit::{Cookies, FakeCoder, FakeUser};
use http::Response;
use http::header::LOCATION;
use url::Url;

use crate::connection::Connection;
use crate::outcome::Outcome;

/// Path that begins a login.
pub(crate) const START: &str =
    "/api/auth/coder/start?env=development&origin=http%3A%2F%2Flocalhost%3A7007";
/// Tells a browser who it is.
pub(crate) const REFRESH: &str = "/api/auth/coder/refresh?optional&env=development";
/// The keys of identity tokens.
pub(crate) const JWKS: &str = "/api/auth/.well-known/jwks.json";

/// Signs `user` in over this connection; gives the `Cookie` header of the new session.
///
/// # Errors
///
/// When the login fails at any step.
pub(crate) async fn sign_in(
    connection: &mut Connection,
    coder: &FakeCoder,
    user: &FakeUser,
) -> Outcome<String> {
    let mut cookies = Cookies::default();
    let started = connection.get(START, "").await?;
    cookies.keep(started.headers());
    let location = started.headers().get(LOCATION);
    let location = location.ok_or_else(|| format!("no login begins: {}", text(&started)))?;
    let callback: Url = coder.approve(location.to_str()?, user)?;
    let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
    let answer = connection.get(&path, &cookies.header().unwrap_or_default()).await?;
    cookies.keep(answer.headers());
    if !cookies.keys().any(|name| name.ends_with("coder-session")) {
        return Err(format!("no session was opened: {}", text(&answer)).into());
    }
    Ok(cookies.header().unwrap_or_default())
}

/// Returns the status and the beginning of the body.
pub(crate) fn text(answer: &Response<Bytes>) -> String {
    let body: String = String::from_utf8_lossy(answer.body()).chars().take(200).collect();
    format!("{} {body:?}", answer.status())
}
