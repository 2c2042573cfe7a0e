//! The browser of a person at a portal.

mod answer;
mod cookies;
mod popup;
mod site;

pub use answer::Answer;
pub use cookies::Cookies;
pub use popup::PopupMessage;
pub use site::Site;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use http::{Request, Response, StatusCode, request};
use serde_json::Value;
use url::Url;

use crate::misuse::misuse;
use crate::{FakeCoder, FakeUser};

/// Browser of one person, on a page of a portal: cookies, and the requests that carry them.
///
/// It is a value that knows no network. [`request`](Self::request) and
/// [`script_request`](Self::script_request) make what is sent, [`keep`](Self::keep) takes the cookies
/// of what came back. The other methods do both at a [`Site`], and fail the test if that does not
/// do what a login needs.
///
/// ```
/// use bytes::Bytes;
/// use coder_core::Body;
/// use coder_testkit::Browser;
/// use http::{Request, Response};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let site = |request: Request<Bytes>| async move {
///     let cookies = request.headers().get("cookie").map(|cookies| cookies.to_str().unwrap().to_owned());
///     let answer = Response::builder().header("set-cookie", "a=1; Path=/; HttpOnly");
///     answer.body(Body::from(cookies.unwrap_or_default())).unwrap()
/// };
/// let mut browser = Browser::new();
/// assert_eq!(browser.navigate(&site, "/").await.body(), "");
/// assert_eq!(browser.navigate(&site, "/").await.body(), "a=1");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Browser {
    /// Cookies of the portal.
    pub cookies: Cookies,
    origin: String,
    environment: String,
}

impl Browser {
    /// Origin of the portal, if no other one is set.
    pub const PORTAL: &str = "https://portal.example.com";

    /// Creates a browser without cookies, at [`Self::PORTAL`] and its environment `development`.
    pub fn new() -> Self {
        Self {
            cookies: Cookies::default(),
            origin: Self::PORTAL.to_owned(),
            environment: "development".to_owned(),
        }
    }

    /// Sets the origin of the portal's pages.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), ..self }
    }

    /// Sets the name of the environment that logins, refreshes and logouts ask for.
    #[must_use]
    pub fn environment(self, environment: impl Into<String>) -> Self {
        Self { environment: environment.into(), ..self }
    }

    /// Begins a request as a navigation sends it: with the cookies.
    pub fn request(&self, method: &str, target: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(target);
        match self.cookies.header() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }

    /// Begins a request as a script of the portal's pages sends it.
    pub fn script_request(&self, method: &str, target: &str) -> request::Builder {
        let request = self.request(method, target);
        request.header("x-requested-with", "XMLHttpRequest").header(ORIGIN, &self.origin)
    }

    /// Keeps the cookies that a response sets, and drops those that it clears.
    pub fn keep<B>(&mut self, response: &Response<B>) {
        self.cookies.keep(response.headers());
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn send(
        &mut self,
        site: &impl Site,
        request: request::Builder,
        body: impl Into<Bytes>,
    ) -> Answer {
        let answer = Answer::to(site, request, body).await;
        self.keep(&answer);
        answer
    }

    /// Opens a page of the site.
    pub async fn navigate(&mut self, site: &impl Site, target: &str) -> Answer {
        self.send(site, self.request("GET", target), Bytes::new()).await
    }

    /// Submits a form of a page of the site.
    pub async fn submit(
        &mut self,
        site: &impl Site,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .request("POST", target)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(site, request, form).await
    }

    /// Asks as a script of the portal's pages does. The cookies stay as they are.
    pub async fn ajax(&self, site: &impl Site, method: &str, target: &str) -> Answer {
        Answer::to(site, self.script_request(method, target), Bytes::new()).await
    }

    /// Starts a login and returns the URL of Coder's consent page.
    pub async fn start(&mut self, site: &impl Site) -> Url {
        let query = format!("env={}&origin={}", self.environment, self.origin);
        let answer = self.start_with(site, &query).await;
        if answer.status() != StatusCode::FOUND {
            misuse(&format!("no login starts: {answer:?}"));
        }
        answer.location()
    }

    /// Starts a login with this query.
    pub async fn start_with(&mut self, site: &impl Site, query: &str) -> Answer {
        self.navigate(site, &format!("/api/auth/coder/start?{query}")).await
    }

    /// Comes back from Coder to the portal.
    pub async fn call_back(&mut self, site: &impl Site, callback: &Url) -> Answer {
        let target = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
        self.navigate(site, &target).await
    }

    /// Signs in as `user`, and returns the message that the popup posts.
    pub async fn sign_in(&mut self, site: &impl Site, coder: &FakeCoder, user: &FakeUser) -> Value {
        let authorize = self.start(site).await;
        match coder.approve(&authorize, user) {
            Ok(callback) => self.call_back(site, &callback).await.posted().message,
            Err(error) => misuse(&error.to_string()),
        }
    }

    /// Asks for the session. The cookies stay as they are.
    pub async fn refresh(&self, site: &impl Site) -> Answer {
        let target = format!("/api/auth/coder/refresh?optional&env={}", self.environment);
        self.ajax(site, "GET", &target).await
    }

    /// Signs out of the portal.
    pub async fn log_out(&mut self, site: &impl Site) -> Answer {
        let target = format!("/api/auth/coder/logout?env={}", self.environment);
        self.send(site, self.script_request("POST", &target), Bytes::new()).await
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}
