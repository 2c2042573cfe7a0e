//! Answers that many wait for, and one asks for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use coder_core::{Clock, Lock, is_within};
use futures_util::lock::Mutex;
use jiff::{SignedDuration, Timestamp};

/// The answers to one question by key. Of those who ask for the same key at once, one asks and the
/// others wait for that answer, which is kept for a while.
pub(super) struct SharedAnswers<K, T> {
    /// The greatest number of answers that are kept.
    most: usize,
    slots: Lock<HashMap<K, Slot<T>>>,
}

struct Slot<T> {
    wanted_at: Timestamp,
    answer: Arc<Mutex<Option<Kept<T>>>>,
}

struct Kept<T> {
    answer: T,
    since: Timestamp,
    lasts: SignedDuration,
}

impl<K: Eq + Hash + Clone, T: Clone> SharedAnswers<K, T> {
    /// Creates an empty collection of at most so many answers. Beyond them, the one that was wanted
    /// longest ago goes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, slots: Lock::default() }
    }

    /// Returns the answer for this key: the one that is kept, or that of `ask`, which also tells for
    /// how long it is kept.
    ///
    /// `ask` has a deadline of its own. When its caller goes away, the next one asks.
    pub(super) async fn get(
        &self,
        clock: &dyn Clock,
        key: &K,
        ask: impl Future<Output = (T, Option<SignedDuration>)>,
    ) -> T {
        let slot = self.slot(key, clock.now());
        let mut kept = slot.lock().await;
        if let Some(Kept { answer, since, lasts }) = &*kept
            && is_within(*lasts, clock.now(), *since)
        {
            return answer.clone();
        }
        let (answer, lasts) = ask.await;
        let since = clock.now();
        *kept = lasts.map(|lasts| Kept { answer: answer.clone(), since, lasts });
        answer
    }

    fn slot(&self, key: &K, now: Timestamp) -> Arc<Mutex<Option<Kept<T>>>> {
        let mut slots = self.slots.lock();
        if !slots.contains_key(key) && slots.len() >= self.most {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.wanted_at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                slots.remove(&oldest);
            }
        }
        let new = || Slot { wanted_at: now, answer: Arc::default() };
        let slot = slots.entry(key.clone()).or_insert_with(new);
        slot.wanted_at = now;
        Arc::clone(&slot.answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use futures_util::future::{join_all, pending};

    use super::*;

    /// A clock that is set by hand.
    #[derive(Default)]
    struct Seconds(AtomicI64);

    impl Clock for Seconds {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
        }
    }

    const MINUTE: Option<SignedDuration> = Some(SignedDuration::from_secs(60));

    /// Answers with the number of the question, after others had the time to ask.
    async fn number(
        asked: &AtomicUsize,
        lasts: Option<SignedDuration>,
    ) -> (usize, Option<SignedDuration>) {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        (number, lasts)
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_asks_and_the_answer_counts_for_a_while() {
        let (answers, clock, asked) =
            (SharedAnswers::new(9), Seconds::default(), AtomicUsize::new(0));
        let get = || answers.get(&clock, &"alice", number(&asked, MINUTE));
        assert_eq!(join_all((0..50).map(|_| get())).await, [1; 50]);
        assert_eq!(answers.get(&clock, &"bob", number(&asked, MINUTE)).await, 2, "of another key");
        clock.0.store(59, Ordering::SeqCst);
        assert_eq!(get().await, 1);
        clock.0.store(60, Ordering::SeqCst);
        assert_eq!(get().await, 3);
    }

    #[tokio::test]
    async fn what_is_not_to_be_kept_is_asked_for_by_each() {
        let (answers, clock, asked) =
            (SharedAnswers::new(9), Seconds::default(), AtomicUsize::new(0));
        let get = || answers.get(&clock, &(), number(&asked, None));
        assert_eq!(join_all([get(), get()]).await, [1, 2]);
    }

    #[tokio::test]
    async fn when_the_one_who_asks_goes_away_the_next_one_asks() {
        let (answers, clock) = (SharedAnswers::new(9), Seconds::default());
        let mut first = Box::pin(answers.get(&clock, &(), pending()));
        assert_eq!(first.as_mut().now_or_never(), None);
        let mut second = Box::pin(answers.get(&clock, &(), async { (2, MINUTE) }));
        assert_eq!(second.as_mut().now_or_never(), None, "the first one has asked");
        drop(first);
        assert_eq!(second.await, 2);
    }

    #[tokio::test]
    async fn beyond_the_greatest_number_the_answer_goes_that_was_wanted_longest_ago() {
        let (answers, clock, asked) =
            (SharedAnswers::new(2), Seconds::default(), AtomicUsize::new(0));
        let mut told = Vec::new();
        for (second, name) in ["a", "b", "a", "c", "a", "b"].into_iter().enumerate() {
            clock.0.store(second.try_into().unwrap(), Ordering::SeqCst);
            told.push(answers.get(&clock, &name, number(&asked, MINUTE)).await);
        }
        assert_eq!(told, [1, 2, 1, 3, 1, 4]);
        assert_eq!(answers.slots.lock().len(), 2);
    }
}
