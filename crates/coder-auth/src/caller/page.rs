//! Pages that a browser navigates to: whose cookie counts, and what strangers are answered.

use coder_core::{Body, join_path};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, X_FRAME_OPTIONS};
use http::request::Parts as RequestHead;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use url::Url;

use crate::caller::user::SentBy;
use crate::error::{AuthError, AuthErrorKind};
use crate::http::error::RequestError;
use crate::http::headers::requested_with;
use crate::http::response::{self, ErrorResponse};
use crate::parts::Parts;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Loads the same page again, now from a page of this origin.
const RELOAD: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\"><title>One moment</title>";

/// Reasons why a page has no caller.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever serves a page has to decide about each of them"
)]
pub enum PageError {
    /// Nobody is signed in, or only a new login helps.
    #[error("nobody is signed in")]
    Login {
        /// URL that starts the login, which ends at the page.
        url: Url,
    },
    /// A page of another site has led the browser here, so the session cookie does not count yet.
    #[error("a page of another site has led here")]
    OtherSite,
    /// The request has failed for another reason.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// Finds out who has sent the request for a page.
pub(crate) fn sender(method: &Method, headers: &HeaderMap) -> Result<SentBy, PageError> {
    if !is_safe(method) {
        return Ok(SentBy::Script);
    }
    match only(headers, &SITE) {
        Some(b"same-origin" | b"none") => Ok(SentBy::Navigation),
        // What another site frames or embeds is not let in.
        Some(_) if navigates_to_document(headers) => Err(PageError::OtherSite),
        Some(_) | None => Ok(SentBy::Script),
    }
}

/// Tells whether a request with this method changes nothing (RFC 9110 §9.2.1).
fn is_safe(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn navigates_to_document(headers: &HeaderMap) -> bool {
    only(headers, &MODE) == Some(b"navigate") && only(headers, &DESTINATION) == Some(b"document")
}

/// Tells whether a person waits for a page, and no script for an answer.
fn is_for_a_person(request: &RequestHead) -> bool {
    let headers = &request.headers;
    is_safe(&request.method)
        && !requested_with(headers)
        && matches!(only(headers, &MODE), None | Some(b"navigate"))
}

/// Tells whether a login has ended at this page without success: another one might do so as well,
/// and the browser would go round in circles.
fn tells_of_a_failed_login(request: &RequestHead) -> bool {
    let query = request.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "error")
}

/// Returns the value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    Some(value.as_bytes())
}

impl PageError {
    /// Decides what a page without a caller answers.
    pub(crate) fn new(
        error: AuthError,
        request: &RequestHead,
        environment: Option<&str>,
        parts: &Parts,
    ) -> Self {
        if !is_for_a_person(request) {
            return Self::Auth(error);
        }
        if error.needs_login() && !tells_of_a_failed_login(request) {
            return match parts.environments.named_or_only(environment) {
                Ok(environment) => Self::Login { url: login(parts, &environment.name, request) },
                Err(error) => Self::Auth(error.into()),
            };
        }
        let lacks_header =
            matches!(error.kind(), AuthErrorKind::Request(RequestError::MissingRequestedWith));
        if lacks_header && !request.headers.contains_key(&SITE) {
            // A login would end here again.
            return Self::Auth(RequestError::UnknownSite.into());
        }
        Self::Auth(error)
    }

    /// Makes the response to a request with this method and path: 303 to the login, a page that
    /// loads itself again, or Backstage's error body.
    pub fn to_response(&self, method: &Method, path: &str) -> Response<Body> {
        match self {
            Self::Login { url } => {
                let mut response = response::empty(StatusCode::SEE_OTHER);
                // A serialised URL is ASCII without control characters: always a valid header.
                if let Ok(location) = HeaderValue::try_from(url.as_str()) {
                    response.headers_mut().insert(LOCATION, location);
                }
                response
            }
            Self::OtherSite => {
                let mut response = response::empty(StatusCode::OK);
                let headers = response.headers_mut();
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                headers.insert(CONTENT_TYPE, html);
                let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
                headers.insert(CONTENT_SECURITY_POLICY, policy);
                headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("deny"));
                if *method != Method::HEAD {
                    *response.body_mut() = Body::from(RELOAD);
                }
                response
            }
            Self::Auth(error) => ErrorResponse::from(error).to_response(method, path),
        }
    }
}

/// Returns the URL that starts a login in this environment and leads back to the page.
fn login(parts: &Parts, environment: &str, request: &RequestHead) -> Url {
    let mut here = parts.base_url.clone();
    here.set_path(request.uri.path());
    here.set_query(request.uri.query());
    let mut url = join_path(&parts.base_url, "coder/start");
    url.query_pairs_mut()
        .append_pair("env", environment)
        .append_pair("flow", "redirect")
        .append_pair("redirectUrl", here.as_str());
    url
}
