//! `coder-backstage serve`: a portal's backend, as its app-config says.

use std::time::Duration;

use coder_core::TokioRuntime;
use tokio::sync::watch;

use crate::app::{App, Process};
use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::reload::Operation;
use crate::server::Serving;
use crate::shutdown::Hangups;
use crate::telemetry::metrics::{self, Metrics};
use crate::{activation, configuration, server, shutdown, store};

/// Serves until the process is asked to stop.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), Failure> {
    // From the beginning, since it would end the process.
    let hangups = Hangups::new();
    let mut config = configuration::load_files(&args.sources.config)?;
    let patience = args.patience.wait_for_database();
    let has_keys = !config.session.keys.is_empty();
    let data_directory = args.data.directory();
    let store = store::open_patiently(&mut config.session, &data_directory, patience).await?;
    let own_key = config.session.keys.first().filter(|_| !has_keys).cloned();
    let runtime = TokioRuntime::current().ok_or(Failure::NoRuntime)?;
    let process = Process { store, runtime, metrics: Metrics::new(), data_directory };
    let app = App::new(&config, &process).await?;
    let listener = activation::listener(&config.backend.listen).await?;
    let address = listener.local_addr().map_err(Failure::Serve)?;
    let https = config.backend.certificate.is_some();
    tracing::info!(%address, url = %config.backend.base_url, https, "serving");
    let (portal, present) = watch::channel(app.portal.clone());
    metrics::start(&config.server, &process.metrics, move || present.borrow().clone()).await?;
    let (sender, service) = watch::channel(app.service());
    let connections = args.max_connections;
    let serving = Serving { service, runtime: process.runtime.clone(), connections };
    let phases = shutdown::phases(Duration::from_secs(args.drain.into()));
    let operation = Operation { args, config, own_key, process, app, service: sender, portal };
    server::run(listener, serving, phases.clone(), operation.run(hangups, phases)).await
}
