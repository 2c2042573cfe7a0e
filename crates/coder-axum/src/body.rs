//! The bodies of both worlds.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use coder_core::{Body, TransportError};
use futures_util::Stream as _;
use http_body::{Frame, SizeHint};

/// A [`Body`] as hyper sends it: as it comes, with its length when that is known.
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
    use http_body::Body as _;
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stream_goes_out_chunk_by_chunk_and_of_unknown_length() {
        let chunks = ["one", "two"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        let mut body = ResponseBody(Body::from_stream(futures_util::stream::iter(chunks)));
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
