//! Web origins that may use the login, and the origin of a request.

use coder_core::Origin;
use http::HeaderMap;
use http::header::ORIGIN;

use crate::http::error::RequestError;

/// The origins whose pages may use a portal: its own, and patterns of further ones.
#[derive(Clone, Debug)]
pub struct AllowedOrigins {
    app: Origin,
    patterns: Vec<String>,
}

impl AllowedOrigins {
    /// Creates the list from the origin of `app.baseUrl` and the globs of
    /// `auth.experimentalExtraAllowedOrigins`, such as `https://*.example.com`.
    ///
    /// As in Backstage (minimatch with `nocase` and `noglobstar`), letter case does not matter, and
    /// neither `*` nor `**` matches a `/`.
    pub fn new(app: Origin, patterns: impl IntoIterator<Item = String>) -> Self {
        Self {
            app,
            patterns: patterns.into_iter().map(|pattern| in_one_segment(&pattern)).collect(),
        }
    }

    /// Returns the portal's own origin.
    pub fn app(&self) -> &Origin {
        &self.app
    }

    /// Tells whether pages of `origin` may use the login.
    pub fn allows(&self, origin: &Origin) -> bool {
        *origin == self.app
            || self.patterns.iter().any(|glob| fast_glob::glob_match(glob, origin.as_str()))
    }

    /// Returns the origin of a request's page, if it is allowed.
    pub fn allowed_origin(&self, headers: &HeaderMap) -> Option<Origin> {
        if self.is_app(headers) {
            return Some(self.app.clone());
        }
        request_origin(headers).filter(|origin| self.allows(origin))
    }

    /// Tells whether the request names the portal's own origin, which needs no parsing.
    fn is_app(&self, headers: &HeaderMap) -> bool {
        stated_origin(headers) == Some(self.app.as_str())
    }

    /// Parses the origin in an `origin` parameter or header, and checks that it is allowed.
    pub(crate) fn check(&self, text: &str) -> Result<Origin, RequestError> {
        // Most often it is the portal's own, which is known without parsing a URL.
        if text == self.app.as_str() {
            return Ok(self.app.clone());
        }
        let origin: Origin = text.parse().map_err(|_| RequestError::InvalidOrigin)?;
        if self.allows(&origin) { Ok(origin) } else { Err(RequestError::OriginNotAllowed(origin)) }
    }

    /// Refuses a request that a page of a foreign origin made with the browser's cookies.
    ///
    /// A browser names the origin of every cross-origin request that a script makes. A request
    /// without an origin comes from the same origin, or has `Sec-Fetch-Site`, or comes from an old
    /// browser.
    pub(crate) fn check_caller(&self, headers: &HeaderMap) -> Result<(), RequestError> {
        if self.is_app(headers) {
            return Ok(());
        }
        if headers.contains_key(ORIGIN) {
            // An unreadable origin is a foreign one.
            let origin = request_origin(headers).ok_or(RequestError::InvalidOrigin)?;
            if self.allows(&origin) {
                return Ok(());
            }
            return Err(RequestError::OriginNotAllowed(origin));
        }
        match headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(RequestError::CrossSite),
        }
    }
}

/// Reads the origin of a request, as browsers write it (RFC 6454 §6.1): in one header, without
/// userinfo, path or upper case.
///
/// Any other spelling comes from no browser and gives `None`.
fn request_origin(headers: &HeaderMap) -> Option<Origin> {
    let text = stated_origin(headers)?;
    text.parse().ok().filter(|origin: &Origin| origin.as_str() == text)
}

/// Returns the text of the only `Origin` header.
fn stated_origin(headers: &HeaderMap) -> Option<&str> {
    let mut stated = headers.get_all(ORIGIN).iter();
    let (Some(value), None) = (stated.next(), stated.next()) else { return None };
    value.to_str().ok()
}

/// Lowers the case of a pattern, as origins have it, and shortens `**` to `*`, so that no star
/// reaches over a `/`.
fn in_one_segment(pattern: &str) -> String {
    let mut one = String::with_capacity(pattern.len());
    for character in pattern.chars().flat_map(char::to_lowercase) {
        if !(character == '*' && one.ends_with('*')) {
            one.push(character);
        }
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> AllowedOrigins {
        AllowedOrigins::new(
            "https://portal.example.com/catalog".parse().unwrap(),
            ["https://*.preview.example.com".to_owned(), "http://localhost:*".to_owned()],
        )
    }

    #[test]
    fn the_apps_own_origin_and_the_patterns_are_allowed() {
        for origin in [
            "https://portal.example.com",
            "https://PORTAL.example.com:443/path",
            "https://pr-7.preview.example.com",
            "http://localhost:3000",
        ] {
            assert!(allowed().check(origin).is_ok(), "{origin}");
        }
    }

    #[test]
    fn patterns_are_compared_as_backstage_compares_them() {
        let allows = |pattern: &str, origin: &str| {
            let app = "https://portal.example.com".parse().unwrap();
            AllowedOrigins::new(app, [pattern.to_owned()]).check(origin).is_ok()
        };
        assert!(allows("HTTPS://*.Preview.example.com", "https://a.preview.example.com"));
        assert!(allows("https://{a,b}.example", "https://b.example"));
        assert!(allows("https://**", "https://b.example"));
        // A `*` stands for anything but a `/`, and so does `**`.
        for everywhere in ["*", "**", "**/*", "https:/**", "***"] {
            assert!(!allows(everywhere, "https://b.example"), "{everywhere}");
        }
        assert!(!allows("https://*.example.com", "https://a.example.com.evil.example"));
    }

    #[test]
    fn everything_else_is_not() {
        for origin in [
            "https://evil.example",
            "http://portal.example.com",
            "https://portal.example.com:8443",
            "https://portal.example.com.evil.example",
            "https://evil.example/x.preview.example.com",
        ] {
            assert!(
                matches!(allowed().check(origin), Err(RequestError::OriginNotAllowed(_))),
                "{origin}"
            );
        }
        for origin in ["", "null", "javascript:alert(1)", "portal.example.com"] {
            assert!(
                matches!(allowed().check(origin), Err(RequestError::InvalidOrigin)),
                "{origin}"
            );
        }
    }

    #[test]
    fn an_origin_header_counts_only_in_the_spelling_of_browsers() {
        let check = |origins: &[&str]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(ORIGIN, origin.parse().unwrap());
            }
            allowed().check_caller(&headers)
        };
        assert!(check(&["https://portal.example.com"]).is_ok());
        for origin in [
            "https://x@portal.example.com",
            "https://portal.example.com/",
            "https://portal.example.com:443",
            "https://PORTAL.example.com",
            "HTTPS://portal.example.com",
        ] {
            assert!(matches!(check(&[origin]), Err(RequestError::InvalidOrigin)), "{origin}");
        }
        let twice = check(&["https://portal.example.com", "https://portal.example.com"]);
        assert!(matches!(twice, Err(RequestError::InvalidOrigin)));
    }

    #[test]
    fn a_request_of_another_site_is_refused_even_without_an_origin_header() {
        let mut headers = HeaderMap::new();
        assert!(allowed().check_caller(&headers).is_ok(), "an old browser says nothing");
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        assert!(allowed().check_caller(&headers).is_ok());
        for site in ["cross-site", "same-site", "anything"] {
            headers.insert("sec-fetch-site", site.parse().unwrap());
            assert!(allowed().check_caller(&headers).is_err(), "{site}");
        }
        headers.insert("origin", "https://portal.example.com".parse().unwrap());
        assert!(allowed().check_caller(&headers).is_ok(), "the origin header decides");
    }
}
