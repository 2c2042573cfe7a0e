//! The routes of the auth backend, one file each.

pub(crate) mod callback;
pub(crate) mod error;
pub(crate) mod link;
pub(crate) mod logout;
pub(crate) mod recipient;
pub(crate) mod refresh;
pub(crate) mod start;
pub(crate) mod userinfo;

use std::time::Duration;

use coder_core::{Runtime, timeout};

use crate::error::{AuthError, AuthErrorKind};

/// The time in which every route answers. Portals and proxies wait for 20 seconds.
const ROUTE_TIMEOUT: Duration = Duration::from_secs(19);

/// Bounds the work of one route, however many questions it asks.
///
/// Work that must not be lost is detached, so that dropping the rest is safe.
pub(crate) async fn in_time<T>(
    runtime: &dyn Runtime,
    // Pinned on the heap by the caller: the future of a login is large, and futures nest it.
    work: impl Future<Output = Result<T, AuthError>> + Unpin,
) -> Result<T, AuthError> {
    let result = timeout(runtime, ROUTE_TIMEOUT, work).await;
    result.unwrap_or_else(|| Err(AuthErrorKind::TooSlow.into()))
}
