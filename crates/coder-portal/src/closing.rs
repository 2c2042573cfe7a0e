//! The end of everything that a portal keeps open, when its server stops.

use std::sync::Arc;

use coder_core::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::signal::Signal;

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
