//! Policies for retries, and their progress.

use std::time::Duration;

use jiff::Timestamp;

use crate::{World, elapsed, random_bytes};

/// A policy for retries: how often, and how long to wait. It computes; it does not sleep.
///
/// ```
/// use std::time::Duration;
///
/// use coder_core::RetryPolicy;
///
/// const OVERNIGHT: RetryPolicy = RetryPolicy::BATCH
///     .with_max_attempts(100)
///     .with_budget(Duration::from_secs(8 * 60 * 60));
/// # assert_eq!(OVERNIGHT.max_attempts, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The number of tries in all, the first one included; at least 1.
    pub max_attempts: u32,
    /// The pause before the second try. It doubles before each further try.
    pub first_delay: Duration,
    /// The longest pause, unless the peer asked for a longer one with `Retry-After`.
    pub max_delay: Duration,
    /// The time after the start of the first try within which each further try must start.
    pub budget: Duration,
}

impl RetryPolicy {
    /// A single try, without a retry.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        first_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        budget: Duration::ZERO,
    };

    /// Three tries within ten seconds, for a request that a person waits for.
    pub const INTERACTIVE: Self = Self {
        max_attempts: 3,
        first_delay: Duration::from_millis(200),
        max_delay: Duration::from_secs(2),
        budget: Duration::from_secs(10),
    };

    /// A policy of ten tries within fifteen minutes, for a job that nobody watches.
    ///
    /// Coder's limit of requests asks for a pause of up to 60 seconds (`Retry-After`); this policy
    /// outlasts several of them.
    pub const BATCH: Self = Self {
        max_attempts: 10,
        first_delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(30),
        budget: Duration::from_secs(15 * 60),
    };

    /// Twenty tries within five minutes, for a stream that outlives a restart of its peer.
    pub const STREAM: Self = Self {
        max_attempts: 20,
        first_delay: Duration::from_millis(500),
        max_delay: Duration::from_secs(30),
        budget: Duration::from_secs(300),
    };

    /// Returns the policy with this number of tries in all, the first one included.
    #[must_use]
    pub const fn with_max_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// Returns the policy with this pause before the second try.
    #[must_use]
    pub const fn with_first_delay(self, first_delay: Duration) -> Self {
        Self { first_delay, ..self }
    }

    /// Returns the policy with this longest pause.
    #[must_use]
    pub const fn with_max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// Returns the policy with this time within which each further try must start.
    #[must_use]
    pub const fn with_budget(self, budget: Duration) -> Self {
        Self { budget, ..self }
    }

    /// Returns the pause before the next try; `None` when all tries are used up, or when the next one
    /// would start after the budget.
    ///
    /// `tried` is the number of tries so far (at least 1), `elapsed` the time since the start of
    /// the first one, and `retry_after` the pause that the peer asked for.
    ///
    /// The pause begins with the policy's first delay and is doubled for each further try, up to its
    /// longest one. `jitter` is a random byte, which stretches the pause by up to a half, so that many
    /// clients do not come back at once. The pause is never shorter than `retry_after`.
    pub fn delay(
        &self,
        tried: u32,
        elapsed: Duration,
        retry_after: Option<Duration>,
        jitter: u8,
    ) -> Option<Duration> {
        if tried >= self.max_attempts {
            return None;
        }
        let backoff = self
            .first_delay
            .saturating_mul(2_u32.saturating_pow(tried.saturating_sub(1)))
            .min(self.max_delay);
        let stretch = backoff.saturating_mul(jitter.into()) / (2 * u32::from(u8::MAX));
        let jittered = backoff.saturating_add(stretch);
        let pause = retry_after.map_or(jittered, |asked| asked.max(jittered));
        elapsed.checked_add(pause).is_some_and(|start| start <= self.budget).then_some(pause)
    }
}

/// The progress of an action that is retried: the number of failed tries, and the time of the first
/// failure.
///
/// ```
/// # use coder_core::{RetryPolicy, RetryState, World};
/// # async fn ask() -> Result<u8, std::io::Error> { Ok(1) }
/// # async fn example(world: &World) -> Result<u8, std::io::Error> {
/// let mut retries = RetryState::default();
/// loop {
///     let error = match ask().await {
///         Ok(answer) => return Ok(answer),
///         Err(error) => error,
///     };
///     if !retries.pause(world, &RetryPolicy::INTERACTIVE, None).await {
///         return Err(error);
///     }
/// }
/// # }
/// ```
#[derive(Debug, Default)]
pub struct RetryState {
    failed: u32,
    since: Option<Timestamp>,
}

impl RetryState {
    /// Returns the number of failed tries so far.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// Counts a failed try and returns the pause before the next one; `None` when `policy` allows no
    /// more.
    ///
    /// `retry_after` is the pause that the peer has asked for.
    pub fn next_pause(
        &mut self,
        world: &World,
        policy: &RetryPolicy,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let now = world.clock.now();
        let since = *self.since.get_or_insert(now);
        self.failed = self.failed.saturating_add(1);
        // Without randomness, clients that failed together come back together; that is bearable.
        let [jitter] = random_bytes(&*world.random).unwrap_or_default();
        policy.delay(self.failed, elapsed(now, since), retry_after, jitter)
    }

    /// Counts a failed try and sleeps until the next one; returns `false`, without sleeping, when
    /// `policy` allows no more.
    ///
    /// `retry_after` is the pause that the peer has asked for.
    pub async fn pause(
        &mut self,
        world: &World,
        policy: &RetryPolicy,
        retry_after: Option<Duration>,
    ) -> bool {
        let Some(pause) = self.next_pause(world, policy, retry_after) else { return false };
        tracing::debug!(failed = self.failed, ?pause, "trying again");
        world.runtime.sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 4,
        first_delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(3),
        budget: Duration::from_secs(20),
    };

    fn delay(tried: u32, elapsed: u64, retry_after: Option<u64>) -> Option<u64> {
        let [elapsed, asked] = [elapsed, retry_after.unwrap_or_default()].map(Duration::from_secs);
        let pause = POLICY.delay(tried, elapsed, retry_after.map(|_| asked), 0);
        pause.map(|pause| pause.as_secs())
    }

    #[test]
    fn the_pause_doubles_up_to_its_limit_and_the_tries_end() {
        assert_eq!(
            [1, 2, 3, 4].map(|tried| delay(tried, 0, None)),
            [Some(1), Some(2), Some(3), None]
        );
        assert_eq!(RetryPolicy::NEVER.delay(1, Duration::ZERO, None, 0), None);
    }

    #[test]
    fn what_the_peer_asks_for_is_honoured_within_the_budget() {
        assert_eq!(delay(1, 0, Some(10)), Some(10));
        assert_eq!(delay(1, 15, Some(10)), None, "the answer would come too late");
        assert_eq!(delay(3, 0, Some(1)), Some(3), "never sooner than without it");
    }

    #[test]
    fn a_batch_outlasts_the_pause_that_coder_asks_for_and_a_person_does_not_wait_for_it() {
        let minute = Duration::from_secs(60);
        let pauses = |policy: RetryPolicy| {
            let mut elapsed = Duration::ZERO;
            let pauses = (1..).map_while(|tried| {
                let pause = policy.delay(tried, elapsed, Some(minute), 0)?;
                elapsed += pause;
                Some(pause)
            });
            pauses.count()
        };
        assert_eq!(pauses(RetryPolicy::BATCH), 9);
        assert_eq!(pauses(RetryPolicy::INTERACTIVE), 0);
    }

    #[test]
    fn jitter_stretches_the_pause_by_a_half_at_most() {
        let pause = |jitter| POLICY.delay(2, Duration::ZERO, None, jitter).unwrap();
        assert_eq!(pause(0), Duration::from_secs(2));
        assert_eq!(pause(255), Duration::from_secs(3));
        assert!(pause(100) > pause(50));
    }

    fn any_duration() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::MAX),
            Just(Duration::from_secs(u64::MAX)),
            any::<Duration>(),
            (0_u64..100).prop_map(Duration::from_secs),
        ]
    }

    proptest! {
        #[test]
        fn whatever_a_peer_asks_for_the_pause_is_within_the_budget(
            [first_delay, max_delay, budget, elapsed, asked] in
                [any_duration(), any_duration(), any_duration(), any_duration(), any_duration()],
            (tried, jitter) in any::<(u32, u8)>(),
        ) {
            let policy = RetryPolicy { max_attempts: u32::MAX, first_delay, max_delay, budget };
            for asked in [None, Some(asked)] {
                if let Some(pause) = policy.delay(tried, elapsed, asked, jitter) {
                    prop_assert!(pause <= budget.saturating_sub(elapsed));
                    prop_assert!(asked.is_none_or(|asked| pause >= asked));
                }
            }
        }
    }
}
