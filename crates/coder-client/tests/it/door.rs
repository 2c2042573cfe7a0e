//! A fake Coder and the way to it: natively over a socket of this machine, as wasm in the process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_client::{Client, Credential};
use coder_core::{BoxFuture, Runtime, Transport, World};
use coder_testkit::{FakeCoder, FakeCoderBuilder, FakeUser, SeededRandom};

pub(crate) struct Door {
    pub(crate) coder: FakeCoder,
    transport: Arc<dyn Transport>,
    #[cfg(not(target_family = "wasm"))]
    _server: coder_testkit::FakeServer,
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::to(FakeCoder::builder()).await
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) async fn to(builder: FakeCoderBuilder) -> Self {
        let server = coder_testkit::FakeServer::start(builder).await.unwrap();
        let transport = coder_core::ReqwestTransport::new("test/1.0").unwrap();
        Self { coder: server.coder().clone(), transport: Arc::new(transport), _server: server }
    }

    #[cfg(target_family = "wasm")]
    pub(crate) async fn to(builder: FakeCoderBuilder) -> Self {
        let coder = builder.build();
        Self { coder: coder.clone(), transport: Arc::new(coder) }
    }

    /// Makes a client through this door, for nobody.
    pub(crate) fn visitor(&self) -> Client {
        self.over(Arc::clone(&self.transport))
    }

    /// Makes a client through this door, for a user.
    pub(crate) fn client(&self, user: &FakeUser) -> Client {
        self.visitor().with_credential(Credential::SessionToken(user.session_token.clone()))
    }

    /// Makes a client with a transport of its own, in the same world.
    pub(crate) fn over(&self, transport: Arc<dyn Transport>) -> Client {
        let world = World {
            transport,
            clock: self.coder.clock(),
            random: Arc::new(SeededRandom::new("client")),
            runtime: Arc::new(FastForward(self.coder.clone())),
        };
        // The fake is in real time, where a time limit that is slept through has passed at once.
        let client = Client::new(&world, self.coder.url().clone());
        client
            .with_timeout(Duration::MAX)
            .with_deadline(Duration::MAX)
            .with_stream_idle_limit(Duration::MAX)
    }

    /// Returns the same way to Coder, where requests are answered only as a whole and no WebSocket
    /// is opened.
    pub(crate) fn without_streams(&self) -> Arc<dyn Transport> {
        Arc::new(Whole(Arc::clone(&self.transport)))
    }

    /// Returns the same way to Coder, but without WebSockets.
    pub(crate) fn without_web_sockets(&self) -> Arc<dyn Transport> {
        let transport = Arc::clone(&self.transport);
        Arc::new(move |request: http::Request<Bytes>| {
            let transport = Arc::clone(&transport);
            async move { transport.send(request).await }
        })
    }
}

/// Whoever sleeps turns the fake's clock.
struct FastForward(FakeCoder);

impl Runtime for FastForward {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {
        panic!("the client spawns nothing");
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Duration::MAX {
            return Box::pin(std::future::pending());
        }
        let coder = self.0.clone();
        Box::pin(async move { coder.advance(duration) })
    }
}

struct Whole(Arc<dyn Transport>);

#[cfg_attr(not(target_family = "wasm"), async_trait::async_trait)]
#[cfg_attr(target_family = "wasm", async_trait::async_trait(?Send))]
impl Transport for Whole {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<coder_core::Body>, coder_core::TransportError> {
        self.0.send(request).await
    }

    fn streams_bodies(&self) -> bool {
        false
    }
}
