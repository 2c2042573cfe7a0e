//! A portal, a fake Coder, and browsers that keep cookies.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, SealingKeys};
use coder_core::{
    Body, Clock, Secret, TokioRuntime, Transport, TransportError, TransportErrorKind, World,
};
use coder_testkit::{
    FakeApp, FakeCoder, FakeCoderBuilder, FakeUser, SeededRandom, TestClock, Version,
};
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;
use url::Url;

use crate::storage::Storage;

pub(crate) const PORTAL: &str = "https://portal.example.com";
pub(crate) const CALLBACK: &str = "https://portal.example.com/api/auth/coder/handler/frame";

/// A Coder that a test of the suite is held on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    version: Version,
    /// Requests at its token endpoint overlap, in an order that this seed decides.
    races: Option<u64>,
}

/// Every release a login works on: one request after the other, and with requests that overlap.
pub(crate) fn versions() -> impl Iterator<Item = Release> {
    let usable = Version::ALL.into_iter().filter(|version| *version >= Version::V2_25);
    usable.flat_map(|version| [None, Some(7)].map(|races| Release { version, races }))
}

impl Release {
    pub(crate) fn coder(self) -> FakeCoderBuilder {
        let coder = FakeCoder::builder().version(self.version);
        match self.races {
            Some(seed) => coder.races(seed),
            None => coder,
        }
    }
}

impl From<Version> for Release {
    fn from(version: Version) -> Self {
        Self { version, races: None }
    }
}

impl Deref for Release {
    type Target = Version;

    fn deref(&self) -> &Version {
        &self.version
    }
}

impl PartialEq<Version> for Release {
    fn eq(&self, version: &Version) -> bool {
        self.version == *version
    }
}

impl PartialOrd<Version> for Release {
    fn partial_cmp(&self, version: &Version) -> Option<Ordering> {
        self.version.partial_cmp(version)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.races {
            Some(seed) => write!(formatter, "{} with races ({seed})", self.version),
            None => self.version.fmt(formatter),
        }
    }
}

/// One Coder, one store, and a portal process that uses them.
pub(crate) struct House {
    pub(crate) coder: FakeCoder,
    pub(crate) clock: TestClock,
    pub(crate) app: FakeApp,
    pub(crate) auth: CoderAuth,
    pub(crate) storage: Storage,
    world: World,
    keys: SealingKeys,
    held: Arc<Mutex<Option<Held>>>,
    neighbour: Arc<Mutex<Option<String>>>,
}

/// Another Backstage backend, whose keys this portal may trust.
pub(crate) const NEIGHBOUR: &str = "https://backstage.example.com/api/auth";

/// Gives the scheduler a turn before and after every request, as a network does.
struct Network {
    coder: FakeCoder,
    held: Arc<Mutex<Option<Held>>>,
    /// What the other backend answers: its key set, or nothing.
    neighbour: Arc<Mutex<Option<String>>>,
}

/// The next answer to a request for this path waits until it is let go.
struct Held {
    path: &'static str,
    let_go: oneshot::Receiver<()>,
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        tokio::task::yield_now().await;
        if request.uri().to_string() == format!("{NEIGHBOUR}/.well-known/jwks.json") {
            let keys = self.neighbour.lock().unwrap().clone();
            let keys = keys.ok_or_else(|| TransportError::new(TransportErrorKind::Connect))?;
            return Ok(Response::new(Body::from(keys)));
        }
        let path = request.uri().path().to_owned();
        let answer = self.coder.send(request).await;
        let held = self.held.lock().unwrap().take_if(|held| held.path == path);
        match held {
            Some(held) => held.let_go.await.unwrap(),
            None => tokio::task::yield_now().await,
        }
        answer
    }
}

impl House {
    pub(crate) fn new(release: impl Into<Release>) -> Self {
        Self::with(release, |environment| environment)
    }

    pub(crate) fn current() -> Self {
        Self::new(Version::default())
    }

    pub(crate) fn with(
        release: impl Into<Release>,
        configure: impl Fn(EnvironmentOptions) -> EnvironmentOptions,
    ) -> Self {
        Self::at(release.into().coder(), configure)
    }

    /// A house at a Coder that is set up like this.
    pub(crate) fn at(
        coder: FakeCoderBuilder,
        configure: impl Fn(EnvironmentOptions) -> EnvironmentOptions,
    ) -> Self {
        let clock = TestClock::new();
        let coder = coder.clock(Arc::new(clock.clone())).build();
        let app = coder.add_oauth2_app("backstage", CALLBACK);
        let (held, neighbour) = (Arc::default(), Arc::default());
        let network = Network {
            coder: coder.clone(),
            held: Arc::clone(&held),
            neighbour: Arc::clone(&neighbour),
        };
        let world = World {
            transport: Arc::new(network),
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededRandom::new("portal")),
            runtime: Arc::new(TokioRuntime::current().unwrap()),
        };
        let storage = Storage::new();
        let keys = SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]).unwrap();
        let options = options(environment(&coder, &app), configure);
        let auth = CoderAuth::new(&world, storage.open(), keys.clone(), options);
        Self { coder, clock, app, auth, storage, world, keys, held, neighbour }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Another process of the same portal, on the same store.
    pub(crate) fn replica(&self) -> CoderAuth {
        let options = options(self.environment(), |environment| environment);
        CoderAuth::new(&self.world, self.storage.open(), self.keys.clone(), options)
    }

    /// The process ends, and another one takes its place.
    pub(crate) fn restart(&mut self) {
        self.auth = self.replica();
    }

    /// A portal on the same store, configured by hand.
    pub(crate) fn portal(&self, options: AuthOptions) -> CoderAuth {
        CoderAuth::new(&self.world, self.storage.open(), self.keys.clone(), options)
    }

    /// The portal on a machine with this clock.
    pub(crate) fn portal_at(&self, clock: Arc<dyn Clock>) -> CoderAuth {
        let world = World { clock, ..self.world.clone() };
        let options = options(self.environment(), |environment| environment);
        CoderAuth::new(&world, self.storage.open(), self.keys.clone(), options)
    }

    pub(crate) fn environment(&self) -> EnvironmentOptions {
        environment(&self.coder, &self.app)
    }

    /// A browser, signed in as this user.
    pub(crate) async fn signed_in(&self, user: &FakeUser) -> Browser {
        let mut browser = Browser::new();
        let message = browser.sign_in(self, user).await;
        assert_eq!(message.get("error"), None, "{message}");
        browser
    }

    /// Holds the next answer to a request for this path back, until the result is sent to.
    pub(crate) fn hold_answer(&self, path: &'static str) -> oneshot::Sender<()> {
        let (sender, let_go) = oneshot::channel();
        *self.held.lock().unwrap() = Some(Held { path, let_go });
        sender
    }

    /// What the other backend publishes as its key set; `None` takes it down.
    pub(crate) fn set_neighbour(&self, keys: Option<String>) {
        *self.neighbour.lock().unwrap() = keys;
    }

    /// In seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

fn environment(coder: &FakeCoder, app: &FakeApp) -> EnvironmentOptions {
    EnvironmentOptions::new(coder.url().clone(), &*app.client_id, app.client_secret.clone())
}

fn options(
    environment: EnvironmentOptions,
    configure: impl Fn(EnvironmentOptions) -> EnvironmentOptions,
) -> AuthOptions {
    base_options().environment("development", configure(environment))
}

pub(crate) fn base_options() -> AuthOptions {
    let origins = AllowedOrigins::new(PORTAL.parse().unwrap(), []);
    AuthOptions::new(Url::parse(&format!("{PORTAL}/api/auth")).unwrap(), origins)
}

/// A browser: cookies, and what it sends with them.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: Value,
    pub(crate) retry_after: Option<String>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().method(method).uri(path);
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// Keeps the cookies an answer sets, and drops those it clears.
    pub(crate) fn keep(&mut self, response: &Response<Bytes>) {
        for header in response.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) async fn start_at(&mut self, auth: &CoderAuth, query: &str) -> Response<Bytes> {
        let path = format!("/api/auth/coder/start?{query}");
        let request = self.request("GET", &path).body(Bytes::new()).unwrap();
        let response = read(auth.start(&request)).await;
        self.keep(&response);
        response
    }

    /// Starts a login and gives the URL at Coder.
    pub(crate) async fn start(&mut self, house: &House) -> Url {
        let query = format!("env=development&origin={PORTAL}");
        let response = self.start_at(&house.auth, &query).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{:?}", response.body());
        location(&response)
    }

    /// Comes back from Coder.
    pub(crate) async fn call_back(&mut self, auth: &CoderAuth, url: &Url) -> Response<Bytes> {
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let request = self.request("GET", &path).body(Bytes::new()).unwrap();
        let response = read(auth.callback(&request)).await;
        self.keep(&response);
        response
    }

    /// A whole login; gives the message that the popup posts.
    pub(crate) async fn sign_in(&mut self, house: &House, user: &FakeUser) -> Value {
        let authorize = self.start(house).await;
        let callback = house.coder.approve(&authorize, user).unwrap();
        let response = self.call_back(&house.auth, &callback).await;
        message(&response)
    }

    pub(crate) async fn refresh(&self, house: &House) -> Answer {
        self.refresh_at(&house.auth).await
    }

    pub(crate) async fn refresh_at(&self, auth: &CoderAuth) -> Answer {
        let request = self
            .request("GET", "/api/auth/coder/refresh?optional&env=development")
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL)
            .body(Bytes::new())
            .unwrap();
        answer(&read(auth.refresh(&request)).await)
    }

    pub(crate) async fn log_out(&mut self, house: &House) -> Answer {
        let request = self
            .request("POST", "/api/auth/coder/logout?env=development")
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL)
            .body(Bytes::new())
            .unwrap();
        let response = read(house.auth.logout(&request)).await;
        self.keep(&response);
        answer(&response)
    }
}

/// Reads the body of a response.
pub(crate) async fn read(response: impl Future<Output = Response<Body>>) -> Response<Bytes> {
    let (head, body) = response.await.into_parts();
    Response::from_parts(head, body.collect(1 << 20).await.unwrap())
}

pub(crate) fn answer(response: &Response<Bytes>) -> Answer {
    let retry_after = response.headers().get("retry-after");
    Answer {
        status: response.status(),
        json: serde_json::from_slice(response.body()).unwrap_or_default(),
        retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
    }
}

impl Answer {
    pub(crate) fn access_token(&self) -> &str {
        self.json["providerInfo"]["accessToken"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn message(&self) -> &str {
        self.json["error"]["message"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}

pub(crate) fn location(response: &Response<Bytes>) -> Url {
    Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap()
}

/// The message that the popup page posts, and the origin it posts it to.
pub(crate) fn posted(response: &Response<Bytes>) -> (Value, String) {
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY));
    let html = std::str::from_utf8(response.body()).unwrap();
    let mut literals = html.split("decodeURIComponent('").skip(1).map(|rest| {
        let literal = rest.split('\'').next().unwrap();
        percent_encoding::percent_decode_str(literal).decode_utf8().unwrap().into_owned()
    });
    let message: Value = serde_json::from_str(&literals.next().unwrap()).unwrap();
    assert_eq!(message["type"], "authorization_response");
    (message, literals.next().unwrap())
}

pub(crate) fn message(response: &Response<Bytes>) -> Value {
    posted(response).0
}
