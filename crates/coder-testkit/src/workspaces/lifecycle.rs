//! How far a build is, told by the clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Build;
use crate::keys::after;
use crate::store::Deployment;

/// How long each step of a build takes on the fake's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// From the request until a provisioner takes the job (`pending`).
    pub queued: Duration,
    /// The provisioner's work (`starting`, `stopping`, `deleting`).
    pub building: Duration,
    /// From the end of the build until the agents connect (`connecting`).
    pub connecting: Duration,
    /// From then until they report that their startup scripts run (`connected`, but `created`).
    pub reporting: Duration,
    /// The agents' startup scripts (`connected`, but `starting`).
    pub starting: Duration,
    /// The agents' shutdown scripts, when they are told to end (`shutting_down`).
    pub stopping: Duration,
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
    };

    /// All steps of a start together.
    pub(crate) const fn total(&self) -> Duration {
        self.queued
            .saturating_add(self.building)
            .saturating_add(self.connecting)
            .saturating_add(self.reporting)
            .saturating_add(self.starting)
    }

    /// Every step takes this long: for demonstrations.
    pub const fn every(step: Duration) -> Self {
        Self {
            queued: step,
            building: step,
            connecting: step,
            reporting: step,
            starting: step,
            stopping: step,
        }
    }
}

impl Default for Pace {
    /// 2 seconds in the queue, 30 for the build, 10 until the agents connect, 10 for their startup
    /// scripts and 10 for those at the end. They report at once.
    fn default() -> Self {
        Self {
            queued: Duration::from_secs(2),
            building: Duration::from_secs(30),
            connecting: Duration::from_secs(10),
            reporting: Duration::ZERO,
            starting: Duration::from_secs(10),
            stopping: Duration::from_secs(10),
        }
    }
}

/// What a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Start,
    Stop,
    Delete,
}

/// What becomes of a build when nobody interferes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Succeeds,
    Fails {
        error: String,
        code: Option<String>,
    },
    /// No provisioner ever takes it: place in the queue and its length.
    WaitsForEver {
        position: u32,
        size: u32,
    },
}

impl Deployment<'_> {
    /// What becomes of a build that a request asks for.
    pub(crate) fn fate(&self, template: Uuid, transition: Transition) -> Fate {
        let template = self.state.template(template);
        match template.and_then(|template| template.builds_fail.clone()) {
            Some((error, code)) if transition == Transition::Start => Fate::Fails { error, code },
            _ => Fate::Succeeds,
        }
    }
}

/// A provisioner job at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) status: &'static str,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) canceled_at: Option<Timestamp>,
}

impl Transition {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "start" => Some(Self::Start),
            "stop" => Some(Self::Stop),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Delete => "delete",
        }
    }
}

impl Build {
    /// The job at `now`.
    pub(crate) fn job(&self, pace: &Pace, now: Timestamp) -> Job {
        let starts = plus(self.created_at, pace.queued);
        let ends = plus(starts, pace.building);
        let started = starts <= now && !matches!(self.fate, Fate::WaitsForEver { .. });
        if let Some(canceled_at) = self.canceled_at {
            let was_started = started && starts <= canceled_at;
            // A provisioner needs a moment to let go; a queued job needs none.
            let gone = if was_started { plus(canceled_at, pace.queued) } else { canceled_at };
            return Job {
                status: if gone <= now { "canceled" } else { "canceling" },
                started_at: was_started.then_some(starts),
                completed_at: (gone <= now).then_some(gone),
                canceled_at: Some(canceled_at),
            };
        }
        let mut job = Job {
            status: "pending",
            started_at: started.then_some(starts),
            completed_at: None,
            canceled_at: None,
        };
        if !started {
            return job;
        }
        job.status = "running";
        if ends <= now {
            job.completed_at = Some(ends);
            job.status = match self.fate {
                Fate::Fails { .. } => "failed",
                _ => "succeeded",
            };
        }
        job
    }

    /// The status of the workspace while this is its latest build.
    pub(crate) fn status(&self, pace: &Pace, now: Timestamp) -> &'static str {
        self.status_of(&self.job(pace, now))
    }

    /// The status of the workspace while this is the job of its latest build.
    pub(crate) fn status_of(&self, job: &Job) -> &'static str {
        match (job.status, self.transition) {
            ("running", Transition::Start) => "starting",
            ("running", Transition::Stop) => "stopping",
            ("running", Transition::Delete) => "deleting",
            ("succeeded", Transition::Start) => "running",
            ("succeeded", Transition::Stop) => "stopped",
            ("succeeded", Transition::Delete) => "deleted",
            (same, _) => same,
        }
    }

    /// Whether no other build may begin yet.
    pub(crate) fn is_active(&self, pace: &Pace, now: Timestamp) -> bool {
        self.job(pace, now).completed_at.is_none()
    }
}

/// `time` and a while.
pub(crate) fn plus(time: Timestamp, duration: Duration) -> Timestamp {
    after(time, SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
}
