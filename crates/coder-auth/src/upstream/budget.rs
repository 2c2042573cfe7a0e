//! The budget of logins at Coder.

use std::time::Duration;

use coder_client::{Capabilities, Capability};
use coder_core::Lock;
use jiff::{SignedDuration, Timestamp};

use super::UpstreamError;

/// The time after which a used-up budget is whole again.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// The longest time that logins wait, whatever Coder asks for.
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// The number of logins that may come at once. As many more may come in the minute that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burst(i32);

impl Burst {
    /// Returns the burst for a release. An unknown release counts as a new one.
    ///
    /// From 2.38 on, Coder answers 60 requests per minute and address at each OAuth2 endpoint, so
    /// logins get 40 in any minute. Before that it answers 512, and they get 300.
    pub(super) fn for_release(release: Option<&Capabilities>) -> Self {
        match release.and_then(|release| release.has(Capability::Scopes)) {
            Some(false) => Self(150),
            Some(true) | None => Self(20),
        }
    }

    /// Returns the time after which one more login may follow a burst.
    fn interval(self) -> SignedDuration {
        WINDOW / self.0
    }
}

/// The share of Coder's rate limit that logins may use up.
///
/// Anybody can make a portal send a code to Coder, so the rest is left to signed-in users:
/// rotations and revocations never wait for this budget. All environments of one deployment share
/// one budget.
#[derive(Default)]
pub(crate) struct LoginBudget(Lock<State>);

#[derive(Default)]
struct State {
    /// The moment at which the whole burst is available again (the generic cell rate algorithm,
    /// ITU-T I.371).
    full_at: Option<Timestamp>,
    /// The moment until which Coder asked everybody to wait.
    paused_until: Option<Timestamp>,
}

impl LoginBudget {
    /// Takes one request out of the budget.
    ///
    /// # Errors
    ///
    /// Fails with [`UpstreamError::TooManyLogins`] when nothing is left. The error holds the time
    /// to wait.
    pub(super) fn take(&self, now: Timestamp, burst: Burst) -> Result<(), UpstreamError> {
        let mut state = self.0.lock();
        // What lies further ahead than it can was noted before the clock was set back.
        let ahead = |moment: Option<Timestamp>, most: SignedDuration| {
            let left = moment.map(|moment| moment.duration_since(now)).unwrap_or_default();
            if left.is_negative() || left > most { SignedDuration::ZERO } else { left }
        };
        let paused = ahead(state.paused_until, MAX_PAUSE);
        let used = ahead(state.full_at, WINDOW) + burst.interval();
        let wait = paused.max(used - WINDOW);
        if wait > SignedDuration::ZERO {
            let retry_after = Duration::try_from(wait).unwrap_or_default();
            return Err(UpstreamError::TooManyLogins { retry_after });
        }
        state.full_at = Some(coder_core::later(now, used));
        Ok(())
    }

    /// Stops logins until Coder's limit has room again.
    pub(super) fn pause(&self, now: Timestamp, wait: Option<Duration>) {
        let asked = wait.and_then(|wait| SignedDuration::try_from(wait).ok());
        let wait = asked.unwrap_or(WINDOW).min(MAX_PAUSE);
        let mut state = self.0.lock();
        state.paused_until = Some(coder_core::later(now, wait));
    }
}

#[cfg(test)]
mod tests {
    use coder_client::CoderVersion;

    use super::*;

    const NEW: Burst = Burst(20);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn no_minute_has_more_than_forty_logins() {
        let budget = LoginBudget::default();
        let taken = (0..600).flat_map(|tenth| std::iter::repeat_n(tenth / 10, 5));
        let taken = taken.filter(|second| budget.take(at(*second), NEW).is_ok()).count();
        assert!((39..=40).contains(&taken), "{taken}");
    }

    #[test]
    fn a_login_beyond_the_budget_is_told_when_to_come_back() {
        let budget = LoginBudget::default();
        while budget.take(at(0), NEW).is_ok() {}
        let wait = budget.take(at(1), NEW).unwrap_err().retry_after();
        assert_eq!(wait, Some(Duration::from_secs(2)));
        assert!(budget.take(at(3), NEW).is_ok());
    }

    #[test]
    fn logins_wait_as_long_as_coder_asks_though_not_for_ever() {
        let budget = LoginBudget::default();
        budget.pause(at(0), Some(Duration::from_secs(30)));
        assert_eq!(
            budget.take(at(10), NEW).unwrap_err().retry_after(),
            Some(Duration::from_secs(20))
        );
        assert!(budget.take(at(30), NEW).is_ok());
        budget.pause(at(30), Some(Duration::MAX));
        assert!(budget.take(at(31), NEW).is_err());
        assert!(budget.take(at(631), NEW).is_ok());
    }

    #[test]
    fn a_clock_that_was_set_back_gives_the_budget_back() {
        let budget = LoginBudget::default();
        while budget.take(at(0), NEW).is_ok() {}
        budget.pause(at(0), Some(Duration::from_secs(60)));
        assert!(budget.take(at(-86_400), NEW).is_ok());
    }

    #[test]
    fn a_release_with_a_larger_limit_lets_more_people_in() {
        let older: CoderVersion = "v2.36.0".parse().unwrap();
        let newer: CoderVersion = "v2.38.0".parse().unwrap();
        let burst = |version| Burst::for_release(Some(&Capabilities::new(Some(version))));
        assert_eq!(burst(newer), NEW);
        assert_eq!(Burst::for_release(None), NEW);
        let budget = LoginBudget::default();
        let taken = (0..600).flat_map(|tenth| std::iter::repeat_n(tenth / 10, 5));
        let taken = taken.filter(|second| budget.take(at(*second), burst(older)).is_ok()).count();
        assert!((295..=300).contains(&taken), "{taken}");
    }
}
