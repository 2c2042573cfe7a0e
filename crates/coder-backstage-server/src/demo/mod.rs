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

use coder_auth::MemoryAuthStore;
use coder_config::Listen;
use coder_core::TokioRuntime;
use tokio::net::TcpListener;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::page::Page;
use crate::server::Serving;
use crate::telemetry::metrics::Metrics;
use crate::{serve, server, shutdown};
use setup::Demo;

/// Below the sign-in button.
const NOTE: &str = "This is a demo, and the Coder behind it is a fake: be alice or bob, \
                    no password needed.";

/// Serves the demo until the process is asked to stop, or plays it through.
pub(crate) async fn demo(args: &DemoArgs) -> Result<(), Failure> {
    let listener = listen(args.port).await?;
    let demo = Demo::set_up(&listener).await?;
    let store = Arc::new(MemoryAuthStore::new());
    let runtime = TokioRuntime::current().ok_or(Failure::NoRuntime)?;
    let portal =
        serve::portal(&demo.config, demo.directory.path(), store, &runtime, &Metrics::new())?;
    let page = Page::from_config(&demo.config).map(|page| page.with_note(NOTE).router());
    let routes = coder_axum::router(portal.clone()).merge(page.unwrap_or_default());
    let connections = server::CONNECTIONS;
    let serving = Serving { routes, portal, tls: None, runtime, connections, index: None };
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
        if args.register {
            demo.announce_registration();
        }
        server::run(listener, serving, shutdown::requested()).await;
        Ok(())
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
