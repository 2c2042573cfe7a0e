//! Where a browser sends its requests.

use bytes::Bytes;
use coder_core::{Body, MaybeSend, MaybeSync};
use http::{Request, Response};

/// Something that answers browsers: routes in this process, or a server.
///
/// A closure is one:
///
/// ```
/// use bytes::Bytes;
/// use coder_core::Body;
/// use coder_testkit::Site;
/// use http::{Request, Response};
///
/// fn site() -> impl Site {
///     |request: Request<Bytes>| async move { Response::new(Body::from(request.into_body())) }
/// }
/// ```
pub trait Site: MaybeSync {
    /// Answers a request of a browser.
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response<Body>> + MaybeSend;
}

impl<F, A> Site for F
where
    F: Fn(Request<Bytes>) -> A + MaybeSync,
    A: Future<Output = Response<Body>> + MaybeSend,
{
    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Response<Body>> + MaybeSend {
        self(request)
    }
}
