//! The way to the end of a server: serving, draining, closed.

use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode, Version};
use tokio::sync::watch;

/// A phase of a server's life, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Requests are taken.
    Serving,
    /// Requests are taken, and load balancers are told to send them elsewhere.
    Draining,
    /// No more requests are taken; those that have arrived are answered.
    Closed,
}

/// The phase of the server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Phases(watch::Receiver<Phase>);

impl Phases {
    /// Starts with [`Phase::Serving`], and returns what moves it on.
    pub(crate) fn new() -> (watch::Sender<Phase>, Self) {
        let (sender, receiver) = watch::channel(Phase::Serving);
        (sender, Self(receiver))
    }

    pub(crate) fn current(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the phase is this one or a later one.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut phases = self.0.clone();
        // Without a sender no phase ends any more.
        if phases.wait_for(|current| *current >= phase).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the first phase after this one.
    pub(crate) async fn after(&self, phase: Phase) {
        let mut phases = self.0.clone();
        if phases.wait_for(|current| *current > phase).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until no more requests are taken, and for this time after that.
    pub(crate) async fn closed_for(&self, time: Duration) {
        self.reached(Phase::Closed).await;
        tokio::time::sleep(time).await;
    }

    /// Lets a client over HTTP/1.1 close its connection after this answer, once the server is to end
    /// (RFC 9112 §9.6). A connection over HTTP/2 is told by GOAWAY.
    pub(crate) fn part<B>(&self, version: Version, answer: &mut Response<B>) {
        let upgrades = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        if self.current() > Phase::Serving && version < Version::HTTP_2 && !upgrades {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}
