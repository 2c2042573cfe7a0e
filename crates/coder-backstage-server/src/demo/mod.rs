//! `coder-backstage demo`: everything on this machine, with a fake Coder.
//!
//! The configuration and the catalog are files in a temporary directory, read as `serve` would
//! read them; only the environment variables they refer to are made up.

mod browser;
mod files;
mod report;
mod scene;
mod setup;
mod smoke;

use std::sync::Arc;
use std::time::Duration;

use coder_auth::MemoryAuthStore;
use coder_config::Listen;
use coder_core::TokioRuntime;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::{App, Process};
use crate::args::DemoArgs;
use crate::drain::{Phase, Phases};
use crate::failure::Failure;
use crate::page::Page;
use crate::server::Serving;
use crate::telemetry::metrics::Metrics;
use crate::{server, shutdown};
use setup::Demo;

/// Below the sign-in button.
const NOTE: &str = "This is a demo, and the Coder behind it is a fake: be alice or bob, \
                    no password needed.";

/// Serves the demo until the process is asked to stop, or plays it through.
pub(crate) async fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let listener = listen(args.port).await?;
    let demo = Demo::set_up(&listener, args.public_url.clone()).await?;
    let store = Arc::new(MemoryAuthStore::new());
    let runtime = TokioRuntime::current().ok_or(Failure::NoRuntime)?;
    let data_directory = demo.directory.path().to_owned();
    let process = Process { store, runtime, metrics: Metrics::new(), data_directory };
    let portal = process.portal(&demo.config, demo.directory.path())?;
    let page = Page::from_config(&demo.config).map(|page| page.with_note(NOTE));
    let app = App::with_page(portal, page);
    let (_service, service) = watch::channel(app.service());
    let serving = Serving { service, runtime: process.runtime, connections: server::CONNECTIONS };
    if args.smoke {
        let (phase, phases) = Phases::new();
        let played = async {
            let outcome = smoke::run(&demo).await;
            app.portal.close_streams();
            phase.send_replace(Phase::Closed);
            outcome
        };
        let outcome = server::run(listener, serving, phases, played).await?;
        outcome.map_err(|_| Failure::Smoke)
    } else {
        demo.announce();
        if args.register {
            let taken = listener.local_addr().map_err(Failure::Serve)?.port();
            demo.announce_registration(taken);
        }
        let phases = shutdown::phases(Duration::ZERO);
        let closed = async {
            phases.reached(Phase::Closed).await;
            app.portal.close_streams();
        };
        server::run(listener, serving, phases.clone(), closed).await
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
