//! Protection against requests that ride on the browser's cookies.
//!
//! Coder hands out a `csrf_token` cookie. A request that is authenticated by the session cookie and
//! changes something must come from a page of this deployment, and show a token that was made from
//! that cookie.

use coder_core::hex;
use http::{Method, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::call::SESSION_COOKIE;
use crate::wire::reply::Reply;

const COOKIE: &str = "csrf_token";

/// The `csrf_token` cookie of a browser: the one it has sent, or a new one.
#[derive(Debug)]
pub(crate) struct CsrfCookie {
    value: String,
    is_new: bool,
}

impl CsrfCookie {
    /// Reads the cookie of the browser behind a call, and makes a new one for a browser without.
    pub(crate) fn from_call(deployment: &Deployment<'_>, call: &Call) -> Self {
        match call.cookie(COOKIE).filter(|value| !value.is_empty()) {
            Some(value) => Self { value: value.to_owned(), is_new: false },
            None => Self { value: deployment.mint().text(43), is_new: true },
        }
    }

    /// Returns the token for the pages of this browser.
    pub(crate) fn token(&self) -> String {
        token_of(&self.value)
    }

    /// Sets the cookie, unless the browser has it.
    pub(crate) fn set_on(&self, deployment: &Deployment<'_>, reply: Reply) -> Reply {
        if !self.is_new {
            return reply;
        }
        let secure = if deployment.settings.url.origin().is_https() { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.value);
        reply.with_first("set-cookie", &cookie)
    }
}

fn token_of(cookie: &str) -> String {
    let digest = Sha256::new().chain_update("csrf:").chain_update(cookie).finalize();
    hex(digest)
}

/// Refuses a request that changes something, is authenticated by nothing but the session cookie,
/// and does not prove that a page of this deployment has sent it.
///
/// # Errors
///
/// 400 with one text, whatever is missing.
pub(crate) fn check(deployment: &Deployment<'_>, call: &Call) -> Result<(), Reply> {
    let Some(session) = call.cookie(SESSION_COOKIE) else { return Ok(()) };
    let reads = matches!(call.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    // Whoever knows the session's token does not need the cookie.
    let known = [call.header("coder-session-token"), call.query(SESSION_COOKIE)];
    if reads || known.contains(&Some(session)) {
        return Ok(());
    }
    let given = call.header("x-csrf-token").or_else(|| call.form(COOKIE));
    let shown = call
        .cookie(COOKIE)
        .zip(given)
        .is_some_and(|(cookie, given)| given.as_bytes().ct_eq(token_of(cookie).as_bytes()).into());
    if shown && is_same_origin(deployment, call) { Ok(()) } else { Err(refusal()) }
}

/// Tells whether the browser says that a page of this deployment sends the request. Coder compares
/// the origin with `https`, so plain http passes only where browsers send `Sec-Fetch-Site`.
fn is_same_origin(deployment: &Deployment<'_>, call: &Call) -> bool {
    if let Some(site) = call.header("sec-fetch-site") {
        return site == "same-origin";
    }
    let ours = deployment.settings.url.origin().to_string();
    let host = call.header("host").or_else(|| ours.split_once("://").map(|(_, host)| host));
    let expected = host.map(|host| format!("https://{host}"));
    expected.is_some_and(|expected| call.header("origin") == Some(expected.as_str()))
}

pub(crate) fn refusal() -> Reply {
    Reply::text(
        StatusCode::BAD_REQUEST,
        "Something is wrong with your CSRF token. Please refresh the page. If this error \
         persists, try clearing your cookies.\n",
    )
}
