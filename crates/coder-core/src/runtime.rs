//! The seam to an executor of tasks.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::{BoxFuture, MaybeSend, MaybeSync};

/// An executor of tasks, with timers.
///
/// The crates of this workspace detach work that must not be lost (a code exchange, a token
/// rotation) with [`Runtime::spawn`]: when the caller goes away, the work still ends.
pub trait Runtime: MaybeSend + MaybeSync {
    /// Runs `task` to its end, even when the caller goes away. On an edge platform this is its
    /// `waitUntil`.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Waits for this duration.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Returns the output of `work`, or `None` when `duration` has passed first; `work` is dropped
/// then.
///
/// The time begins when `work` first waits, so work that is ready costs no timer.
pub async fn timeout<F: Future>(
    runtime: &dyn Runtime,
    duration: Duration,
    work: F,
) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    let at_once = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    if let Poll::Ready(output) = at_once {
        return Some(output);
    }
    match select(work, runtime.sleep(duration)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
