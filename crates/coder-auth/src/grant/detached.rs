//! Work that ends even when nobody waits for it any more.

use coder_core::{BoxFuture, MaybeSend, World};
use futures_channel::oneshot;
use tracing::Instrument as _;

use crate::error::{AuthError, AuthErrorKind};

/// Runs `work` to its end beside the caller and waits for its output.
pub(crate) async fn detached<T, Work>(world: &World, work: Work) -> Result<T, AuthError>
where
    T: MaybeSend + 'static,
    Work: Future<Output = T> + MaybeSend + 'static,
{
    detached_or_else(world, work, |_| Box::pin(async {})).await
}

/// Runs `work` to its end beside the caller and waits for its output. If the caller goes away,
/// `lost` gets the output. In the log, the work belongs to the caller's request.
pub(crate) async fn detached_or_else<T, Work, Lost>(
    world: &World,
    work: Work,
    lost: Lost,
) -> Result<T, AuthError>
where
    T: MaybeSend + 'static,
    Work: Future<Output = T> + MaybeSend + 'static,
    Lost: FnOnce(T) -> BoxFuture<'static, ()> + MaybeSend + 'static,
{
    let (give, receive) = oneshot::channel();
    let work = async move {
        if let Err(output) = give.send(work.await) {
            lost(output).await;
        }
    };
    world.runtime.spawn(Box::pin(work.in_current_span()));
    receive.await.map_err(|_| AuthErrorKind::Interrupted.into())
}
