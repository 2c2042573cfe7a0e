//! A world whose Coder is a closure, and whose clock moves only when somebody sleeps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::Client;
use coder_core::{
    Body, BoxFuture, Clock, Random, RandomError, Runtime, Transport, TransportError,
    TransportErrorKind, World,
};
use http::{Request, Response};
use include_dir::{Dir, File, include_dir};
use jiff::Timestamp;

pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

/// Transport that gives prepared answers, and remembers what was asked and how long the caller
/// slept.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    slept: Arc<Mutex<Duration>>,
    hangs: Arc<Mutex<bool>>,
}

impl Script {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Self::default();
        script.answers.lock().unwrap().extend(answers);
        script
    }

    pub(crate) fn client(&self) -> Client {
        let world = World {
            transport: Arc::new(self.clone()),
            clock: Arc::new(self.clone()),
            random: Arc::new(self.clone()),
            runtime: Arc::new(self.clone()),
        };
        Client::new(&world, "https://coder.test".parse().unwrap())
    }

    /// Makes a request without a prepared answer hang from now on.
    pub(crate) fn hang_when_nothing_is_prepared(&self) {
        *self.hangs.lock().unwrap() = true;
    }

    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn slept(&self) -> Duration {
        *self.slept.lock().unwrap()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        self.requests.lock().unwrap().push(request);
        let prepared = self.answers.lock().unwrap().pop_front();
        let Some(answer) = prepared else {
            assert!(*self.hangs.lock().unwrap(), "no further answer prepared");
            return std::future::pending().await;
        };
        answer.map(|answer| answer.map(Body::from))
    }
}

impl Clock for Script {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.slept()
    }
}

impl Random for Script {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        destination.fill(0);
        Ok(())
    }
}

impl Runtime for Script {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {
        panic!("the client spawns nothing");
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // A time limit that is not reached is no sleep: it is never polled.
        let slept = self.slept.clone();
        Box::pin(async move { *slept.lock().unwrap() += duration })
    }
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(body.into()).unwrap())
}

pub(crate) fn failed(kind: TransportErrorKind) -> Answer {
    Err(TransportError::new(kind))
}

pub(crate) fn json(status: u16, body: &str) -> Answer {
    answer(status, &[("content-type", "application/json; charset=utf-8")], body.to_owned())
}

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures");

/// Returns the text of a recorded answer.
pub(crate) fn fixture(name: &str) -> &'static str {
    FIXTURES.get_file(name).and_then(File::contents_utf8).unwrap_or_else(|| panic!("no {name}"))
}
