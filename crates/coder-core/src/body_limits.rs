//! Limits of bodies that a peer sends: how much, how long a silence may last, and how long the whole.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::FutureExt as _;

use crate::{Body, BoxFuture, Runtime, TransportError, TransportErrorKind};

/// The limits of a body that is passed on while it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    size: u64,
    idle: Duration,
    deadline: Option<Duration>,
}

impl BodyLimits {
    /// Creates the limits of a body with at most `size` bytes, whose sender is never silent for
    /// longer than twice `idle`.
    ///
    /// A silence ends the body after one to two times `idle`, because a timer for every chunk would
    /// cost more than the chunk. The time in which nobody reads the body does not count.
    pub const fn new(size: u64, idle: Duration) -> Self {
        Self { size, idle, deadline: None }
    }

    /// Sets the time that the whole body may take, from the first wait for a part of it. Without it,
    /// a sender that is never silent may take any time.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl Body {
    /// Returns the same body within these limits. Beyond them it ends with an error:
    /// [`TransportErrorKind::TooLarge`] or [`TransportErrorKind::Timeout`].
    ///
    /// Nothing is collected: a chunk is passed on as it arrives.
    #[must_use]
    pub fn bounded(self, limits: BodyLimits, runtime: &Arc<dyn Runtime>) -> Self {
        match self.size() {
            Some(size) if size <= limits.size => self,
            Some(_) | None => Self::from_stream(Bounded {
                body: Some(self),
                left: limits.size,
                limits,
                has_moved: false,
                timer: None,
                deadline: None,
                runtime: Arc::clone(runtime),
            }),
        }
    }
}

/// A body within limits.
struct Bounded {
    /// The body itself; `None` after its end.
    body: Option<Body>,
    left: u64,
    limits: BodyLimits,
    /// Whether a chunk has come since the timer was set.
    has_moved: bool,
    timer: Option<BoxFuture<'static, ()>>,
    /// Set with the first wait, if the limits have one.
    deadline: Option<BoxFuture<'static, ()>>,
    runtime: Arc<dyn Runtime>,
}

impl Bounded {
    /// Takes a chunk off what may still come.
    fn take(&mut self, chunk: Bytes) -> Result<Bytes, TransportError> {
        self.has_moved = true;
        let left = self.left.checked_sub(chunk.len() as u64).ok_or_else(|| {
            TransportError::new(TransportErrorKind::TooLarge)
                .with_reason(format!("the body is larger than {} bytes", self.limits.size))
        })?;
        self.left = left;
        Ok(chunk)
    }

    /// Waits for the end of a silence that is too long, or of the time for the whole body.
    fn poll_too_late(&mut self, context: &mut Context<'_>) -> Poll<TransportError> {
        if let Some(limit) = self.limits.deadline {
            let deadline = self.deadline.get_or_insert_with(|| self.runtime.sleep(limit));
            if deadline.poll_unpin(context).is_ready() {
                return Poll::Ready(TransportError::new(TransportErrorKind::Timeout));
            }
        }
        loop {
            let timer = self.timer.get_or_insert_with(|| {
                self.has_moved = false;
                self.runtime.sleep(self.limits.idle)
            });
            if timer.poll_unpin(context).is_pending() {
                return Poll::Pending;
            }
            self.timer = None;
            if !self.has_moved {
                return Poll::Ready(TransportError::new(TransportErrorKind::Timeout));
            }
        }
    }
}

impl Stream for Bounded {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let next = match Pin::new(body).poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => Some(self.take(chunk)),
            Poll::Ready(Some(Err(error))) => Some(Err(error)),
            Poll::Ready(None) => None,
            Poll::Pending => match self.poll_too_late(context) {
                Poll::Ready(error) => Some(Err(error)),
                Poll::Pending => return Poll::Pending,
            },
        };
        if !matches!(next, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(next)
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bounded").field("limits", &self.limits).finish_non_exhaustive()
    }
}
