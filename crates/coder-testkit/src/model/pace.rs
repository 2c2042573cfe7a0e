//! The time that builds and agents take.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::key::after;

/// The time after which a real agent that has never connected counts as timed out.
pub(crate) const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// The time that each step of a build takes on the fake's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// Time from the request until a provisioner takes the job (`pending`).
    pub queued: Duration,
    /// Time of the provisioner's work (`starting`, `stopping`, `deleting`).
    pub building: Duration,
    /// Time from the end of the build until the agents connect (`connecting`).
    pub connecting: Duration,
    /// Time from the connection until the agents report that their startup scripts run (`connected`, but `created`).
    pub reporting: Duration,
    /// Time of the agents' startup scripts (`connected`, but `starting`).
    pub starting: Duration,
    /// Time of the agents' shutdown scripts, when they are told to end (`shutting_down`).
    pub stopping: Duration,
    /// Time from the end of the build until an agent that has never connected counts as timed out
    /// (`timeout`). Coder waits for 120 seconds, and an agent says so at any pace.
    pub giving_up: Duration,
}

impl Pace {
    /// Nothing takes time: what is started runs at once.
    pub const INSTANT: Self = Self::every(Duration::ZERO);

    /// As it was seen at a real Coder whose provisioner had nothing to do: the build takes a
    /// tenth of a second, agents connect within half a second, report another half a second
    /// later, and run scripts for some seconds.
    pub const RECORDED: Self = Self {
        queued: Duration::from_millis(20),
        building: Duration::from_millis(80),
        connecting: Duration::from_millis(400),
        reporting: Duration::from_millis(500),
        starting: Duration::from_secs(4),
        stopping: Duration::from_secs(1),
        giving_up: CONNECTION_TIMEOUT,
    };

    /// Returns how long all steps of a start take together.
    pub(crate) const fn total(&self) -> Duration {
        self.queued
            .saturating_add(self.building)
            .saturating_add(self.connecting)
            .saturating_add(self.reporting)
            .saturating_add(self.starting)
    }

    /// Gives every step the same duration, for demonstrations. Agents that never connect are given
    /// up after 120 seconds all the same.
    pub const fn every(step: Duration) -> Self {
        Self {
            queued: step,
            building: step,
            connecting: step,
            reporting: step,
            starting: step,
            stopping: step,
            giving_up: CONNECTION_TIMEOUT,
        }
    }
}

impl Default for Pace {
    /// Returns the usual pace: 2 seconds in the queue, 30 for the build, 10 until the agents
    /// connect, 10 for their startup scripts and 10 for those at the end. Agents report at once.
    fn default() -> Self {
        Self {
            queued: Duration::from_secs(2),
            building: Duration::from_secs(30),
            connecting: Duration::from_secs(10),
            reporting: Duration::ZERO,
            starting: Duration::from_secs(10),
            stopping: Duration::from_secs(10),
            giving_up: CONNECTION_TIMEOUT,
        }
    }
}

/// Returns `time` plus `duration`, or the latest time that there is.
pub(crate) fn plus(time: Timestamp, duration: Duration) -> Timestamp {
    after(time, SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
}
