//! `coder-backstage demo`: everything on this machine, with a fake Coder.
//!
//! The configuration and the catalog are files in a temporary directory, read as `serve` would
//! read them; only the environment variables they refer to are made up.

mod browser;
mod files;
mod report;
mod scene;
mod smoke;

use std::sync::Arc;
use std::time::Duration;

use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigSources, Environment, Listen};
use coder_core::{OsRandom, ReqwestTransport, SystemClock, TokioRuntime, Transport};
use coder_testkit::{FakeCoder, FakeServer, Pace};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::page::Page;
use crate::server::Serving;
use crate::{configuration, serve, server, shutdown};
use report::print;
use scene::Scene;

/// Below the sign-in button.
const NOTE: &str = "This is a demo, and the Coder behind it is a fake: be alice or bob, \
                    no password needed.";

/// How long each step of a build takes at the fake: long enough to be seen.
const STEP: Duration = Duration::from_secs(4);

/// Serves the demo until the process is asked to stop, or plays it through.
pub(crate) async fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let listener = listen(args.port).await?;
    let demo = Demo::set_up(&listener).await?;
    let store = Arc::new(MemoryAuthStore::new());
    let runtime = TokioRuntime::current().ok_or(Failure::NoRuntime)?;
    let portal = serve::portal(&demo.config, demo.directory.path(), store, &runtime)?;
    let page = Page::of(&demo.config).map(|page| page.with_note(NOTE).router());
    let routes = coder_axum::router(portal.clone()).merge(page.unwrap_or_default());
    let connections = server::CONNECTIONS;
    let serving = Serving { routes, portal, runtime, connections };
    if args.smoke {
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let stop = async move { drop(ended.await) };
        let serving = tokio::spawn(server::run(listener, serving, stop));
        let outcome = smoke::run(&demo).await;
        drop(end);
        serving.await.map_err(|error| Failure::Serve(error.into()))?;
        outcome.map_err(|_| Failure::Smoke)
    } else {
        demo.announce();
        server::run(listener, serving, shutdown::requested()).await;
        Ok(())
    }
}

/// The demo's world, ready to be served.
struct Demo {
    /// Where the portal is, as browsers name it.
    url: Url,
    config: AppConfig,
    scene: Scene,
    /// How the smoke run's browser reaches everything.
    transport: Arc<dyn Transport>,
    /// The fake's socket, which closes with this.
    _fake: FakeServer,
    /// Its files, which go with this.
    directory: TempDir,
}

impl Demo {
    async fn set_up(listener: &TcpListener) -> Result<Self, Failure> {
        let failed = |what, source| Failure::Demo { what, source };
        let port = listener.local_addr().map_err(Failure::Serve)?.port();
        let url = format!("http://localhost:{port}/");
        let url = Url::parse(&url).map_err(|error| failed("its URL is none", error.into()))?;

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

    /// Where the fake is.
    fn coder_url(&self) -> Url {
        self.scene.coder.url().endpoint([])
    }

    fn announce(&self) {
        print("");
        print(&format!("  The portal:      {}", self.url));
        print(&format!("  The fake Coder:  {}", self.scene.coder.url()));
        print(&format!("  Its files:       {}", self.directory.path().display()));
        print("");
        print("  Sign in as alice or bob. Ctrl-C ends the demo and removes its files.");
        print("");
    }
}

/// Takes this port. Without one it takes Backstage's, or a free one when that is taken.
async fn listen(port: Option<u16>) -> Result<TcpListener, Failure> {
    let mut listen = Listen::default();
    listen.host = Some("localhost".to_owned());
    listen.port = port.unwrap_or(listen.port);
    match server::bind(&listen).await {
        Err(_) if port.is_none() => {
            listen.port = 0;
            server::bind(&listen).await
        }
        bound => bound,
    }
}
