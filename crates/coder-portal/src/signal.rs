//! A mark that one task waits for.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::task::AtomicWaker;

/// A mark that any task raises and one task waits for. Raising it twice is like raising it once.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    is_raised: AtomicBool,
    waiter: AtomicWaker,
}

impl Signal {
    pub(crate) fn raise(&self) {
        self.is_raised.store(true, Ordering::Release);
        self.waiter.wake();
    }

    /// Waits until the mark is raised, and takes it down.
    pub(crate) async fn raised(&self) {
        poll_fn(|context| {
            // In this order: a mark that is raised in between wakes the waiter.
            self.waiter.register(context.waker());
            if self.is_raised.swap(false, Ordering::AcqRel) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}
