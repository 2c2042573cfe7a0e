//! The way to the end of a portal: it takes no new requests soon, and then what it keeps open ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coder_core::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::signal::Signal;

/// A mark that a process takes no new requests soon. Such a mark is never taken back.
#[derive(Debug, Default)]
pub(crate) struct Draining(AtomicBool);

impl Draining {
    /// Begins: the mark is there from now on.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Returns `true` once the mark is there.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A mark that the portal's open connections have to end. Any number of tasks wait for it.
pub(crate) struct Closing {
    mark: Arc<Signal>,
    closed: Shared<BoxFuture<'static, ()>>,
}

impl Closing {
    /// Creates the mark of a portal whose connections may stay open.
    pub(crate) fn new() -> Self {
        let mark = Arc::new(Signal::default());
        let raised = Arc::clone(&mark);
        let closed: BoxFuture<'static, ()> = Box::pin(async move { raised.raised().await });
        Self { mark, closed: closed.shared() }
    }

    /// Ends what is open, and what will be opened.
    pub(crate) fn close(&self) {
        self.mark.raise();
    }

    /// Returns a future that waits until open connections have to end.
    pub(crate) fn closed(&self) -> Shared<BoxFuture<'static, ()>> {
        self.closed.clone()
    }
}
