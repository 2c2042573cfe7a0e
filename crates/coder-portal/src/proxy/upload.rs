//! The body of a request on its way to Coder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, BodyLimits, Lock, Runtime, TransportError, TransportErrorKind, timeout};
use futures_util::StreamExt as _;

use super::error::ProxyError;

/// The greatest length of a body, in bytes: that of a template which Coder takes.
pub(super) const MAX_UPLOAD: u64 = 100 * 1024 * 1024;
/// The greatest length of a body that is kept, so that it can be sent again with a renewed token.
const MAX_KEPT: u64 = 64 * 1024;
/// The time limit for a client to send such a body.
const KEPT_WITHIN: Duration = Duration::from_secs(10);
/// The longest silence of a client that sends a larger body is between one and two times this.
const SILENCE: Duration = Duration::from_secs(10);
/// The time limit for such a body as a whole: 100 MB at 1 Mbit/s take 14 minutes.
const SENT_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The body of a request, as it is sent.
pub(super) enum Upload {
    /// A body that can be sent again.
    Kept(Bytes),
    /// A body that is passed on while it arrives.
    Streamed {
        body: Body,
        /// The length of the body, if the client has announced it.
        length: Option<u64>,
        progress: Arc<Progress>,
    },
}

/// The progress of a body that is passed on.
#[derive(Default)]
pub(super) struct Progress {
    moved: AtomicU64,
    /// The reason why the client's side of the body ended too early.
    failure: Lock<Option<TransportErrorKind>>,
}

impl Upload {
    /// Takes a body with this announced length. A small one is read; a larger one is not touched.
    pub(super) async fn take(
        body: Body,
        length: Option<u64>,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, ProxyError> {
        let length = body.size().or(length);
        match length {
            Some(length) if length > MAX_UPLOAD => Err(ProxyError::TooLarge),
            Some(length) if length <= MAX_KEPT => {
                // No more than was announced is read.
                let limit = usize::try_from(length).unwrap_or(usize::MAX);
                match timeout(&**runtime, KEPT_WITHIN, body.collect(limit)).await {
                    Some(Ok(bytes)) if bytes.len() == limit => Ok(Self::Kept(bytes)),
                    Some(Ok(_) | Err(_)) => Err(ProxyError::Broken),
                    None => Err(ProxyError::Slow),
                }
            }
            Some(_) | None => {
                let progress = Arc::new(Progress::default());
                let limits = BodyLimits::new(MAX_UPLOAD, SILENCE).deadline(SENT_WITHIN);
                let body = body.bounded(limits, runtime);
                let body = progress.clone().watch(body);
                Ok(Self::Streamed { body, length, progress })
            }
        }
    }
}

impl Progress {
    /// Returns the number of bytes that have been read so far.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Returns the error of the client's side, if that broke the request off.
    pub(super) fn failure(&self) -> Option<ProxyError> {
        let kind = (*self.failure.lock())?;
        Some(if kind == TransportErrorKind::TooLarge {
            ProxyError::TooLarge
        } else if kind == TransportErrorKind::Timeout {
            ProxyError::Slow
        } else {
            ProxyError::Broken
        })
    }

    fn watch(self: Arc<Self>, body: Body) -> Body {
        Body::from_stream(body.inspect(move |chunk| self.note(chunk)))
    }

    fn note(&self, chunk: &Result<Bytes, TransportError>) {
        match chunk {
            Ok(bytes) => {
                self.moved.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            Err(error) => *self.failure.lock() = Some(error.kind()),
        }
    }
}
