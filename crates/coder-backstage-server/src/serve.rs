//! `coder-backstage serve`: a portal's backend, as its app-config says.

use std::path::Path;
use std::sync::Arc;

use backstage_catalog::ConfiguredCatalog;
use coder_auth::AuthEvent;
use coder_auth::store::AuthStore;
use coder_config::{AppConfig, ConfigSources};
use coder_core::{ReqwestTransport, TokioRuntime, World};
use coder_portal::{Portal, TrustedProxies};

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::page::Page;
use crate::server::Serving;
use crate::telemetry::metrics::{self, Metrics};
use crate::telemetry::{MeasuredTransport, watched};
use crate::user_agent::USER_AGENT;
use crate::{check, configuration, index_store, server, shutdown, store, tls};

/// Serves until the process is asked to stop.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let environment = configuration::process_environment();
    configuration::tell(&configuration::variables_of_node(&environment));
    let sources =
        ConfigSources::new(&configuration::read, &environment).with_files(&args.sources.config);
    let mut config = configuration::load(&sources)?;
    let store = store::open(&mut config.session, &args.data.directory()).await?;
    let runtime = TokioRuntime::current().ok_or(Failure::NoRuntime)?;
    let tls = config.backend.certificate.as_ref().map(tls::acceptor).transpose()?;
    let metrics = Metrics::new();
    let portal = portal(&config, Path::new(""), Arc::clone(&store), &runtime, &metrics)?;
    let listener = server::bind(&config.backend.listen).await?;
    let address = listener.local_addr().map_err(Failure::Serve)?;
    let https = tls.is_some();
    tracing::info!(%address, url = %config.backend.base_url, https, "serving");
    let mut routes = coder_axum::router(portal.clone());
    if let Some(page) = Page::from_config(&config) {
        routes = routes.merge(page.router());
    }
    let proxies = TrustedProxies::new(config.server.trusted_proxies.clone());
    let routes = watched(routes, portal.clone(), proxies, Arc::clone(&metrics));
    let connections = args.max_connections;
    let index = if portal.has_index() {
        Some(index_store::open(&config.session, &args.data.directory()).await?)
    } else {
        None
    };
    let of_metrics = portal.clone();
    metrics::start(&config.server, &metrics, move || of_metrics.clone()).await?;
    let serving = Serving { routes, portal: portal.clone(), tls, runtime, connections, index };
    tokio::select! {
        () = server::run(listener, serving, shutdown::requested()) => Ok(()),
        never = check::watch(&config, &portal, store), if !args.skip_check => match never {},
    }
}

/// Makes the portal that a configuration describes, in the real world. The catalog's files are
/// looked for in `directory`.
pub(crate) fn portal(
    config: &AppConfig,
    directory: &Path,
    store: Arc<dyn AuthStore>,
    runtime: &TokioRuntime,
    metrics: &Arc<Metrics>,
) -> Result<Portal, Failure> {
    let transport = MeasuredTransport::new(ReqwestTransport::new(USER_AGENT)?, Arc::clone(metrics));
    let world = World::native_on(runtime.clone(), transport);
    let configured = ConfiguredCatalog::from_config(config, directory, &world)?;
    configuration::tell(&configured.notices);
    let portal = Portal::builder(config, &world, configured.catalog, store);
    let metrics = Arc::clone(metrics);
    let portal = portal.observer(move |event: &AuthEvent| metrics.count(event));
    Ok(portal.files(&configuration::read).build()?)
}
