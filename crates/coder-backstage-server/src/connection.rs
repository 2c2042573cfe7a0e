//! One connection: the handshake of TLS, both versions of HTTP, and its end.

use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use coder_core::with_causes;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::HttpService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::drain::{Phase, Phases};
use crate::protocol::Protocol;
use crate::socket::Socket;

/// The time limit of HTTP/1.1 for the head of a request, and for the idle time between two requests.
/// It is longer than the minute after which load balancers drop a connection, so that they never use
/// one that has just been closed. A connection over HTTP/2 may idle as long as its client answers
/// pings; it gives way when places are short.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// The interval at which a client over HTTP/2 is asked for a sign of life, and the time limit of its
/// answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_TIMEOUT: Duration = Duration::from_secs(20);

/// The greatest number of requests at a time over one connection of HTTP/2. A reverse proxy sends those
/// of many people over one.
const STREAMS: u32 = 512;

/// The greatest size of the headers of a request over HTTP/2, in bytes. A query may have 32 kB.
const MAX_HEADERS: u32 = 64 * 1024;

/// The greatest part of an answer over HTTP/2 that waits for a client, in bytes.
const SEND_BUFFER: usize = 64 * 1024;

/// The time limit of a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection that was made just before the server closes may take to send its request.
pub(crate) const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// The two versions of HTTP, with their bounds.
#[derive(Clone)]
pub(crate) struct Http {
    one: http1::Builder,
    two: http2::Builder<TokioExecutor>,
}

impl Http {
    pub(crate) fn new() -> Self {
        let mut one = http1::Builder::new();
        one.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        let mut two = http2::Builder::new(TokioExecutor::new());
        two.timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PONG_TIMEOUT)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(MAX_HEADERS)
            .max_send_buf_size(SEND_BUFFER);
        Self { one, two }
    }
}

/// Answers what comes over a new connection, after the handshake of TLS where there is one.
pub(crate) async fn attend<S>(
    http: Http,
    mut socket: Socket,
    tls: Option<TlsAcceptor>,
    service: S,
    phases: Phases,
) where
    S: HttpService<Incoming, ResBody = Body, Future: Send> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Some(tls) = tls else {
        let began = timeout(HEAD_TIMEOUT, Protocol::of_client(&mut socket));
        let protocol = tokio::select! {
            protocol = began => protocol,
            () = phases.closed_for(FIRST_REQUEST) => return,
        };
        return match protocol {
            Ok(Ok(protocol)) => answer(http, protocol, socket, service, phases).await,
            Ok(Err(error)) => {
                tracing::debug!(error = with_causes(&error), "a connection broke");
            }
            Err(_) => tracing::debug!("a client did not begin in time"),
        };
    };
    // On the heap, so that a connection without TLS takes no more room than it needs.
    let handshake = Box::pin(timeout(HANDSHAKE_TIMEOUT, tls.accept(socket)));
    let secured = tokio::select! {
        secured = handshake => secured,
        () = phases.closed_for(FIRST_REQUEST) => return,
    };
    match secured {
        Ok(Ok(stream)) => {
            let protocol = Protocol::of_handshake(&stream);
            Box::pin(answer(http, protocol, stream, service, phases)).await;
        }
        Ok(Err(error)) => {
            tracing::debug!(error = with_causes(&error), "a client did not agree on TLS");
        }
        Err(_) => tracing::debug!("a client did not agree on TLS in time"),
    }
}

/// Answers what comes over one connection.
async fn answer<S>(
    http: Http,
    protocol: Protocol,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: S,
    phases: Phases,
) where
    S: HttpService<Incoming, ResBody = Body, Future: Send> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TokioIo::new(stream);
    let closing = closing(protocol, phases);
    let ended = match protocol {
        Protocol::Http1 => {
            let connection = http.one.serve_connection(stream, service).with_upgrades();
            let connection = Box::pin(connection);
            until(closing, connection, |connection| connection.graceful_shutdown()).await
        }
        Protocol::Http2 => {
            let connection = Box::pin(http.two.serve_connection(stream, service));
            until(closing, connection, |connection| connection.graceful_shutdown()).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = with_causes(&error), "a connection broke");
    }
}

/// Waits for the moment at which a new connection takes no more requests. Over HTTP/1.1 that is when the
/// server closes: while it drains, answers say so. Over HTTP/2 it is when the server begins to drain (GOAWAY,
/// RFC 9113 §6.8), or, for a connection that was made since, when it closes.
async fn closing(protocol: Protocol, phases: Phases) {
    match (phases.current(), protocol) {
        // The first request has time to arrive.
        (Phase::Closed, _) => sleep(FIRST_REQUEST).await,
        (Phase::Serving | Phase::Draining, Protocol::Http1) => phases.reached(Phase::Closed).await,
        (phase @ (Phase::Serving | Phase::Draining), Protocol::Http2) => phases.after(phase).await,
    }
}

/// Serves a connection; once it is `closing`, no more requests are taken, and those under way are
/// finished.
///
/// The connection is on the heap, so that each future it passes through does not have room for another
/// one.
async fn until<C: Future<Output = hyper::Result<()>>>(
    closing: impl Future<Output = ()>,
    mut connection: Pin<Box<C>>,
    shut_down: impl FnOnce(Pin<&mut C>),
) -> hyper::Result<()> {
    tokio::select! {
        // A connection that has read nothing yet would be closed, although its request has arrived.
        biased;
        ended = connection.as_mut() => ended,
        () = closing => {
            shut_down(connection.as_mut());
            connection.await
        }
    }
}
