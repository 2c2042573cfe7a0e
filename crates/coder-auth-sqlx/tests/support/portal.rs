//! A portal process on a store, a fake Coder, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use coder_auth::store::AuthStore;
use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, SealingKeys};
use coder_core::{TokioRuntime, Transport, World};
use coder_testkit::{FakeApp, FakeCoder, FakeUser, SeededRandom, TestClock};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use url::Url;

const PORTAL: &str = "https://portal.example.com";

/// A Coder, its clock, and the app of the portal there.
pub(crate) struct House {
    pub(crate) coder: FakeCoder,
    pub(crate) clock: TestClock,
    app: FakeApp,
}

impl House {
    pub(crate) fn new() -> Self {
        let clock = TestClock::new();
        let coder = FakeCoder::builder().clock(Arc::new(clock.clone())).build();
        let callback = format!("{PORTAL}/api/auth/coder/handler/frame");
        let app = coder.add_oauth2_app("backstage", &callback);
        Self { coder, clock, app }
    }

    /// A portal process. Every one draws other random numbers: say its name.
    pub(crate) fn portal(
        &self,
        name: &str,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        transport: impl Transport + 'static,
    ) -> CoderAuth {
        let world = World {
            transport: Arc::new(transport),
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(SeededRandom::new(name)),
            runtime: Arc::new(TokioRuntime::current().unwrap()),
        };
        let origins = AllowedOrigins::new(PORTAL.parse().unwrap(), []);
        let base_url = Url::parse(&format!("{PORTAL}/api/auth")).unwrap();
        let (url, app) = (self.coder.url().clone(), &self.app);
        let coder = EnvironmentOptions::new(url, &*app.client_id, app.client_secret.clone());
        let options = AuthOptions::new(base_url, origins).environment("production", coder);
        CoderAuth::new(&world, store, keys, options)
    }

    /// A browser that has signed in at `portal`.
    pub(crate) async fn signed_in(&self, portal: &CoderAuth, user: &FakeUser) -> Browser {
        let mut browser = Browser::default();
        let authorize = browser.start(portal).await;
        let callback = self.coder.approve(&authorize, user).unwrap();
        browser.call_back(portal, &callback).await;
        assert_eq!(browser.refresh(portal).await.status(), StatusCode::OK);
        browser
    }
}

/// A browser: cookies, and what it sends with them.
#[derive(Clone, Default)]
pub(crate) struct Browser(BTreeMap<String, String>);

impl Browser {
    /// Starts a login; gives the URL of Coder's consent page.
    pub(crate) async fn start(&mut self, portal: &CoderAuth) -> Url {
        let path = format!("/api/auth/coder/start?env=production&origin={PORTAL}");
        let response = portal.start(&self.request(&path)).await;
        self.keep(&response);
        Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap()
    }

    /// Comes back from Coder.
    pub(crate) async fn call_back(&mut self, portal: &CoderAuth, callback: &Url) {
        let path = format!("{}?{}", callback.path(), callback.query().unwrap());
        let response = portal.callback(&self.request(&path)).await;
        self.keep(&response);
    }

    pub(crate) async fn refresh(&self, portal: &CoderAuth) -> Response<Bytes> {
        let path = "/api/auth/coder/refresh?optional&env=production";
        let (head, body) = portal.refresh(&self.request(path)).await.into_parts();
        Response::from_parts(head, body.collect(1 << 20).await.unwrap())
    }

    fn request(&self, path: &str) -> Request<Bytes> {
        let cookies: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(path)
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL)
            .header(COOKIE, cookies.join("; "));
        request.body(Bytes::new()).unwrap()
    }

    fn keep<B>(&mut self, response: &Response<B>) {
        for header in response.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The access token in the answer to a refresh.
pub(crate) fn access_token(response: &Response<Bytes>) -> String {
    let json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{json}");
    json["providerInfo"]["accessToken"].as_str().unwrap().to_owned()
}
