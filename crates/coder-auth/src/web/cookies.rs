//! The cookies of this crate: their names, their attributes, and finding them in a request.

use coder_core::is_loopback;
use cookie::{Cookie, SameSite};
use http::header::{COOKIE, HeaderMap, HeaderValue};
use jiff::SignedDuration;
use url::Url;

/// How many cookies of one kind are looked at. A browser of ours holds fewer; a stranger's request
/// may hold thousands.
const MOST_OF_A_KIND: usize = 10;
const SESSION: &str = "coder-session";
const ATTEMPT_PREFIX: &str = "coder-attempt-";
/// The cookie in which the original module keeps Coder's refresh token.
const FORMER_REFRESH_TOKEN: &str = "coder-refresh-token";

/// How cookies are set for one portal: Backstage's rules, hardened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CookieRules {
    /// `__Host-` and `Secure`; off only on http loopback, where browsers refuse both.
    secure: bool,
    same_site: SameSite,
}

impl CookieRules {
    /// Backstage's rule: `SameSite=None` when the callback is https on another host than the app,
    /// else `Lax`. A callback that is plain http off loopback gets secure cookies, which the
    /// browser then refuses: no session travels in clear text.
    pub(crate) fn new(callback_url: &Url, app_host: Option<&str>) -> Self {
        let secure = !(callback_url.scheme() == "http" && is_loopback(callback_url));
        let other_host = callback_url.host_str() != app_host;
        let same_site = if secure && other_host { SameSite::None } else { SameSite::Lax };
        Self { secure, same_site }
    }

    fn name(self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn set(self, name: &str, value: &str, lifetime: SignedDuration) -> HeaderValue {
        let cookie = Cookie::build((self.name(name), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(self.same_site)
            .max_age(cookie::time::Duration::seconds(lifetime.as_secs()))
            .build();
        header(&cookie)
    }

    pub(crate) fn set_session(self, handle: &str, lifetime: SignedDuration) -> HeaderValue {
        self.set(SESSION, handle, lifetime)
    }

    pub(crate) fn clear_session(self) -> HeaderValue {
        self.set(SESSION, "", SignedDuration::ZERO)
    }

    pub(crate) fn session(self, headers: &HeaderMap) -> Option<String> {
        let name = self.name(SESSION);
        all(headers).find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    pub(crate) fn set_attempt(
        self,
        id: &str,
        sealed: &str,
        lifetime: SignedDuration,
    ) -> HeaderValue {
        self.set(&format!("{ATTEMPT_PREFIX}{id}"), sealed, lifetime)
    }

    pub(crate) fn clear_attempt(self, id: &str) -> HeaderValue {
        self.set(&format!("{ATTEMPT_PREFIX}{id}"), "", SignedDuration::ZERO)
    }

    /// The login attempts this browser holds: id and sealed content, at most ten.
    pub(crate) fn attempts(self, headers: &HeaderMap) -> Vec<(String, String)> {
        let prefix = self.name(ATTEMPT_PREFIX);
        all(headers)
            .filter_map(|cookie| {
                let id = cookie.name().strip_prefix(&prefix)?;
                Some((id.to_owned(), cookie.value().to_owned()))
            })
            .take(MOST_OF_A_KIND)
            .collect()
    }
}

/// Removes the cookies in which a former backend kept Coder's refresh token, whole or in chunks.
/// Their values are never looked at.
pub(crate) fn clear_former_refresh_tokens(headers: &HeaderMap) -> Vec<HeaderValue> {
    let is_former = |name: &str| {
        name.strip_prefix(FORMER_REFRESH_TOKEN).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    all(headers)
        .filter(|cookie| is_former(cookie.name()))
        .take(MOST_OF_A_KIND)
        .map(|cookie| {
            header(
                &Cookie::build((cookie.name().to_owned(), ""))
                    .path("/api/auth/coder")
                    .http_only(true)
                    .max_age(cookie::time::Duration::ZERO)
                    .build(),
            )
        })
        .collect()
}

/// Every readable cookie of a request. A name that comes twice is kept twice: the first one wins.
fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
}

/// Marked sensitive, so that no layer prints it.
fn header(cookie: &Cookie<'_>) -> HeaderValue {
    // Names and values here are base64url, digits and constants: always a valid header.
    let mut value =
        HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(callback: &str, app: &str) -> CookieRules {
        let app = Url::parse(app).unwrap();
        CookieRules::new(&Url::parse(callback).unwrap(), app.host_str())
    }

    #[test]
    fn the_session_cookie_belongs_to_this_host_alone() {
        let rules = rules("https://portal.example.com/cb", "https://portal.example.com");
        let cookie = rules.set_session("abc", SignedDuration::from_hours(1));
        assert_eq!(
            cookie.to_str().unwrap(),
            "__Host-coder-session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"
        );
        assert!(cookie.is_sensitive());
    }

    #[test]
    fn an_app_on_another_host_needs_same_site_none() {
        let rules = rules("https://backend.example.com/cb", "https://portal.example.com");
        let cookie = rules.clear_session();
        assert_eq!(
            cookie.to_str().unwrap(),
            "__Host-coder-session=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn only_http_loopback_gets_plain_cookies() {
        let plain = rules("http://localhost:7007/cb", "http://localhost:3000");
        assert_eq!(
            plain.set_session("abc", SignedDuration::from_secs(1)).to_str().unwrap(),
            "coder-session=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=1"
        );
        let secure = rules("http://portal.internal/cb", "http://portal.internal");
        assert!(secure.clear_session().to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn a_cookie_without_the_host_prefix_is_not_taken_for_the_session() {
        let rules = rules("https://portal.example.com/cb", "https://portal.example.com");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "coder-session=tossed; a=b".parse().unwrap());
        assert_eq!(rules.session(&headers), None);
        headers.append(COOKIE, "__Host-coder-session=real".parse().unwrap());
        assert_eq!(rules.session(&headers).as_deref(), Some("real"));
    }

    #[test]
    fn refresh_tokens_of_a_former_backend_are_cleared_unread() {
        let mut headers = HeaderMap::new();
        let cookies =
            "coder-refresh-token=CANARY; coder-refresh-token-0=CANARY; coder-refresh-tokens=x";
        headers.insert(COOKIE, cookies.parse().unwrap());
        let cleared = clear_former_refresh_tokens(&headers);
        assert_eq!(cleared.len(), 2);
        for header in cleared {
            let text = header.to_str().unwrap();
            assert!(text.contains("Max-Age=0") && !text.contains("CANARY"), "{text}");
        }
    }
}
