//! What a browser does to sign in.

use std::collections::BTreeMap;

use bytes::Bytes;
use coder_testkit::{FakeCoder, FakeUser};
use http::Response;
use http::header::{LOCATION, SET_COOKIE};
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
    let mut cookies = BTreeMap::new();
    let started = connection.get(START, "").await?;
    keep(&mut cookies, &started);
    let location = started.headers().get(LOCATION);
    let location = location.ok_or_else(|| format!("no login begins: {}", text(&started)))?;
    let callback: Url = coder.approve(location.to_str()?, user)?;
    let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
    let answer = connection.get(&path, &header(&cookies)).await?;
    keep(&mut cookies, &answer);
    if !cookies.keys().any(|name| name.ends_with("coder-session")) {
        return Err(format!("no session was opened: {}", text(&answer)).into());
    }
    Ok(header(&cookies))
}

fn keep(cookies: &mut BTreeMap<String, String>, answer: &Response<Bytes>) {
    let set = answer.headers().get_all(SET_COOKIE).iter().filter_map(|set| set.to_str().ok());
    for set in set {
        let pair = set.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { continue };
        if set.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn header(cookies: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// The status and the beginning of the body.
pub(crate) fn text(answer: &Response<Bytes>) -> String {
    let body: String = String::from_utf8_lossy(answer.body()).chars().take(200).collect();
    format!("{} {body:?}", answer.status())
}
