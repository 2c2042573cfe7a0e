//! Things that go wrong between a client and Coder.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, Lock, MaybeSend, TransportError, TransportErrorKind};
use futures_channel::oneshot;
use futures_util::future::Shared;
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use http::{Method, StatusCode};
use serde_json::json;

use crate::wire::call::Call;
use crate::wire::reply::Reply;
use crate::wire::socket::close;

/// A fault of the next request, or of several.
///
/// ```
/// use coder_testkit::{Fault, FakeCoder};
///
/// let coder = FakeCoder::new();
/// coder.fail_next(Fault::bad_gateway());
/// coder.fail_next(Fault::rate_limited(30).on("/api/v2/workspaces").times(2));
/// coder.fail_next(Fault::answer_lost().on("/oauth2/tokens"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to `FakeCoder::fail_next`"]
pub struct Fault {
    kind: Kind,
    method: Option<Method>,
    path: String,
    remaining: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Answered by something in front of Coder, or by Coder's own limiter.
    Instead { status: StatusCode, headers: Vec<(&'static str, String)>, body: Bytes },
    /// The connection is refused.
    Refused,
    /// The connection breaks; Coder has not seen the request.
    RequestLost,
    /// The connection breaks after Coder has done its work.
    AnswerLost,
    /// Nothing comes, ever. Coder has not seen the request.
    Silence,
    /// Coder's answer begins and then stops for ever.
    BodyStalls,
    /// Coder's answer begins and then the connection breaks.
    BodyCut,
    /// Coder's answer comes, and its body when the test lets it.
    Held(Gate),
    /// The body comes a few bytes at a time.
    BodyInPieces,
    /// The answer comes late.
    Delayed(Duration),
    /// So many events arrive, then nothing.
    StreamStalls(usize),
    /// So many events arrive, then the connection breaks.
    StreamCut(usize),
    /// So many events arrive, then Coder ends the stream properly.
    StreamClosed(usize),
}

/// The other end of [`Fault::hold`]: answers are held back until it is dropped.
#[must_use = "dropping it lets the answers go"]
pub struct Held {
    reached: Shared<oneshot::Receiver<()>>,
    /// Dropping it opens the gate.
    _open: oneshot::Sender<Infallible>,
}

impl Held {
    /// Ends as soon as a request has met the fault, and Coder has done its work.
    pub async fn reached(&self) {
        // It cannot be cancelled before it was reached, unless the fake is gone: nothing comes then.
        if self.reached.clone().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Lets the answers go on.
    pub fn release(self) {}
}

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Held")
    }
}

/// The gate at which answers wait for their [`Held`].
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// Taken by the first request that gets here.
    reach: Arc<Lock<Option<oneshot::Sender<()>>>>,
    opened: Shared<oneshot::Receiver<Infallible>>,
}

impl Gate {
    fn reach(&self) {
        let first = self.reach.lock().take();
        if let Some(first) = first {
            // An error means that the test does not wait for it.
            let _ = first.send(());
        }
    }
}

/// The result that reaches the client.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(Reply),
    /// Coder has done its work, and answers after this time on its clock.
    Delayed(Duration, Reply),
    Broken(TransportErrorKind),
    Silent,
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, method: None, path: String::new(), remaining: 1 }
    }

    /// Answers with `status` and a body, as something in front of Coder does.
    pub fn answer(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Instead {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
        })
    }

    /// Answers with an error in the dialect of Coder's API, such as
    /// `{ "message": "Internal error fetching workspace." }`. Coder has not done its work.
    pub fn api_error(status: StatusCode, message: &str) -> Self {
        let body = json!({ "message": message }).to_string();
        Self::answer(status, "application/json; charset=utf-8", body)
    }

    /// Answers with 429 and `Retry-After`, in both error dialects.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        let message = "You've been rate limited for sending more than 512 requests in 1m0s.";
        let body = json!({
            "error": "temporarily_unavailable",
            "error_description": message,
            "message": message,
        });
        Self::new(Kind::Instead {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers: vec![
                ("content-type", "application/json; charset=utf-8".to_owned()),
                ("retry-after", retry_after_seconds.to_string()),
                ("x-ratelimit-limit", "512".to_owned()),
                ("x-ratelimit-remaining", "0".to_owned()),
            ],
            body: body.to_string().into(),
        })
    }

    /// Answers with 502 and the HTML page of a reverse proxy, as during a restart of Coder.
    pub fn bad_gateway() -> Self {
        Self::answer(
            StatusCode::BAD_GATEWAY,
            "text/html",
            "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad \
             Gateway</h1></center><hr><center>nginx</center></body></html>",
        )
    }

    /// Answers with 200 and the HTML login page of a proxy that wants people to sign in first.
    pub fn login_page() -> Self {
        Self::answer(
            StatusCode::OK,
            "text/html; charset=utf-8",
            "<!doctype html><html><head><title>Sign in</title></head><body><form \
             action=\"/sso\"><input name=\"user\"></form></body></html>",
        )
    }

    /// Redirects with 302 to a single sign-on host.
    pub fn sso_redirect() -> Self {
        Self::new(Kind::Instead {
            status: StatusCode::FOUND,
            headers: vec![("location", "https://sso.example.com/login?from=coder".to_owned())],
            body: Bytes::new(),
        })
    }

    /// Refuses the connection, or does not find the name. Coder has not seen the request.
    pub fn connection_refused() -> Self {
        Self::new(Kind::Refused)
    }

    /// Breaks the connection before Coder has seen the request.
    pub fn request_lost() -> Self {
        Self::new(Kind::RequestLost)
    }

    /// Breaks the connection after Coder has done its work, before a byte of the answer has come: a
    /// rotation whose new pair is lost.
    pub fn answer_lost() -> Self {
        Self::new(Kind::AnswerLost)
    }

    /// Keeps silent: nothing ever comes back, and Coder has not seen the request.
    pub fn silence() -> Self {
        Self::new(Kind::Silence)
    }

    /// Stalls the answer after Coder has done its work: head and half of the body arrive, then
    /// nothing, for ever.
    pub fn body_stalls() -> Self {
        Self::new(Kind::BodyStalls)
    }

    /// Cuts the answer after Coder has done its work: head and half of the body arrive, then the
    /// connection breaks.
    pub fn body_cut() -> Self {
        Self::new(Kind::BodyCut)
    }

    /// Holds the body of the answer back, after Coder has done its work, until the [`Held`] is
    /// dropped or released: a rotation under way, for as long as a test needs it.
    ///
    /// ```
    /// use coder_testkit::{Fault, FakeCoder};
    ///
    /// let coder = FakeCoder::new();
    /// let (fault, held) = Fault::hold();
    /// coder.fail_next(fault.on("/oauth2/tokens"));
    /// // … something asks; `held.reached().await`; something else happens meanwhile …
    /// held.release();
    /// ```
    pub fn hold() -> (Self, Held) {
        let (reach, reached) = oneshot::channel();
        let (open, opened) = oneshot::channel();
        let gate = Gate { reach: Arc::new(Lock::new(Some(reach))), opened: opened.shared() };
        (Self::new(Kind::Held(gate)), Held { reached: reached.shared(), _open: open })
    }

    /// Delays the answer: Coder does its work at once, and its answer begins only when the fake's
    /// clock has gone on by `delay`.
    ///
    /// The fake's own clock stands still, so a time limit of the code under test ends first, and
    /// the answer comes with [`FakeCoder::advance`](crate::FakeCoder::advance), which a test calls
    /// while the request is under way (`tokio::join!`). On a clock that
    /// moves by itself ([`FakeCoderBuilder::clock`](crate::FakeCoderBuilder::clock)) the fake looks
    /// at it four times a second, if it has a [`runtime`](crate::FakeCoderBuilder::runtime) as a
    /// `FakeServer` has. From a `FakeCatalog`, which has no clock, no answer comes.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Kind::Delayed(delay))
    }

    /// Sends the body of Coder's answer a few bytes at a time, as over a slow line.
    pub fn body_in_pieces() -> Self {
        Self::new(Kind::BodyInPieces)
    }

    /// Stalls a stream after so many events (the first ping is one) or WebSocket messages: nothing
    /// comes any more, for ever.
    pub fn stream_stalls(after: usize) -> Self {
        Self::new(Kind::StreamStalls(after))
    }

    /// Cuts a stream after so many events (the first ping is one) or WebSocket messages: the
    /// connection is gone without a close.
    pub fn stream_cut(after: usize) -> Self {
        Self::new(Kind::StreamCut(after))
    }

    /// Closes a stream after so many events (the first ping is one) or WebSocket messages, a
    /// WebSocket with code 1000 and `done`, as Coder does with all of them when it is restarted.
    pub fn stream_closed(after: usize) -> Self {
        Self::new(Kind::StreamClosed(after))
    }

    /// Restricts the fault to requests whose path begins with `prefix`.
    pub fn on(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.path);
        self
    }

    /// Restricts the fault to requests with this method.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Repeats the fault for the next `requests` that match, instead of only one.
    pub fn times(mut self, requests: usize) -> Self {
        self.remaining = requests;
        self
    }

    fn matches(&self, call: &Call) -> bool {
        call.target.starts_with(&self.path)
            && self.method.as_ref().is_none_or(|method| *method == call.method)
    }
}

/// Returns the fault that `call` meets, if any, and counts it as used.
pub(crate) fn strike(faults: &mut Vec<Fault>, call: &Call) -> Option<Kind> {
    faults.retain(|fault| fault.remaining > 0);
    let fault = faults.iter_mut().find(|fault| fault.matches(call))?;
    fault.remaining -= 1;
    Some(fault.kind.clone())
}

impl Kind {
    /// Returns what reaches the client; `process` is Coder's own work.
    pub(crate) fn outcome(self, process: impl FnOnce() -> Reply) -> Outcome {
        match self {
            Self::Instead { status, headers, body } => {
                let reply = headers
                    .iter()
                    .fold(Reply::empty(status), |reply, (name, value)| reply.with(name, value));
                Outcome::Answered(reply.with_body(|_| body.into()))
            }
            Self::Refused => Outcome::Broken(TransportErrorKind::Connect),
            Self::RequestLost => Outcome::Broken(TransportErrorKind::Interrupted),
            Self::AnswerLost => {
                drop(process());
                Outcome::Broken(TransportErrorKind::Interrupted)
            }
            Self::Silence => Outcome::Silent,
            Self::BodyStalls => Outcome::Answered(
                process()
                    .with_body(|body| half(body, stream::pending()))
                    .with_messages(|_| Box::pin(stream::pending())),
            ),
            Self::BodyCut => Outcome::Answered(
                process()
                    .with_body(|body| half(body, stream::once(cut())))
                    .with_messages(|_| Box::pin(stream::once(cut()))),
            ),
            Self::Held(gate) => {
                let reply = process();
                gate.reach();
                Outcome::Answered(held_back(reply, gate.opened))
            }
            Self::Delayed(delay) => Outcome::Delayed(delay, process()),
            Self::BodyInPieces => Outcome::Answered(process().with_body(in_pieces)),
            Self::StreamStalls(after) => Outcome::Answered(stalled(process(), after)),
            Self::StreamCut(after) => Outcome::Answered(cut_after(process(), after)),
            Self::StreamClosed(after) => Outcome::Answered(closed(process(), after)),
        }
    }
}

/// Holds back body and messages until the gate is open.
fn held_back(reply: Reply, opened: Shared<oneshot::Receiver<Infallible>>) -> Reply {
    let of_body = opened.clone();
    reply
        .with_body(|body| Body::from_stream(after(of_body, body)))
        .with_messages(|all| Box::pin(after(opened, all)))
}

/// Stalls a stream after so many events or messages.
fn stalled(reply: Reply, after: usize) -> Reply {
    reply
        .with_body(|body| Body::from_stream(body.take(after).chain(stream::pending())))
        .with_messages(|all| Box::pin(all.take(after).chain(stream::pending())))
}

/// Cuts a stream after so many events or messages.
fn cut_after(reply: Reply, after: usize) -> Reply {
    reply
        .with_body(|body| Body::from_stream(body.take(after).chain(stream::once(cut()))))
        .with_messages(|all| Box::pin(all.take(after).chain(stream::once(cut()))))
}

/// Closes a stream after so many events or messages, as Coder does when it is restarted.
fn closed(reply: Reply, after: usize) -> Reply {
    let end = stream::iter([Ok(close(1000, "done"))]);
    reply
        .with_body(|body| Body::from_stream(body.take(after)))
        .with_messages(|all| Box::pin(all.take(after).chain(end)))
}

/// Fails, but not at once: what came before has to reach the wire first.
async fn cut<T>() -> Result<T, TransportError> {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    Err(TransportError::new(TransportErrorKind::Interrupted)
        .with_reason("the fake was told to cut the body"))
}

/// Delays the items until the gate is open.
fn after<T>(
    opened: Shared<oneshot::Receiver<Infallible>>,
    items: impl Stream<Item = T> + MaybeSend + 'static,
) -> impl Stream<Item = T> + MaybeSend + 'static {
    opened.map(|_| items).flatten_stream()
}

/// Splits a body into chunks of seven bytes.
fn in_pieces(body: Body) -> Body {
    Body::from_stream(body.flat_map(|chunk| {
        let pieces: Vec<Result<Bytes, TransportError>> = match chunk {
            Ok(bytes) => bytes.chunks(7).map(|piece| Ok(bytes.slice_ref(piece))).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(pieces)
    }))
}

/// Returns the first half of a body's first chunk, and then `tail`.
fn half(
    body: Body,
    tail: impl Stream<Item = Result<Bytes, TransportError>> + MaybeSend + 'static,
) -> Body {
    let begun = body.take(1).map(|chunk| {
        chunk.map(|bytes| {
            let half = bytes.len() / 2;
            bytes.slice(..half)
        })
    });
    Body::from_stream(begun.chain(tail))
}
