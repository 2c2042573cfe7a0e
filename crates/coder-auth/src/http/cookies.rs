//! The cookies of this crate: their names, their attributes, and finding them in a request.

use std::sync::Arc;

use coder_core::{CookieName, Origin, is_loopback};
use cookie::{Cookie, SameSite};
use http::header::{COOKIE, HeaderMap, HeaderValue};
use jiff::SignedDuration;
use url::Url;

use crate::login::attempt::{AttemptCookie, AttemptId};
use crate::session::SessionHandle;

/// The number of cookies of one kind that are read. A browser holds fewer; a stranger's request may
/// hold thousands.
const MAX_OF_A_KIND: usize = 10;
/// The cookie in which the original module stores Coder's refresh token.
const FORMER_REFRESH_TOKEN: &str = "coder-refresh-token";

/// The attributes of one portal's cookies: Backstage's rules, hardened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieRules {
    /// Whether cookies have `__Host-` and `Secure`, which browsers refuse on plain http.
    secure: bool,
    same_site: SameSite,
    /// Name of the session cookie, as browsers see it.
    session: Arc<str>,
    /// Beginning of the names of login attempts, as browsers see them.
    attempt_prefix: Arc<str>,
}

impl CookieRules {
    /// Chooses the attributes by the app's origin and every URL of the backend that a browser
    /// meets.
    ///
    /// Cookies are plain only if all of these are http on loopback, or http anywhere with
    /// `allow_http`. Otherwise they are secure, and a browser refuses them on plain http, so that
    /// no session travels in clear text. As in Backstage, they are `SameSite=None` if a URL is on
    /// another host than the app, else `Lax`.
    pub(crate) fn new<'a>(
        app: &Origin,
        urls: impl IntoIterator<Item = &'a Url>,
        allow_http: bool,
        name: &CookieName,
    ) -> Self {
        // An origin is always a URL.
        let app = Url::parse(app.as_str()).ok();
        let plain = |url: &Url| url.scheme() == "http" && (allow_http || is_loopback(url));
        let app_host = app.as_ref().and_then(Url::host_str);
        let (mut all_plain, mut other_host) = (app.as_ref().is_some_and(plain), false);
        for url in urls {
            all_plain &= plain(url);
            other_host |= url.host_str() != app_host;
        }
        let same_site = if !all_plain && other_host { SameSite::None } else { SameSite::Lax };
        let prefix = if all_plain { "" } else { "__Host-" };
        Self {
            secure: !all_plain,
            same_site,
            session: format!("{prefix}{name}").into(),
            attempt_prefix: format!("{prefix}{}", attempt_prefix(name)).into(),
        }
    }

    /// Tells whether browsers refuse these cookies from `url` because it is plain http. No login
    /// can finish there.
    pub(crate) fn are_refused_at(&self, url: &Url) -> bool {
        self.secure && url.scheme() == "http"
    }

    fn set(&self, name: &str, value: &str, lifetime: SignedDuration) -> HeaderValue {
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(self.same_site)
            .max_age(cookie::time::Duration::seconds(lifetime.as_secs()))
            .build();
        header(&cookie)
    }

    pub(crate) fn set_session(
        &self,
        handle: &SessionHandle,
        lifetime: SignedDuration,
    ) -> HeaderValue {
        self.set(&self.session, handle.expose(), lifetime)
    }

    pub(crate) fn clear_session(&self) -> HeaderValue {
        self.set(&self.session, "", SignedDuration::ZERO)
    }

    /// Reads the handle of the browser's session.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<SessionHandle> {
        let mut named = all(headers).filter(|cookie| cookie.name() == &*self.session);
        named.next().map(|cookie| SessionHandle::from_cookie(cookie.value()))
    }

    pub(crate) fn set_attempt(
        &self,
        attempt: &AttemptCookie,
        lifetime: SignedDuration,
    ) -> HeaderValue {
        self.set(&self.attempt_name(&attempt.id), &attempt.sealed, lifetime)
    }

    pub(crate) fn clear_attempt(&self, id: &AttemptId) -> HeaderValue {
        self.set(&self.attempt_name(id), "", SignedDuration::ZERO)
    }

    /// Lists the login attempts that this browser holds, at most ten.
    pub(crate) fn attempts(&self, headers: &HeaderMap) -> Vec<AttemptCookie> {
        all(headers)
            .filter_map(|cookie| {
                let id = AttemptId::from_stored(cookie.name().strip_prefix(&*self.attempt_prefix)?);
                Some(AttemptCookie { id, sealed: cookie.value().to_owned() })
            })
            .take(MAX_OF_A_KIND)
            .collect()
    }

    fn attempt_name(&self, id: &AttemptId) -> String {
        format!("{}{}", self.attempt_prefix, id.as_str())
    }
}

/// Makes cookies that remove those in which a former backend stored Coder's refresh token, whole or
/// in chunks.
///
/// Their values are not read.
pub(crate) fn clear_former_refresh_tokens(headers: &HeaderMap) -> Vec<HeaderValue> {
    let is_former = |name: &str| {
        name.strip_prefix(FORMER_REFRESH_TOKEN).is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    all(headers)
        .filter(|cookie| is_former(cookie.name()))
        .take(MAX_OF_A_KIND)
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

/// Lists the readable cookies of a request. If two have one name, the first one counts.
///
/// A cookie that is not ASCII is left out. It is none of this portal's, and hides none of them: any
/// program on a host of the same domain may set one.
fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii()))
        .filter_map(|pair| Cookie::parse(pair).ok())
}

/// Returns the cookie as the value of a header, marked as sensitive so that no layer prints it.
fn header(cookie: &Cookie<'_>) -> HeaderValue {
    // Names and values here are base64url, digits and constants: always a valid header.
    let mut value =
        HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// Returns the beginning of the names of login attempts, behind the prefix of all cookies.
fn attempt_prefix(name: &CookieName) -> String {
    if *name == CookieName::default() {
        "coder-attempt-".to_owned()
    } else {
        format!("{name}-attempt-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(callback: &str, app: &str) -> CookieRules {
        CookieRules::new(
            &app.parse().unwrap(),
            [&Url::parse(callback).unwrap()],
            false,
            &CookieName::default(),
        )
    }

    #[test]
    fn cookies_are_plain_only_when_every_url_the_browser_meets_is_http_on_loopback() {
        let name = CookieName::default();
        let urls = |urls: [&str; 2]| urls.map(|url| Url::parse(url).unwrap());
        let (loopback, public) = ("http://localhost:7007/", "https://portal.example.com/cb");
        let of = |app: &str, allow, pair| {
            CookieRules::new(&app.parse().unwrap(), &urls(pair), allow, &name).secure
        };
        assert!(!of(loopback, false, [loopback, loopback]));
        assert!(of(loopback, false, [loopback, public]), "a callback is https");
        assert!(of(public, false, [loopback, loopback]), "the app is https");
        assert!(of(loopback, false, [loopback, "http://portal.internal/"]), "off this machine");
        assert!(!of(loopback, true, [loopback, "http://portal.internal/"]), "it is allowed");
        assert!(of(loopback, true, [loopback, public]), "https stays secure");
    }

    #[test]
    fn secure_cookies_are_refused_on_plain_http() {
        let (url, name) = (Url::parse("http://portal.internal/cb").unwrap(), CookieName::default());
        let app = "http://portal.internal".parse().unwrap();
        assert!(CookieRules::new(&app, [&url], false, &name).are_refused_at(&url));
        assert!(!CookieRules::new(&app, [&url], true, &name).are_refused_at(&url));
    }

    #[test]
    fn the_session_cookie_belongs_to_this_host_alone() {
        let rules = rules("https://portal.example.com/cb", "https://portal.example.com");
        let cookie =
            rules.set_session(&SessionHandle::from_cookie("abc"), SignedDuration::from_hours(1));
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
            plain
                .set_session(&SessionHandle::from_cookie("abc"), SignedDuration::from_secs(1))
                .to_str()
                .unwrap(),
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
        assert!(rules.session(&headers).is_none());
        headers.append(COOKIE, "__Host-coder-session=real".parse().unwrap());
        assert_eq!(rules.session(&headers).unwrap().expose(), "real");
    }

    #[test]
    fn a_cookie_that_is_no_ascii_hides_no_other_one_and_has_no_prefix() {
        let rules = rules("https://portal.example.com/cb", "https://portal.example.com");
        let session = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_bytes(cookies.as_bytes()).unwrap());
            rules.session(&headers).map(|handle| handle.expose().to_owned())
        };
        let real = Some("real".to_owned());
        assert_eq!(session("name=Zoë; __Host-coder-session=real; ☃=☃"), real);
        // White space of Unicode is no white space: a browser saw no `__Host-` there.
        assert_eq!(session("\u{2003}__Host-coder-session=tossed; __Host-coder-session=real"), real);
        assert_eq!(session("\u{2003}__Host-coder-session=tossed"), None);
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

    #[test]
    fn the_attempts_of_one_name_are_not_those_of_another() {
        let prefix = |name: &str| attempt_prefix(&name.parse().unwrap());
        assert_eq!(attempt_prefix(&CookieName::default()), "coder-attempt-");
        assert_eq!(prefix("payments-session"), "payments-session-attempt-");
        assert_eq!(prefix("coder-session"), "coder-attempt-");
    }
}
