//! What a browser does, without one: redirects, forms, and cookies for each host.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use coder_core::{Transport, with_causes};
use coder_testkit::{Cookies, PopupMessage};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use url::Url;

/// No page of the demo comes near this.
const MAX_PAGE: usize = 1024 * 1024;

/// The reason why a step failed, for people.
pub(super) type Problem = String;

/// Browser profile with its cookies.
pub(super) struct Browser {
    transport: Arc<dyn Transport>,
    cookies: CookiesByHost,
}

/// Cookies of each host, by its name.
pub(super) type CookiesByHost = BTreeMap<String, Cookies>;

/// Response with its whole body.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    /// The URL that was asked for.
    url: Url,
}

impl Browser {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, cookies: BTreeMap::new() }
    }

    /// Returns the cookies of this profile.
    pub(super) fn cookies(&self) -> CookiesByHost {
        self.cookies.clone()
    }

    /// Puts back what it held.
    pub(super) fn keep_cookies(&mut self, cookies: CookiesByHost) {
        self.cookies = cookies;
    }

    /// Opens a page. Redirects within its origin are followed; one that leads away is the answer.
    pub(super) async fn open(&mut self, url: &Url) -> Result<Answer, Problem> {
        let mut answer = self.send(Request::get(url.as_str()), url, Bytes::new()).await?;
        for _ in 0..5 {
            match answer.location() {
                Some(next) if next.origin() == url.origin() => {
                    answer = self.send(Request::get(next.as_str()), &next, Bytes::new()).await?;
                }
                _ => return Ok(answer),
            }
        }
        Err(format!("{} redirects in circles", url.path()))
    }

    /// Submits a form of the page.
    pub(super) async fn submit(
        &mut self,
        url: &Url,
        fields: &[(&str, &str)],
    ) -> Result<Answer, Problem> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(url.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, url, form.into()).await
    }

    /// Asks as a script of the portal's page does.
    pub(super) async fn fetch(&mut self, method: Method, url: &Url) -> Result<Answer, Problem> {
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("x-requested-with", "XMLHttpRequest")
            .header("sec-fetch-site", "same-origin");
        self.send(request, url, Bytes::new()).await
    }

    async fn send(
        &mut self,
        request: http::request::Builder,
        url: &Url,
        body: Bytes,
    ) -> Result<Answer, Problem> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let cookies = self.cookies.entry(host).or_default();
        let request = match cookies.header() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        };
        let request = request.body(body).map_err(|error| with_causes(&error))?;
        let unanswered = |error| format!("{} did not answer: {}", url.path(), with_causes(&error));
        let (head, body) = self.transport.send(request).await.map_err(unanswered)?.into_parts();
        let text = body.collect(MAX_PAGE).await.map_err(unanswered)?;
        cookies.keep(&head.headers);
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8_lossy(&text).into_owned(),
            url: url.clone(),
        })
    }
}

impl Answer {
    /// Returns the answer if it has this status. The error is what the answer says.
    pub(super) fn expect(self, status: u16) -> Result<Self, Problem> {
        if self.status == status {
            return Ok(self);
        }
        let said = self.json().ok();
        let message = said.as_ref().and_then(|body| body.pointer("/error/message")?.as_str());
        Err(format!(
            "{} answered {} instead of {status}: {}",
            self.url.path(),
            self.status.as_u16(),
            message.unwrap_or("no message")
        ))
    }

    /// Returns the URL that the browser is sent to.
    pub(super) fn location(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        self.status.is_redirection().then(|| self.url.join(location).ok()).flatten()
    }

    /// Returns the `Set-Cookie` header of the cookie with this name.
    pub(super) fn set_cookie(&self, name: &str) -> Option<&str> {
        let cookies =
            self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies.into_iter().find(|cookie| cookie.split('=').next() == Some(name))
    }

    pub(super) fn json(&self) -> Result<Value, Problem> {
        serde_json::from_str(&self.text).map_err(|_| format!("{} sent no JSON", self.url.path()))
    }

    /// Returns the value of the hidden form field of this name.
    pub(super) fn hidden_field(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split('"').next()
    }

    /// Returns the message that a popup's page posts.
    pub(super) fn posted(&self) -> Result<PopupMessage, Problem> {
        let posted = PopupMessage::from_page(&self.text);
        posted.ok_or_else(|| "the callback's page posts no message".to_owned())
    }
}
