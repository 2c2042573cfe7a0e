//! Workspaces and their builds.

mod agents;
mod apps;
mod builds;
mod create;
mod imported;
mod json;
mod knobs;
mod lifecycle;
mod list;
mod logs;
mod matching;
mod metadata;
mod routes;
mod schedule;
mod setup;
mod sharing;
mod successor;
mod watch;

use jiff::Timestamp;
use uuid::Uuid;

pub use apps::NewWorkspaceApp;
pub(crate) use create::{Wish, fulfil};
pub(crate) use imported::imported_resources;
pub(crate) use json::Fresh;
pub use lifecycle::Pace;
pub(crate) use lifecycle::Transition;
pub(crate) use list::{Page, find};
pub(crate) use logs::of_import as imported_log;
pub(crate) use matching::WorkspaceSearch;
pub(crate) use metadata::Metadatum;
pub(crate) use routes::{route_agents, route_builds, route_user, route_workspaces};
pub use setup::NewWorkspace;
pub(crate) use successor::Successor;

use crate::store::State;
use agents::Agent;
use lifecycle::Fate;
use schedule::Schedule;

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
    pub(crate) port_shares: Vec<sharing::PortShare>,
    /// What each start gives it.
    pub(crate) agents: Vec<agents::AgentPlan>,
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
}

impl Workspace {
    /// The build that counts.
    pub(crate) fn latest(&self) -> Option<&Build> {
        self.builds.last()
    }

    /// Whether the last build has deleted it.
    pub(crate) fn is_deleted(&self, pace: &Pace, now: Timestamp) -> bool {
        self.latest().is_some_and(|build| build.status(pace, now) == "deleted")
    }

    /// Whether a user may see it: theirs, shared with them, or they may see everything.
    pub(crate) fn is_visible_to(&self, user: &crate::users::User) -> bool {
        user.owner || self.owner == user.id || self.is_shared_with(user.id)
    }

    /// When it starts by itself next.
    pub(crate) fn next_start_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.autostart.as_ref().filter(|_| self.awaits_start)?.next_after(now)
    }

    pub(crate) fn is_shared_with(&self, user: Uuid) -> bool {
        self.shared_with.iter().any(|(id, _)| *id == user)
    }
}

impl State {
    pub(crate) fn workspace(&self, id: Uuid) -> Option<&Workspace> {
        self.workspaces.get(&id)
    }

    pub(crate) fn workspace_mut(&mut self, id: Uuid) -> Option<&mut Workspace> {
        self.workspaces.get_mut(&id)
    }

    /// The build of that id and its workspace.
    pub(crate) fn build(&self, id: Uuid) -> Option<(&Workspace, &Build)> {
        let workspace = self.workspace(*self.workspace_of_build.get(&id)?)?;
        workspace.builds.iter().find(|build| build.id == id).map(|build| (workspace, build))
    }

    /// How many people have a workspace of a template.
    pub(crate) fn users_of_template(&self, template: Uuid) -> usize {
        let users: std::collections::BTreeSet<Uuid> = self
            .workspaces
            .values()
            .filter(|workspace| workspace.template == template)
            .map(|workspace| workspace.owner)
            .collect();
        users.len()
    }
}
