//! Requests that change something: each goes on when its sender goes away, and one that is sent again
//! with the same `Idempotency-Key` gets the same answer.
//!
//! Answers are kept in the memory of the process, so a key counts at the replica that has seen it.
//! Most handlers are repeatable besides: what Coder does already is not asked for again. Three need a
//! key to be repeatable: extending, restarting, and a start with values for parameters.

use std::collections::VecDeque;

use bytes::Bytes;
use coder_auth::http::ErrorResponse;
use coder_auth::{Caller, CallerRights};
use coder_client::UserId;
use coder_core::{Body, BoxFuture, Lock, MaybeSend, World, is_within};
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::error::ApiError;

/// The header that names a request (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The greatest length of a key, in bytes.
const MAX_KEY: usize = 255;
/// The time for which an answer is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The greatest number of answers that are kept.
const MAX_KEPT: usize = 512;
/// The greatest number of answers that are kept for one person.
const MAX_KEPT_OF_ONE: usize = 32;
/// The greatest size of an answer, in bytes. It is one workspace with its agents.
const MAX_ANSWER: usize = 1024 * 1024;

/// The answers to requests that have changed something.
#[derive(Default)]
pub(crate) struct Idempotency {
    /// Answers to repeat, the oldest first.
    kept: Lock<VecDeque<Kept>>,
}

struct Kept {
    name: RequestName,
    content: [u8; 32],
    since: Timestamp,
    outcome: Pending,
}

/// An answer that is given now or later, to each request that waits for it.
type Pending = Shared<BoxFuture<'static, Outcome>>;

/// The person who has sent a request, the rights it was sent with, and the key that the person has
/// given it. Another credential of the person may be allowed less.
#[derive(Clone, PartialEq, Eq)]
struct RequestName {
    environment: String,
    user: UserId,
    rights: CallerRights,
    key: String,
}

/// A request that may be sent again: its name, if it has one, and a hash of what it asks for.
pub(crate) struct Fingerprint {
    name: Option<RequestName>,
    content: [u8; 32],
}

impl Fingerprint {
    /// Reads the name of the caller's request, and hashes what it asks for.
    ///
    /// # Errors
    ///
    /// When the key is none: empty, too long, given twice, or of other than visible ASCII characters.
    pub(crate) fn new(caller: &Caller, request: &Request<Bytes>) -> Result<Self, ApiError> {
        let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => None,
            (Some(key), None) => Some(key.to_str().map_err(|_| ApiError::InvalidKey)?),
            (Some(_), Some(_)) => return Err(ApiError::InvalidKey),
        };
        let is_key = |key: &str| {
            (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if key.is_some_and(|key| !is_key(key)) {
            return Err(ApiError::InvalidKey);
        }
        let mut hash = Sha256::new();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        for part in [request.method().as_str(), target] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(request.body());
        let name = key.map(|key| RequestName {
            environment: caller.environment().to_owned(),
            user: caller.user_id(),
            rights: caller.rights(),
            key: key.to_owned(),
        });
        Ok(Self { name, content: hash.finalize().into() })
    }
}

/// An answer that can be given again.
#[derive(Clone)]
struct Recorded {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

type Outcome = Result<Recorded, ErrorResponse>;

impl Recorded {
    async fn new(response: Response<Body>) -> Outcome {
        let (head, body) = response.into_parts();
        let body = body.collect(MAX_ANSWER).await.map_err(ApiError::Unrecorded)?;
        Ok(Self { status: head.status, headers: head.headers, body })
    }

    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Idempotency {
    /// Runs `work` to its end, beside its caller, and returns its answer.
    ///
    /// A request that has been sent before gets the answer of the first one, which it waits for. Only
    /// a success is kept: what was refused can be tried again with the same key.
    ///
    /// # Errors
    ///
    /// Fails with the error of `work`, and with 422 when the key was given to another request.
    pub(crate) async fn run<W>(
        &self,
        world: &World,
        Fingerprint { name, content }: Fingerprint,
        work: W,
    ) -> Result<Response<Body>, ErrorResponse>
    where
        W: Future<Output = Result<Response<Body>, ErrorResponse>> + MaybeSend + 'static,
    {
        let Some(name) = name else {
            return begin(world, work).await.map(Recorded::into_response);
        };
        let pending = self.earlier_or_begin(world, name, content, work)?;
        let outcome = pending.clone().await;
        if !is_success(&outcome) {
            self.kept.lock().retain(|kept| !kept.outcome.ptr_eq(&pending));
        }
        outcome.map(Recorded::into_response)
    }

    fn earlier_or_begin<W>(
        &self,
        world: &World,
        name: RequestName,
        content: [u8; 32],
        work: W,
    ) -> Result<Pending, ApiError>
    where
        W: Future<Output = Result<Response<Body>, ErrorResponse>> + MaybeSend + 'static,
    {
        let now = world.clock.now();
        let mut kept = self.kept.lock();
        kept.retain(|kept| is_within(KEPT_FOR, now, kept.since));
        // Whoever waited for a failure may be gone, and has not removed it.
        kept.retain(|kept| {
            kept.name != name
                || kept.outcome.clone().now_or_never().is_none_or(|it| is_success(&it))
        });
        if let Some(earlier) = kept.iter().find(|kept| kept.name == name) {
            let is_same = earlier.content == content;
            return if is_same { Ok(earlier.outcome.clone()) } else { Err(ApiError::KeyReused) };
        }
        let is_theirs =
            |kept: &Kept| kept.name.user == name.user && kept.name.environment == name.environment;
        if kept.iter().filter(|kept| is_theirs(kept)).count() >= MAX_KEPT_OF_ONE
            && let Some(oldest) = kept.iter().position(is_theirs)
        {
            kept.remove(oldest);
        }
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        let outcome = begin(world, work).shared();
        kept.push_back(Kept { name, content, since: now, outcome: outcome.clone() });
        Ok(outcome)
    }
}

/// Tells whether an answer is one to repeat.
fn is_success(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(|answer| answer.status.is_success())
}

/// Begins `work`, which goes on when its caller goes away.
fn begin<W>(world: &World, work: W) -> BoxFuture<'static, Outcome>
where
    W: Future<Output = Result<Response<Body>, ErrorResponse>> + MaybeSend + 'static,
{
    let (give, receive) = oneshot::channel();
    world.runtime.spawn(Box::pin(async move {
        let outcome = match work.await {
            Ok(response) => Recorded::new(response).await,
            Err(error) => Err(error),
        };
        // The caller may have gone away.
        let _gone = give.send(outcome);
    }));
    Box::pin(async { receive.await.unwrap_or_else(|_| Err(ApiError::Interrupted.into())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn recorded(size: usize) -> Result<usize, (StatusCode, Option<String>)> {
        let recorded = Recorded::new(Response::new(Body::from(vec![b' '; size]))).await;
        recorded.map(|recorded| recorded.body.len()).map_err(|error| answer(&error))
    }

    fn answer(error: &ErrorResponse) -> (StatusCode, Option<String>) {
        let response = error.to_response(&http::Method::POST, "/");
        let wait = response.headers().get("retry-after");
        (response.status(), wait.map(|wait| wait.to_str().unwrap().to_owned()))
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_no_server_that_shuts_down() {
        assert_eq!(recorded(MAX_ANSWER).await, Ok(MAX_ANSWER));
        let refused = recorded(MAX_ANSWER + 1).await;
        assert_eq!(refused, Err((StatusCode::INTERNAL_SERVER_ERROR, None)));
    }

    #[test]
    fn a_server_that_shuts_down_says_when_to_try_again() {
        let (status, wait) = answer(&ApiError::Interrupted.into());
        assert_eq!((status, wait.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    }
}
