//! Remembering what a deployment answered, and asking it one question at a time.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use coder_client::ClientError;
use coder_core::{Lock, MaybeSend, MaybeSync, World, is_within, timeout, with_causes};
use futures_channel::oneshot;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use jiff::{SignedDuration, Timestamp};

use super::error::no_answer_in_time;

/// An answer is asked for again after this time: the deployment may have been upgraded.
const ANSWER_TTL: SignedDuration = SignedDuration::from_mins(10);
/// An answer that lets no login through is asked for again after this time: somebody may be
/// mending it.
const REFUSAL_TTL: SignedDuration = SignedDuration::from_secs(5);
/// A deployment that did not answer is asked again after this time.
const FAILURE_TTL: SignedDuration = SignedDuration::from_secs(10);

/// An answer of a deployment that can be kept.
pub(super) trait Answer: Clone + MaybeSend + MaybeSync + 'static {
    /// Tells whether no login is possible while this answer holds.
    fn is_refusal(&self) -> bool;
}

/// The outcome of a question, for all who wait for it.
pub(super) type Outcome<T> = Result<T, Arc<ClientError>>;

/// The last answer to one question, and the question that is under way. Clones share both.
///
/// A known answer is served at once. When it is old, it is renewed beside its readers, so that a
/// deployment that hangs holds nobody up. An old refusal is not served: readers wait for the next
/// answer, which may allow the login. A question without an answer keeps the former one.
#[derive(Clone)]
pub(super) struct Cached<T: Clone>(Arc<Lock<State<T>>>);

struct State<T: Clone> {
    answer: Option<T>,
    failure: Option<Arc<ClientError>>,
    /// The end of the last question, and the time for which its outcome counts.
    asked: Option<(Timestamp, SignedDuration)>,
    under_way: Option<Shared<oneshot::Receiver<Outcome<T>>>>,
}

impl<T: Clone> Default for Cached<T> {
    fn default() -> Self {
        let state = State { answer: None, failure: None, asked: None, under_way: None };
        Self(Arc::new(Lock::new(state)))
    }
}

impl<T: Answer> Cached<T> {
    /// Returns the known answer, and asks a `question` if there is none or it is old.
    ///
    /// A question has `limit` to be answered, and goes on when its readers go away. It is made only
    /// when it is asked: its future is large, and each login reads the known answer.
    ///
    /// # Errors
    ///
    /// Fails when there is no answer and the last question got none.
    pub(super) async fn get<Q>(
        &self,
        world: &World,
        limit: Duration,
        question: impl FnOnce() -> Q,
    ) -> Outcome<T>
    where
        Q: Future<Output = Result<T, ClientError>> + MaybeSend + 'static,
    {
        let (known, waiting) = {
            let mut state = self.state();
            if state.is_fresh(world.clock.now()) {
                return state.outcome();
            }
            let known = state.answer.clone().filter(|answer| !answer.is_refusal());
            match &state.under_way {
                Some(waiting) => (known, waiting.clone()),
                None => {
                    let (give, receive) = oneshot::channel();
                    let waiting = receive.shared();
                    state.under_way = Some(waiting.clone());
                    // A runtime may drop what it is given at once, and the turn takes the lock.
                    drop(state);
                    self.ask(world, limit, question(), give);
                    (known, waiting)
                }
            }
        };
        match known {
            Some(answer) => Ok(answer),
            None => waiting.await.unwrap_or_else(|_| Err(Arc::new(no_answer_in_time().into()))),
        }
    }

    /// Forgets the answer, so that the next reader asks again.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        (state.answer, state.failure, state.asked) = (None, None, None);
    }

    fn ask<Q>(&self, world: &World, limit: Duration, question: Q, give: oneshot::Sender<Outcome<T>>)
    where
        Q: Future<Output = Result<T, ClientError>> + MaybeSend + 'static,
    {
        let turn = Turn(self.clone());
        let (runtime, clock) = (Arc::clone(&world.runtime), Arc::clone(&world.clock));
        world.runtime.spawn(Box::pin(async move {
            let outcome = timeout(&*runtime, limit, question).await;
            let outcome = outcome.unwrap_or_else(|| Err(no_answer_in_time().into()));
            let outcome = turn.0.state().remember(outcome, clock.now());
            drop(turn);
            // Nobody may be waiting any more.
            let _ = give.send(outcome);
        }));
    }
}

impl<T: Clone> Cached<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock()
    }
}

impl<T: Answer> State<T> {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.asked.is_some_and(|(then, lasts)| is_within(lasts, now, then))
    }

    /// Returns the last answer, or else the last failure.
    fn outcome(&self) -> Outcome<T> {
        match (&self.answer, &self.failure) {
            (Some(answer), _) => Ok(answer.clone()),
            (None, Some(failure)) => Err(Arc::clone(failure)),
            (None, None) => Err(Arc::new(no_answer_in_time().into())),
        }
    }

    fn remember(&mut self, outcome: Result<T, ClientError>, now: Timestamp) -> Outcome<T> {
        let lasts = match outcome {
            Ok(answer) => {
                let lasts = if answer.is_refusal() { REFUSAL_TTL } else { ANSWER_TTL };
                self.answer = Some(answer);
                lasts
            }
            Err(error) => {
                tracing::debug!(
                    error = with_causes(&error),
                    "coder did not answer what it was asked for a login"
                );
                let lasts = FAILURE_TTL.max(wait(&error));
                self.failure = Some(Arc::new(error));
                lasts
            }
        };
        self.asked = Some((now, lasts));
        self.outcome()
    }
}

/// The turn of the one who asks. It ends with the work, also if the work panics or is dropped.
struct Turn<T: Clone>(Cached<T>);

impl<T: Clone> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.state().under_way = None;
    }
}

/// Returns the time that Coder asked to wait, at most the time for which an answer counts.
fn wait(error: &ClientError) -> SignedDuration {
    let asked = error.retry_after().and_then(|wait| SignedDuration::try_from(wait).ok());
    asked.unwrap_or_default().min(ANSWER_TTL)
}
