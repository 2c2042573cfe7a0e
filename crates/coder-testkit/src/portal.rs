//! The login of a portal in this process.

use std::sync::Arc;

use bytes::Bytes;
use coder_auth::store::AuthStore;
use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, SealingKeys};
use coder_core::{Body, Origin, Secret, TokioRuntime, Transport, World};
use http::{Request, Response};
use url::Url;

use crate::misuse::misuse;
use crate::{
    Browser, FakeApp, FakeCoder, FakeCoderBuilder, FakeUser, SeededRandom, Site, TestClock,
};

/// A fake Coder with the application of a portal at [`Browser::PORTAL`], and the clock that both
/// share.
///
/// Each [`process`](Self::process) is a `CoderAuth` of that portal.
#[derive(Clone, Debug)]
pub struct TestPortal {
    /// The deployment that people sign in at.
    pub coder: FakeCoder,
    /// Clock of the deployment and of every process.
    pub clock: TestClock,
    /// Application of the portal at the deployment.
    pub app: FakeApp,
    /// Keys that every process seals with.
    pub keys: SealingKeys,
}

impl TestPortal {
    /// Redirect URI of the portal.
    pub const CALLBACK: &str = "https://portal.example.com/api/auth/coder/handler/frame";

    /// Sets up a deployment with the portal's application.
    #[track_caller]
    pub fn new(coder: FakeCoderBuilder) -> Self {
        let clock = TestClock::new();
        let coder = coder.clock(Arc::new(clock.clone())).build();
        let app = coder.add_oauth2_app("backstage", Self::CALLBACK);
        match SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]) {
            Ok(keys) => Self { coder, clock, app, keys },
            Err(error) => misuse(&error.to_string()),
        }
    }

    /// Returns the options of the portal, still without an environment.
    #[track_caller]
    pub fn options() -> AuthOptions {
        let base_url = Url::parse(&format!("{}/api/auth", Browser::PORTAL));
        match (base_url, Browser::PORTAL.parse::<Origin>()) {
            (Ok(base_url), Ok(origin)) => {
                AuthOptions::new(base_url, AllowedOrigins::new(origin, []))
            }
            (base_url, origin) => misuse(&format!("{base_url:?} and {origin:?}")),
        }
    }

    /// Returns the options of the portal's application at the deployment.
    pub fn environment(&self) -> EnvironmentOptions {
        let app = &self.app;
        EnvironmentOptions::new(
            self.coder.url().clone(),
            &*app.client_id,
            app.client_secret.clone(),
        )
    }

    /// Returns the world of a process, which reaches Coder through `transport`.
    ///
    /// Each process needs a name of its own, because the name decides its random numbers.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[track_caller]
    pub fn world(&self, name: &str, transport: impl Transport + 'static) -> World {
        let Some(runtime) = TokioRuntime::current() else { misuse("this needs a Tokio runtime") };
        World {
            transport: Arc::new(transport),
            clock: Arc::new(self.clock.clone()),
            random: Arc::new(SeededRandom::new(name)),
            runtime: Arc::new(runtime),
        }
    }

    /// Starts a process of the portal with the environment `development`.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    #[track_caller]
    pub fn process(
        &self,
        name: &str,
        store: Arc<dyn AuthStore>,
        transport: impl Transport + 'static,
    ) -> CoderAuth {
        let options = Self::options().environment("development", self.environment());
        CoderAuth::new(&self.world(name, transport), store, self.keys.clone(), options)
    }

    /// Returns a browser that has started a login, and where Coder sends it once `user` allows it.
    pub async fn consented(&self, process: &impl Site, user: &FakeUser) -> (Browser, Url) {
        let mut browser = Browser::new();
        let authorize = browser.start(process).await;
        match self.coder.approve(&authorize, user) {
            Ok(callback) => (browser, callback),
            Err(error) => misuse(&error.to_string()),
        }
    }

    /// Returns a browser that has signed in as `user`.
    pub async fn signed_in(&self, process: &impl Site, user: &FakeUser) -> Browser {
        let mut browser = Browser::new();
        let message = browser.sign_in(process, &self.coder, user).await;
        match message.get("error") {
            Some(error) => misuse(&format!("the login fails: {error}")),
            None => browser,
        }
    }
}

impl Default for TestPortal {
    #[track_caller]
    fn default() -> Self {
        Self::new(FakeCoder::builder())
    }
}

impl Site for CoderAuth {
    async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        match self.local_path(request.uri().path()) {
            "/coder/start" => self.start(&request).await,
            "/coder/refresh" => self.refresh(&request).await,
            "/coder/logout" => self.logout(&request).await,
            path if path.starts_with("/coder/handler/frame") => self.callback(&request).await,
            path => misuse(&format!("a browser does not ask for {path}")),
        }
    }
}
