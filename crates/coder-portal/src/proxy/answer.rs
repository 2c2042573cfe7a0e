//! An answer of Coder on its way to the page.

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, EXPIRES, LAST_MODIFIED, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Headers of an answer that a page sees. Cookies, redirects and everything else stay here.
const PASSED_ON: [HeaderName; 7] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPIRES,
    LAST_MODIFIED,
    RETRY_AFTER,
];

/// Types of documents that run as a page of the portal's own origin, beside those of the XML family.
const PAGES: [&str; 5] =
    ["text/html", "text/xml", "application/xml", "text/xsl", "multipart/x-mixed-replace"];
/// The one document of the XML family that is passed on: a picture.
const SVG: &str = "image/svg+xml";

/// The content of an answer, as far as caches are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// What one person may see.
    Personal,
    /// A picture, which is the same for everybody who may see it.
    Picture,
}

/// Reasons why an answer is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    /// A redirect, which could lead anywhere.
    #[error(
        "Coder answered with a redirect ({0}), which is not followed; the portal's operator has to check `deploymentUrl`"
    )]
    Redirect(StatusCode),
    /// A page, such as that of a login in front of Coder.
    #[error(
        "something other than Coder's API answered with a page ({0}); try again in a moment, or let the portal's operator check `deploymentUrl`"
    )]
    Page(StatusCode),
    /// A change of the protocol that nobody has asked for.
    #[error("Coder changed the protocol without being asked ({0})")]
    Protocol(StatusCode),
}

impl AnswerError {
    /// Returns the status that the page gets. A failure of what is in front of Coder keeps its own;
    /// none of them says 401, which a page takes for Coder's word on its token.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Page(status)
                if status.is_server_error()
                    || matches!(status, StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS) =>
            {
                status
            }
            Self::Redirect(_) | Self::Page(_) | Self::Protocol(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

/// Returns the headers for the page.
///
/// # Errors
///
/// See [`AnswerError`].
pub(super) fn cleaned(
    status: StatusCode,
    answer: &HeaderMap,
    content: Content,
) -> Result<HeaderMap, AnswerError> {
    if status.is_informational() {
        return Err(AnswerError::Protocol(status));
    }
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return Err(AnswerError::Redirect(status));
    }
    if may_be_a_page(answer) {
        return Err(AnswerError::Page(status));
    }
    let mut headers = HeaderMap::new();
    for name in PASSED_ON {
        if let Some(value) = answer.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A picture that is opened as a page, such as an SVG, is nobody's page.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    // No cache between gives one person's answer to another, or that for one page to a page which
    // may not read it.
    let who = HeaderValue::from_static("Origin, Authorization, Coder-Session-Token, Cookie");
    headers.insert(VARY, who);
    let cache = match content {
        Content::Picture if status.is_success() => "private, max-age=3600",
        Content::Picture | Content::Personal => "no-store",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if content == Content::Personal {
        headers.remove(EXPIRES);
    }
    Ok(headers)
}

/// Tells whether a browser could show an answer as a page.
///
/// Of several types, in one header or in two, a browser takes the last one that it knows.
fn may_be_a_page(answer: &HeaderMap) -> bool {
    let mut types = answer.get_all(CONTENT_TYPE).iter();
    let Some(only) = types.next() else { return false };
    let Ok(text) = only.to_str() else { return true };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_xml = essence.ends_with("+xml") && essence != SVG;
    types.next().is_some() || text.contains(',') || is_xml || PAGES.contains(&&*essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_page_sees_what_is_in_an_answer_and_nothing_about_coder() {
        let answer = headers(&[
            ("content-type", "application/json"),
            ("content-length", "7"),
            ("set-cookie", "csrf_token=x"),
            ("location", "https://evil.example/"),
            ("x-coder-build-version", "v2.38"),
            ("access-control-allow-origin", "*"),
            ("clear-site-data", "\"cookies\""),
            ("service-worker-allowed", "/"),
            ("cache-control", "public, max-age=31536000"),
            ("etag", "x"),
            ("link", "</evil.css>; rel=preload"),
            ("transfer-encoding", "chunked"),
            ("retry-after", "7"),
        ]);
        let cleaned = cleaned(StatusCode::OK, &answer, Content::Personal).unwrap();
        let mut names: Vec<&str> = cleaned.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "cache-control",
                "content-length",
                "content-security-policy",
                "content-type",
                "retry-after",
                "vary",
                "x-content-type-options",
            ]
        );
        assert_eq!(cleaned["cache-control"], "no-store", "one person's answer is kept nowhere");
        assert_eq!(cleaned["content-security-policy"], "sandbox");
    }

    #[test]
    fn a_picture_is_kept_by_the_browser_of_its_reader_only() {
        let svg = headers(&[("content-type", "image/svg+xml"), ("cache-control", "public")]);
        let kept = cleaned(StatusCode::OK, &svg, Content::Picture).unwrap();
        assert_eq!(kept["cache-control"], "private, max-age=3600");
        assert_eq!(kept["content-security-policy"], "sandbox", "an SVG can hold a script");
        let missing = cleaned(StatusCode::NOT_FOUND, &svg, Content::Picture).unwrap();
        assert_eq!(missing["cache-control"], "no-store");
    }

    #[test]
    fn an_answer_that_any_browser_could_take_for_a_page_is_refused() {
        for page in [
            "application/json, text/html",
            "application/octet-stream,text/html",
            "text/xml",
            "application/xml; charset=utf-8",
            "application/rdf+xml",
            "text/xsl",
        ] {
            let refused =
                cleaned(StatusCode::OK, &headers(&[("content-type", page)]), Content::Personal);
            assert_eq!(refused, Err(AnswerError::Page(StatusCode::OK)), "{page}");
        }
        for other in ["image/svg+xml", "application/json; charset=utf-8", "text/plain"] {
            let answer = headers(&[("content-type", other)]);
            assert!(cleaned(StatusCode::OK, &answer, Content::Picture).is_ok(), "{other}");
        }
    }

    #[test]
    fn no_cache_gives_the_answer_for_one_page_to_a_page_of_another_origin() {
        let cleaned = cleaned(StatusCode::OK, &HeaderMap::new(), Content::Picture).unwrap();
        assert!(cleaned["vary"].to_str().unwrap().split(", ").any(|name| name == "Origin"));
    }

    #[test]
    fn a_redirect_is_refused_wherever_it_leads() {
        for code in [301, 302, 303, 307, 308] {
            let status = StatusCode::from_u16(code).unwrap();
            let redirect = headers(&[("location", "https://evil.example/")]);
            let refused = cleaned(status, &redirect, Content::Personal).unwrap_err();
            assert_eq!(refused.status(), StatusCode::BAD_GATEWAY, "{code}");
        }
        assert!(cleaned(StatusCode::NOT_MODIFIED, &HeaderMap::new(), Content::Picture).is_ok());
        let switched =
            cleaned(StatusCode::SWITCHING_PROTOCOLS, &HeaderMap::new(), Content::Personal);
        assert!(switched.is_err());
    }

    #[test]
    fn no_page_runs_on_the_portals_origin_and_none_says_401() {
        for (status, told) in
            [(200, 502), (401, 502), (403, 502), (404, 404), (502, 502), (503, 503)]
        {
            for page in ["text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml"] {
                let mut answer = HeaderMap::new();
                answer.insert(CONTENT_TYPE, HeaderValue::from_str(page).unwrap());
                let status = StatusCode::from_u16(status).unwrap();
                let refused = cleaned(status, &answer, Content::Personal).unwrap_err();
                assert_eq!(refused.status(), told, "{status} {page}");
            }
        }
        let mut two = headers(&[("content-type", "application/json")]);
        two.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        assert!(cleaned(StatusCode::OK, &two, Content::Personal).is_err());
    }
}
