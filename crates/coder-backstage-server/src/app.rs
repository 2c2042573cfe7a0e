//! The server that one configuration makes: a portal with its page, its certificate and its sweeper.

use std::path::Path;
use std::sync::Arc;

use backstage_catalog::ConfiguredCatalog;
use coder_auth::store::AuthStore;
use coder_config::AppConfig;
use coder_core::{ReqwestTransport, TokioRuntime, World};
use coder_portal::Portal;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;
use crate::page::Page;
use crate::server::Service;
use crate::user_agent::USER_AGENT;
use crate::{configuration, tls};

/// A portal that is served, and swept until this is dropped.
pub(crate) struct App {
    pub(crate) portal: Portal,
    service: Service,
    sweeping: JoinHandle<()>,
}

impl App {
    /// Makes what this configuration describes.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be used, at its places.
    pub(crate) fn new(
        config: &AppConfig,
        store: Arc<dyn AuthStore>,
        runtime: &TokioRuntime,
    ) -> Result<Self, Failure> {
        let tls = config.backend.certificate.as_ref().map(tls::acceptor).transpose()?;
        let portal = portal(config, Path::new(""), store, runtime)?;
        Ok(Self::with_page(portal, Page::from_config(config), tls))
    }

    /// Serves this portal with this page.
    pub(crate) fn with_page(portal: Portal, page: Option<Page>, tls: Option<TlsAcceptor>) -> Self {
        let mut routes = coder_axum::router(portal.clone());
        if let Some(page) = page {
            routes = routes.merge(page.router());
        }
        let sweeping = tokio::spawn(portal.auth().sweeper());
        Self { portal, service: Service::new(routes, tls), sweeping }
    }

    /// Returns what connections are answered with.
    pub(crate) fn service(&self) -> Service {
        self.service.clone()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.sweeping.abort();
    }
}

/// Makes the portal that a configuration describes, in the real world. The catalog's files are
/// looked for in `directory`.
pub(crate) fn portal(
    config: &AppConfig,
    directory: &Path,
    store: Arc<dyn AuthStore>,
    runtime: &TokioRuntime,
) -> Result<Portal, Failure> {
    let world = World::native_on(runtime.clone(), ReqwestTransport::new(USER_AGENT)?);
    let configured = ConfiguredCatalog::from_config(config, directory, &world)?;
    configuration::tell(&configured.notices);
    let portal = Portal::builder(config, &world, configured.catalog, store);
    Ok(portal.files(&configuration::read).build()?)
}
