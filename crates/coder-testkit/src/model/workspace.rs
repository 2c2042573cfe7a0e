//! Workspaces.

use jiff::Timestamp;
use uuid::Uuid;

use super::agent::AgentPlan;
use super::build::{Build, Reader};
use super::pace::Pace;
use super::schedule::Schedule;
use super::user::User;

/// A workspace, as the deployment stores it. What can be known from the clock is not stored.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) owner: Uuid,
    pub(crate) template: Uuid,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// Oldest first; there is always one.
    pub(crate) builds: Vec<Build>,
    pub(crate) favorite: bool,
    pub(crate) dormant_at: Option<Timestamp>,
    pub(crate) autostart: Option<Schedule>,
    /// Whether the schedule is waited for: not from the moment it becomes dormant until the next
    /// build.
    pub(crate) awaits_start: bool,
    pub(crate) ttl_ms: Option<i64>,
    pub(crate) automatic_updates: String,
    /// Users who may use it beside its owner, with their role.
    pub(crate) shared_with: Vec<(Uuid, String)>,
    pub(crate) port_shares: Vec<PortShare>,
    /// The agents that each start gives it.
    pub(crate) agents: Vec<AgentPlan>,
}

/// A port that others may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortShare {
    pub(crate) agent: String,
    pub(crate) port: i64,
    pub(crate) level: String,
    pub(crate) protocol: String,
}

impl Workspace {
    /// Returns the latest build, which decides about the workspace.
    pub(crate) fn latest(&self) -> Option<&Build> {
        self.builds.last()
    }

    /// Notes that somebody has read how its last build goes.
    pub(crate) fn was_read(&mut self, now: Timestamp) {
        if let Some(build) = self.builds.last_mut()
            && build.reader == Reader::Awaited
        {
            build.reader = Reader::Came(now);
        }
    }

    /// Tells whether the last build has deleted the workspace.
    pub(crate) fn is_deleted(&self, pace: &Pace, now: Timestamp) -> bool {
        self.latest().is_some_and(|build| build.status(pace, now) == "deleted")
    }

    /// Tells whether a user may see the workspace: its owner, a user that it is shared with, or an
    /// owner of the deployment.
    pub(crate) fn is_visible_to(&self, user: &User) -> bool {
        user.owner || self.owner == user.id || self.is_shared_with(user.id)
    }

    /// Returns when the workspace starts by itself next.
    pub(crate) fn next_start_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.autostart.as_ref().filter(|_| self.awaits_start)?.next_after(now)
    }

    pub(crate) fn is_shared_with(&self, user: Uuid) -> bool {
        self.shared_with.iter().any(|(id, _)| *id == user)
    }
}
