//! Bodies of answers: bytes in memory, or a stream of chunks.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt as _;

use crate::{BoxStream, MaybeSend, TransportError, TransportErrorKind};

/// The body of an answer, as a stream of chunks.
///
/// [`Body::collect`] reads it to its end, up to a limit that the caller sets.
#[derive(Default)]
pub struct Body(Inner);

#[derive(Default)]
enum Inner {
    #[default]
    Empty,
    Whole(Bytes),
    Coming(BoxStream<'static, Result<Bytes, TransportError>>),
}

impl Body {
    /// Creates a body without bytes.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Creates a body that arrives in chunks. Dropping it ends the transfer.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Bytes, TransportError>> + MaybeSend + 'static,
    ) -> Self {
        Self(Inner::Coming(Box::pin(stream)))
    }

    /// Returns the number of bytes that are still to come; `None` for a stream.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Inner::Empty => Some(0),
            Inner::Whole(bytes) => Some(bytes.len() as u64),
            Inner::Coming(_) => None,
        }
    }

    /// Returns the bytes of a body that is there as a whole, or else the body itself.
    #[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
    pub(crate) fn into_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Inner::Empty => Ok(Bytes::new()),
            Inner::Whole(bytes) => Ok(bytes),
            Inner::Coming(_) => Err(self),
        }
    }

    /// Reads all bytes of the body.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::TooLarge`] when there are more than `limit` bytes (reading stops
    /// there), and what the transport reports while reading.
    pub async fn collect(self, limit: usize) -> Result<Bytes, TransportError> {
        let too_large = || {
            TransportError::new(TransportErrorKind::TooLarge)
                .with_reason(format!("the body is larger than {limit} bytes"))
        };
        match self.0 {
            Inner::Empty => Ok(Bytes::new()),
            Inner::Whole(bytes) if bytes.len() > limit => Err(too_large()),
            Inner::Whole(bytes) => Ok(bytes),
            Inner::Coming(mut chunks) => {
                let mut all = BytesMut::new();
                while let Some(chunk) = chunks.next().await {
                    let chunk = chunk?;
                    if all.len() + chunk.len() > limit {
                        return Err(too_large());
                    }
                    all.extend_from_slice(&chunk);
                }
                Ok(all.freeze())
            }
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Inner::Coming(chunks) => chunks.poll_next_unpin(context),
            Inner::Empty => Poll::Ready(None),
            Inner::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Inner::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: a token answer is a body.
        match &self.0 {
            Inner::Empty => formatter.write_str("Body(empty)"),
            Inner::Whole(bytes) => write!(formatter, "Body({} bytes)", bytes.len()),
            Inner::Coming(_) => formatter.write_str("Body(stream)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_what_is_still_to_come() {
        let mut body = Body::from("four");
        assert_eq!(body.size(), Some(4));
        futures_executor::block_on(body.next());
        assert_eq!(body.size(), Some(0));
        assert_eq!(Body::from_stream(futures_util::stream::empty()).size(), None);
    }
}
