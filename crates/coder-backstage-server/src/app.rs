//! The server that one configuration makes: a portal with its page, its certificate, its sweeper and the
//! reader of its index.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use backstage_catalog::ConfiguredCatalog;
use coder_auth::AuthEvent;
use coder_auth::store::AuthStore;
use coder_config::AppConfig;
use coder_core::{ReqwestTransport, TokioRuntime, World};
use coder_portal::{Portal, TrustedProxies};
use coder_workspaces::index::IndexStore;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::page::Page;
use crate::server::Service;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{MeasuredTransport, watched};
use crate::user_agent::USER_AGENT;
use crate::{configuration, index_store, tls};

/// The parts of a process that stay when its configuration is read again.
pub(crate) struct Process {
    pub(crate) store: Arc<dyn AuthStore>,
    pub(crate) runtime: TokioRuntime,
    pub(crate) metrics: Arc<Metrics>,
    /// The directory of the server's own files.
    pub(crate) data_directory: PathBuf,
}

impl Process {
    /// Makes the portal that a configuration describes, in the real world. The catalog's files are
    /// looked for in `directory`.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be used, at its places.
    pub(crate) fn portal(&self, config: &AppConfig, directory: &Path) -> Result<Portal, Failure> {
        let metrics = Arc::clone(&self.metrics);
        let transport = MeasuredTransport::new(ReqwestTransport::new(USER_AGENT)?, metrics);
        let world = World::native_on(self.runtime.clone(), transport);
        let configured = ConfiguredCatalog::from_config(config, directory, &world)?;
        configuration::tell(&configured.notices);
        let metrics = Arc::clone(&self.metrics);
        let store = Arc::clone(&self.store);
        let portal = Portal::builder(config, &world, configured.catalog, store);
        let portal = portal.observer(move |event: &AuthEvent| metrics.count(event));
        Ok(portal.files(&configuration::read).build()?)
    }
}

/// A portal that is served, swept, and whose index is read until this is dropped.
pub(crate) struct App {
    pub(crate) portal: Portal,
    service: Service,
    work: [JoinHandle<()>; 2],
}

impl App {
    /// Makes what this configuration describes.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be used, at its places, or the place of the index.
    pub(crate) async fn new(config: &AppConfig, process: &Process) -> Result<Self, Failure> {
        let tls = config.backend.certificate.as_ref().map(tls::acceptor).transpose()?;
        let portal = process.portal(config, Path::new(""))?;
        let index = if portal.has_index() {
            Some(index_store::open(&config.session, &process.data_directory).await?)
        } else {
            None
        };
        let proxies = TrustedProxies::new(config.server.trusted_proxies.clone());
        let routes = routes(&portal, Page::from_config(config));
        let routes = watched(routes, portal.clone(), proxies, Arc::clone(&process.metrics));
        Ok(Self::begin(portal, Service::new(routes, tls), index))
    }

    /// Serves this portal with this page, over plain http.
    #[cfg(feature = "demo")]
    pub(crate) fn with_page(portal: Portal, page: Option<Page>) -> Self {
        let service = Service::new(routes(&portal, page), None);
        Self::begin(portal, service, None)
    }

    fn begin(portal: Portal, service: Service, index: Option<Arc<dyn IndexStore>>) -> Self {
        let sweeping = tokio::spawn(portal.auth().sweeper());
        let reading = tokio::spawn(portal.index_reader(index));
        Self { portal, service, work: [sweeping, reading] }
    }

    /// Returns what connections are answered with.
    pub(crate) fn service(&self) -> Service {
        self.service.clone()
    }

    /// Ends the work in the background. What it gives back at its end, such as the lease of the index, is
    /// under way on the process's runtime then.
    pub(crate) async fn end(mut self) {
        for work in &mut self.work {
            work.abort();
            // An error says that it was ended.
            let _ = work.await;
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        for work in &self.work {
            work.abort();
        }
    }
}

fn routes(portal: &Portal, page: Option<Page>) -> Router {
    let routes = coder_axum::router(portal.clone());
    match page {
        Some(page) => routes.merge(page.router()),
        None => routes,
    }
}
