//! How far a build is, told by the clock.

use jiff::Timestamp;
use uuid::Uuid;

use super::agent::Agent;
use super::pace::{Pace, plus};

/// The purpose of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Start,
    Stop,
    Delete,
}

/// The course of a build when nobody interferes.
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

/// The rule whether a build goes on until somebody has read that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The build ends by the clock.
    NotNeeded,
    /// Nobody has read it yet.
    Awaited,
    /// Somebody read it at this moment.
    Came(Timestamp),
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

impl Reader {
    /// Returns the end of a build whose work is done at `done`; `None` while a reader is awaited.
    fn ends(self, done: Timestamp) -> Option<Timestamp> {
        match self {
            Self::NotNeeded => Some(done),
            Self::Awaited => None,
            Self::Came(at) => Some(at.max(done)),
        }
    }
}

impl Build {
    /// Returns the job at `now`.
    pub(crate) fn job(&self, pace: &Pace, now: Timestamp) -> Job {
        let starts = plus(self.created_at, pace.queued);
        let ends = self.reader.ends(plus(starts, pace.building));
        let started = starts <= now && !matches!(self.fate, Fate::WaitsForEver { .. });
        if let Some(canceled_at) = self.canceled_at {
            let was_started = started && starts <= canceled_at;
            // A provisioner needs a moment to let go; a queued job needs none.
            let gone = if was_started { plus(canceled_at, pace.queued) } else { canceled_at };
            return Job {
                status: match (gone <= now, was_started) {
                    (false, _) => "canceling",
                    (true, true) => "failed",
                    (true, false) => "canceled",
                },
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
        if let Some(ends) = ends.filter(|ends| *ends <= now) {
            job.completed_at = Some(ends);
            job.status = match self.fate {
                Fate::Fails { .. } => "failed",
                _ => "succeeded",
            };
        }
        job
    }

    /// Returns the status of the workspace while this is its latest build.
    pub(crate) fn status(&self, pace: &Pace, now: Timestamp) -> &'static str {
        self.status_of(&self.job(pace, now))
    }

    /// Returns the status of the workspace while this is the job of its latest build.
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

    /// Returns why this job of the build has failed, and the code of the failure; `None` unless it
    /// has failed.
    pub(crate) fn failure_of(&self, job: &Job) -> Option<(&str, Option<&str>)> {
        match (&self.fate, job.canceled_at) {
            _ if job.status != "failed" => None,
            (_, Some(_)) => Some(("canceled", None)),
            (Fate::Fails { error, code }, None) => Some((error, code.as_deref())),
            (Fate::Succeeds | Fate::WaitsForEver { .. }, None) => None,
        }
    }

    /// Tells whether no other build may begin yet.
    pub(crate) fn is_active(&self, pace: &Pace, now: Timestamp) -> bool {
        self.job(pace, now).completed_at.is_none()
    }
}

/// One build of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) id: Uuid,
    pub(crate) job: Uuid,
    pub(crate) number: u32,
    pub(crate) transition: Transition,
    pub(crate) version: Uuid,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) created_at: Timestamp,
    pub(crate) initiator: Uuid,
    pub(crate) reason: String,
    pub(crate) fate: Fate,
    pub(crate) canceled_at: Option<Timestamp>,
    /// When the workspace stops by itself, once the build has succeeded.
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) reader: Reader,
}

/// A build that is about to begin.
#[derive(Debug)]
pub(crate) struct BuildPlan {
    pub(crate) transition: Transition,
    pub(crate) version: Uuid,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) initiator: Uuid,
    pub(crate) reason: String,
    pub(crate) created_at: Timestamp,
    pub(crate) fate: Fate,
}
