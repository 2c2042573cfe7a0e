//! Streams that look at the deployment again whenever something may have changed.

use std::task::Poll;
use std::time::Duration;

use coder_core::{BoxFuture, BoxStream, MaybeSend};
use futures_util::{FutureExt as _, stream};

use crate::store::{Deployment, Shared};

/// How often the clock is looked at where a runtime tells the time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The result of a look at the deployment.
pub(crate) enum Next<T> {
    /// Something to send; look again at once.
    Now(T),
    /// Nothing yet; look again when something has changed.
    Later,
    /// The stream ends here.
    Never,
}

/// Streams what `look` finds, as it comes about.
pub(crate) fn live<T: 'static>(
    shared: Shared,
    mut look: impl FnMut(&mut Deployment<'_>) -> Next<T> + MaybeSend + 'static,
) -> BoxStream<'static, T> {
    let mut begun_at: Option<u64> = None;
    let mut look_again: Option<BoxFuture<'static, ()>> = None;
    Box::pin(stream::poll_fn(move |context| {
        let found = shared.peek(|deployment| {
            let restarts = deployment.state.restarts;
            if *begun_at.get_or_insert(restarts) != restarts {
                return Next::Never;
            }
            let found = look(deployment);
            if matches!(found, Next::Later) {
                deployment.state.watchers.push(context.waker().clone());
            }
            found
        });
        match found {
            Next::Now(item) => return Poll::Ready(Some(item)),
            Next::Never => return Poll::Ready(None),
            Next::Later => {}
        }
        // A clock that moves by itself has to be looked at.
        let Some(runtime) = shared.runtime().cloned() else { return Poll::Pending };
        let timer = look_again.get_or_insert_with(|| runtime.sleep(LOOK_EVERY));
        if timer.poll_unpin(context).is_ready() {
            look_again = None;
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }))
}
