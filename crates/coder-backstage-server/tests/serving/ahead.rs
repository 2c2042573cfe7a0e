//! The same portal by a clock that is ahead: what a process writes before its clock is set back.

use std::path::Path;
use std::sync::Arc;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth_sqlx::{KeyFile, SqliteAuthStore};
use coder_config::{AppConfig, ConfigSources, Environment};
use coder_core::{Body, Clock as _, OsRandom, ReqwestTransport, SystemClock, World};
use coder_portal::Portal;
use coder_testkit::Site;
use http::{Request, Response};
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::DATABASE;
use super::browsing::Place;

const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// A portal in this process, whose clock is a day ahead. It is gone when this is dropped, as after a
/// crash.
pub(crate) struct Ahead {
    place: Place,
    runtime: Option<Runtime>,
}

impl Ahead {
    /// Starts in the directory of its app-config, which is also its data directory.
    pub(crate) async fn start(directory: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let serving = runtime.spawn(Self::serve(directory.to_owned()));
        let place = Place::new(serving.await.unwrap());
        Self { place, runtime: Some(runtime) }
    }

    /// Returns where the portal listens.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    async fn serve(directory: std::path::PathBuf) -> String {
        let (files, variables) =
            (|path: &str| std::fs::read_to_string(path), Environment::default());
        let sources = ConfigSources::new(&files, &variables);
        let loaded = sources.in_directory(directory.to_str().unwrap()).load().unwrap();
        let mut config = AppConfig::from_loaded(&loaded).unwrap();
        let database = directory.join(DATABASE);
        config.session.keys.push(KeyFile::beside(&database, &OsRandom).unwrap().key);
        let world = World::native(ReqwestTransport::new("ahead/1.0").unwrap()).unwrap();
        let world = World { clock: Arc::new(|| SystemClock.now() + AHEAD), ..world };
        let store = Arc::new(SqliteAuthStore::open(&database).await.unwrap());
        let catalog = Arc::new(MemoryCatalog::default());
        let portal = Portal::from_config(&config, &world, catalog, store).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let routes = coder_axum::router(portal);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }
}

impl Site for Ahead {
    async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        self.place.answer(request).await
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}
