//! Remembering what a deployment answered, and asking it one question at a time.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use coder_client::ClientError;
use coder_core::{Lock, MaybeSend, MaybeSync, World, is_within, timeout};
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

/// An answer of a deployment that is worth remembering.
pub(super) trait Answer: Clone + MaybeSend + MaybeSync + 'static {
    /// Whether no login is possible while this is so.
    fn is_refusal(&self) -> bool;
}

/// The outcome of a question, for all who wait for it.
pub(super) type Outcome<T> = Result<T, Arc<ClientError>>;

/// The last answer to one question, and the question that is under way. Clones share both.
///
/// An answer is served at once for as long as it is known, and renewed beside its readers when it
/// is old, so a deployment that hangs holds nobody up. A refusal that is old is not served: people
/// wait for the next answer, which may let them in. A question without an answer leaves the one
/// before as it was.
#[derive(Clone)]
pub(super) struct Cached<T: Clone>(Arc<Lock<State<T>>>);

struct State<T: Clone> {
    answer: Option<T>,
    failure: Option<Arc<ClientError>>,
    /// When the last question ended, and how long its outcome counts.
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
    /// Gives what is known, and asks `question` when that is old or nothing. A question has `limit`
    /// to be answered, and goes on when its readers go away.
    ///
    /// # Errors
    ///
    /// When nothing is known and the last question was not answered.
    pub(super) async fn get<Q>(&self, world: &World, limit: Duration, question: Q) -> Outcome<T>
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
                    self.ask(world, limit, question, give);
                    (known, waiting)
                }
            }
        };
        match known {
            Some(answer) => Ok(answer),
            None => waiting.await.unwrap_or_else(|_| Err(Arc::new(no_answer_in_time().into()))),
        }
    }

    /// Forgets what is known, so that the next reader asks again.
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

    /// The last answer, else why there is none.
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
                    error = error.to_string(),
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

/// The turn of who asks. It ends with the work, also when that panics or is dropped.
struct Turn<T: Clone>(Cached<T>);

impl<T: Clone> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.state().under_way = None;
    }
}

/// How long Coder asked to wait, at most as long as an answer is fresh.
fn wait(error: &ClientError) -> SignedDuration {
    let asked = error.retry_after().and_then(|wait| SignedDuration::try_from(wait).ok());
    asked.unwrap_or_default().min(ANSWER_TTL)
}
