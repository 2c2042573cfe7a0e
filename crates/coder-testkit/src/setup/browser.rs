//! Plays the person in front of the browser.

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, StatusCode, header};
use url::Url;

use crate::{Cookies, FakeCoder, FakeUser};

/// The error when Coder did not redirect to the application: the person sees a page on Coder instead.
#[derive(Debug, thiserror::Error)]
#[error("coder answered {status} instead of redirecting: {page}")]
#[non_exhaustive]
pub struct NotRedirected {
    /// The status of Coder's answer.
    pub status: StatusCode,
    /// The page, the JSON, or where else the person was sent.
    pub page: String,
}

impl FakeCoder {
    /// Approves a login: the person opens `authorize_url`, signs in as `user` and presses "Allow".
    /// The result is the URL that Coder sends the browser to: the callback with a code or, since
    /// 2.38, with an error.
    ///
    /// # Errors
    ///
    /// When Coder shows a page instead.
    pub fn approve(
        &self,
        authorize_url: impl AsRef<str>,
        user: &FakeUser,
    ) -> Result<Url, NotRedirected> {
        let target = authorize_url.as_ref();
        let mut browser = Browser::signed_in(self, user);
        let page = match browser.get(target).leads_away()? {
            Ok(url) => return Ok(url),
            Err(page) => page,
        };
        let csrf_token = between(&page, "name=\"csrf_token\" value=\"").unwrap_or_default();
        match browser.post(target, &[("csrf_token", csrf_token)]).leads_away()? {
            Ok(url) => Ok(url),
            Err(page) => Err(NotRedirected { status: StatusCode::OK, page }),
        }
    }

    /// Denies a login: the person opens `authorize_url`, signs in as `user` and presses "Cancel".
    /// The result is the URL that the button leads to.
    ///
    /// # Errors
    ///
    /// When Coder shows no consent page.
    pub fn deny(
        &self,
        authorize_url: impl AsRef<str>,
        user: &FakeUser,
    ) -> Result<Url, NotRedirected> {
        let mut browser = Browser::signed_in(self, user);
        let page = match browser.get(authorize_url.as_ref()).leads_away()? {
            Ok(url) => return Ok(url),
            Err(page) => page,
        };
        cancel_link(&page)
            .and_then(|href| Url::parse(&href.replace("&amp;", "&")).ok())
            .ok_or(NotRedirected { status: StatusCode::OK, page })
    }
}

/// A browser with the cookies of one person.
struct Browser<'a> {
    coder: &'a FakeCoder,
    cookies: Cookies,
}

/// The page that a browser has got: status, where it is sent, and the text.
struct Got {
    status: StatusCode,
    location: Option<String>,
    page: String,
}

impl<'a> Browser<'a> {
    /// Goes through the login page. A user who cannot sign in has no cookie afterwards.
    fn signed_in(coder: &'a FakeCoder, user: &FakeUser) -> Self {
        let mut browser = Self { coder, cookies: Cookies::default() };
        browser.post("/login", &[("user", &user.id.to_string())]);
        browser
    }

    fn get(&mut self, target: &str) -> Got {
        self.send(Request::get(target), String::new())
    }

    fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Got {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            Request::post(target).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form)
    }

    fn send(&mut self, request: http::request::Builder, body: String) -> Got {
        let request = request
            .header(header::COOKIE, self.cookies.header().unwrap_or_default())
            .header("sec-fetch-site", "same-origin")
            .body(Bytes::from(body));
        let response = match request {
            Ok(request) => self.coder.respond(request),
            Err(error) => return Got::nothing(&error.to_string()),
        };
        self.cookies.keep(response.headers());
        let text = |name| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let (status, location) = (response.status(), text(header::LOCATION));
        // Coder's pages are whole when they arrive, so nothing has to be waited for.
        let page = response.into_body().collect(usize::MAX).now_or_never();
        let page = page.and_then(Result::ok).unwrap_or_default();
        Got { status, location, page: String::from_utf8_lossy(&page).into_owned() }
    }
}

impl Got {
    fn nothing(reason: &str) -> Self {
        let page = reason.to_owned();
        Self { status: StatusCode::BAD_REQUEST, location: None, page }
    }

    /// Returns `Ok(Ok(url))` when the browser is sent to another site, `Ok(Err(page))` for a page
    /// that is fine.
    fn leads_away(self) -> Result<Result<Url, String>, NotRedirected> {
        let away = self.location.as_deref().and_then(|location| Url::parse(location).ok());
        match away {
            Some(url) if self.status.is_redirection() => Ok(Ok(url)),
            _ if self.status == StatusCode::OK => Ok(Err(self.page)),
            _ => {
                Err(NotRedirected { status: self.status, page: self.location.unwrap_or(self.page) })
            }
        }
    }
}

/// Finds the link of "Cancel" in a page. The link has an id in newer releases only.
fn cancel_link(page: &str) -> Option<&str> {
    let (before, _) = page.split_once("\">Cancel</a>")?;
    before.rsplit_once("href=\"").map(|(_, href)| href)
}

/// Returns the text between `before` and the next quotation mark.
fn between<'a>(page: &'a str, before: &str) -> Option<&'a str> {
    page.split_once(before)?.1.split_once('"').map(|(found, _)| found)
}
