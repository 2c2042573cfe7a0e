//! Bodies of requests and answers, between hyper and the portal.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use coder_core::{Body, TransportError, TransportErrorKind};
use futures_util::{Stream as _, StreamExt as _, stream};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// The body of a request as it arrives, with a mark whether its end was read.
pub(crate) struct RequestBody<B> {
    incoming: B,
    ended: Ended,
}

impl<B> RequestBody<B>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    pub(crate) fn new(incoming: B) -> Self {
        let ended = Ended(Arc::new(AtomicBool::new(incoming.is_end_stream())));
        Self { incoming, ended }
    }

    pub(crate) fn ended(&self) -> Ended {
        self.ended.clone()
    }

    /// Returns the body for the portal, which is not read before the portal asks for it.
    pub(crate) fn into_body(self) -> Body {
        if self.ended.get() {
            return Body::empty();
        }
        let Self { incoming, ended } = self;
        let chunks = incoming.into_data_stream().map(|chunk| {
            let error = |error: B::Error| {
                TransportError::new(TransportErrorKind::Interrupted).with_source(error)
            };
            chunk.map_err(error)
        });
        let end = stream::once(async move { ended.set() }).filter_map(async |()| None);
        Body::from_stream(chunks.chain(end))
    }
}

/// A mark whether a body was read to its end.
#[derive(Clone)]
pub(crate) struct Ended(Arc<AtomicBool>);

impl Ended {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A [`Body`] for hyper: sent as it comes, with its length if that is known.
#[derive(Debug)]
pub(crate) struct ResponseBody(pub(crate) Body);

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        Pin::new(&mut self.0).poll_next(context).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.0.size() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    #[tokio::test]
    async fn a_stream_goes_out_chunk_by_chunk_and_of_unknown_length() {
        let chunks = ["one", "two"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        let mut body = ResponseBody(Body::from_stream(stream::iter(chunks)));
        assert_eq!(body.size_hint().exact(), None);
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "one");
    }

    #[test]
    fn a_whole_body_has_its_length() {
        assert_eq!(ResponseBody(Body::from("four")).size_hint().exact(), Some(4));
        assert!(ResponseBody(Body::empty()).is_end_stream());
    }
}
