//! The demo's world: a fake Coder, files, and the configuration read from them.

use std::sync::Arc;
use std::time::Duration;

use coder_config::{AppConfig, ConfigSources, Environment};
use coder_core::{OsRandom, ReqwestTransport, SystemClock, Transport};
use coder_testkit::{FakeCoder, FakeServer, Pace};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use super::files;
use super::report::print;
use super::scene::Scene;
use crate::configuration;
use crate::failure::Failure;

/// The time of each step of a build at the fake: long enough to be seen.
const STEP: Duration = Duration::from_secs(4);

/// The port of a portal of one's own, beside the demo's: Backstage's, or the next one if the demo
/// has that.
const PRACTICE_PORT: u16 = 7007;

/// The demo's world, ready to be served.
pub(super) struct Demo {
    /// Where the portal is, as browsers name it.
    pub(super) url: Url,
    pub(super) config: AppConfig,
    pub(super) scene: Scene,
    /// How the smoke run's browser reaches everything.
    pub(super) transport: Arc<dyn Transport>,
    /// The fake's socket, which closes with this.
    _fake: FakeServer,
    /// The demo's files, which go with this.
    pub(super) directory: TempDir,
}

impl Demo {
    /// Sets up the world of a portal that `listener` serves, and that browsers find at `public_url` if
    /// there is one.
    pub(super) async fn set_up(
        listener: &TcpListener,
        public_url: Option<Url>,
    ) -> Result<Self, Failure> {
        let failed = |what, source| Failure::Demo { what, source };
        let port = listener.local_addr().map_err(Failure::Serve)?.port();
        let url = match public_url {
            Some(url) => url,
            None => Url::parse(&format!("http://localhost:{port}/"))
                .map_err(|error| failed("its URL is none", error.into()))?,
        };

        let builder = FakeCoder::builder()
            .clock(Arc::new(SystemClock))
            .random(Arc::new(OsRandom))
            .pace(Pace::every(STEP));
        let fake = FakeServer::start(builder)
            .await
            .map_err(|error| failed("the fake Coder does not start", error.into()))?;
        let callback_url = format!("{url}api/auth/coder/handler/frame");
        let scene = Scene::set(fake.coder().clone(), &callback_url);

        let unwritten = |error: std::io::Error| failed("its files cannot be written", error.into());
        let directory = tempfile::Builder::new().prefix("coder-backstage-demo-").tempdir();
        let directory = directory.map_err(unwritten)?;
        files::write_to(directory.path()).map_err(unwritten)?;
        let environment = Environment::from_iter([
            ("PORTAL_URL", url.as_str().trim_end_matches('/')),
            ("PORTAL_PORT", &port.to_string()),
            ("CODER_DEPLOYMENT_URL", scene.coder.url().as_str()),
            ("CODER_OAUTH_CLIENT_ID", &scene.app.client_id),
            ("CODER_OAUTH_CLIENT_SECRET", scene.app.client_secret.expose()),
        ]);
        let path = directory.path().to_string_lossy();
        let sources = ConfigSources::new(&configuration::read, &environment);
        let config = configuration::load(&sources.in_directory(&path))?;
        let transport = Arc::new(ReqwestTransport::new("coder-backstage-smoke")?);
        Ok(Self { url, config, scene, transport, _fake: fake, directory })
    }

    /// Returns the URL of the fake Coder.
    pub(super) fn coder_url(&self) -> Url {
        self.scene.coder.url().endpoint([])
    }

    pub(super) fn announce(&self) {
        print("");
        print(&format!("  The portal:      {}", self.url));
        print(&format!("  The fake Coder:  {}", self.scene.coder.url()));
        print(&format!("  Its files:       {}", self.directory.path().display()));
        print("");
        print("  Sign in as alice or bob. Ctrl-C ends the demo and removes its files.");
        print("");
    }

    /// Adds an owner to the fake Coder, and prints how a portal at another port than `taken` is
    /// registered by the token of that owner.
    pub(super) fn announce_registration(&self, taken: u16) {
        let owner = self.scene.coder.add_owner("owner");
        let port = if taken == PRACTICE_PORT { PRACTICE_PORT + 1 } else { PRACTICE_PORT };
        print("  To register a portal of your own at this Coder, by the token of its owner:");
        print("");
        print(&format!("export CODER_SESSION_TOKEN={}", owner.session_token.expose()));
        print(&format!(
            "coder-backstage register --deployment-url {} --backend-url http://localhost:{port}",
            self.scene.coder.url()
        ));
        print("");
    }
}
