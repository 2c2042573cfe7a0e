//! A portal at a fake Coder, whose network and neighbours a test decides.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use coder_auth::{AuthOptions, CoderAuth, EnvironmentOptions};
use coder_core::{Body, Clock, Transport, TransportError, TransportErrorKind, World};
use coder_testkit::{
    FakeCoder, FakeCoderBuilder, FakeUser, PopupMessage, Site, TestPortal, Version,
};
use http::header::CONTENT_SECURITY_POLICY;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;
use url::Url;

pub(crate) use coder_testkit::{Answer, Browser};

use crate::storage::Storage;

pub(crate) const PORTAL: &str = Browser::PORTAL;
pub(crate) const CALLBACK: &str = TestPortal::CALLBACK;

/// A Coder that a test of the suite is held on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    version: Version,
    /// Requests at its token endpoint overlap, in an order that this seed decides.
    races: Option<u64>,
}

/// Returns every release a login works on: one request after the other, and with requests that
/// overlap.
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

/// One portal with one store, and a process that uses them.
pub(crate) struct House {
    portal: TestPortal,
    pub(crate) auth: CoderAuth,
    pub(crate) storage: Storage,
    world: World,
    held: Arc<Mutex<Option<Held>>>,
    neighbour: Arc<Mutex<Option<String>>>,
}

impl Deref for House {
    type Target = TestPortal;

    fn deref(&self) -> &TestPortal {
        &self.portal
    }
}

impl Site for House {
    async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        self.auth.answer(request).await
    }
}

/// Another Backstage backend, whose keys this portal may trust.
pub(crate) const NEIGHBOUR: &str = "https://backstage.example.com/api/auth";

/// Network that gives the scheduler a turn before and after every request.
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

    /// Makes a house at a Coder that is set up like this.
    pub(crate) fn at(
        coder: FakeCoderBuilder,
        configure: impl Fn(EnvironmentOptions) -> EnvironmentOptions,
    ) -> Self {
        let portal = TestPortal::new(coder);
        let held = Arc::default();
        let neighbour = Arc::default();
        let network = Network {
            coder: portal.coder.clone(),
            held: Arc::clone(&held),
            neighbour: Arc::clone(&neighbour),
        };
        let world = portal.world("portal", network);
        let storage = Storage::new();
        let options = options(portal.environment(), configure);
        let auth = CoderAuth::new(&world, storage.open(), portal.keys.clone(), options);
        Self { portal, auth, storage, world, held, neighbour }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Makes another process of the same portal, on the same store.
    pub(crate) fn replica(&self) -> CoderAuth {
        let options = options(self.environment(), |environment| environment);
        CoderAuth::new(&self.world, self.storage.open(), self.keys.clone(), options)
    }

    /// Ends the process and puts another one in its place.
    pub(crate) fn restart(&mut self) {
        self.auth = self.replica();
    }

    /// Makes a portal on the same store, configured by hand.
    pub(crate) fn portal(&self, options: AuthOptions) -> CoderAuth {
        CoderAuth::new(&self.world, self.storage.open(), self.keys.clone(), options)
    }

    /// Makes the portal on a machine with this clock.
    pub(crate) fn portal_at(&self, clock: Arc<dyn Clock>) -> CoderAuth {
        let world = World { clock, ..self.world.clone() };
        let options = options(self.environment(), |environment| environment);
        CoderAuth::new(&world, self.storage.open(), self.keys.clone(), options)
    }

    /// Makes a browser that has started a login, and returns where Coder sends it as this user
    /// allows it.
    pub(crate) async fn consented(&self, user: &FakeUser) -> (Browser, Url) {
        self.portal.consented(self, user).await
    }

    /// Makes a browser that is signed in as this user.
    pub(crate) async fn signed_in(&self, user: &FakeUser) -> Browser {
        self.portal.signed_in(self, user).await
    }

    /// Holds the next answer to a request for this path back, until the result is sent to.
    pub(crate) fn hold_answer(&self, path: &'static str) -> oneshot::Sender<()> {
        let (sender, let_go) = oneshot::channel();
        *self.held.lock().unwrap() = Some(Held { path, let_go });
        sender
    }

    /// Sets what the other backend publishes as its key set; `None` takes it down.
    pub(crate) fn set_neighbour(&self, keys: Option<String>) {
        *self.neighbour.lock().unwrap() = keys;
    }

    /// Returns the time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

pub(crate) fn options(
    environment: EnvironmentOptions,
    configure: impl Fn(EnvironmentOptions) -> EnvironmentOptions,
) -> AuthOptions {
    base_options().environment("development", configure(environment))
}

pub(crate) fn base_options() -> AuthOptions {
    TestPortal::options()
}

/// Reads the body of a response.
pub(crate) async fn read(response: impl Future<Output = Response<Body>>) -> Answer {
    Answer::read(response.await).await
}

/// Returns the message that the popup page posts, and the origin it posts it to.
pub(crate) fn posted(answer: &Answer) -> (Value, String) {
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key(CONTENT_SECURITY_POLICY));
    let PopupMessage { message, origin, .. } = answer.posted();
    assert_eq!(message["type"], "authorization_response");
    (message, origin)
}

pub(crate) fn message(answer: &Answer) -> Value {
    posted(answer).0
}
