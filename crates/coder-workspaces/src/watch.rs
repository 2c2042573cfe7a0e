//! How long agents have been in their present state, for clocks that differ from Coder's.

use std::collections::HashMap;
use std::time::Duration;

use coder_client::AgentId;
use coder_client::models::{AgentLifecycle, AgentStatus, Workspace, WorkspaceAgent};
use jiff::Timestamp;

use crate::agent_list::counted;

/// The greatest difference between the own clock and Coder's that changes nothing.
const SKEW: Duration = Duration::from_secs(15 * 60);

/// The states of a workspace's agents, since somebody looks at them again and again.
///
/// Coder tells since when an agent is in a state by its own clock, of which the own clock may
/// differ by minutes. A state that was seen for some time has lasted that long by any clock.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    agents: HashMap<AgentId, Seen>,
    passed: Duration,
}

#[derive(Debug)]
struct Seen {
    status: AgentStatus,
    lifecycle: AgentLifecycle,
    /// The time that had passed when this state was seen first.
    since: Duration,
}

impl Watch {
    /// Notes the present states.
    pub(crate) fn look(&mut self, workspace: &Workspace) {
        for agent in counted(workspace) {
            let (status, lifecycle) = (&agent.status, &agent.lifecycle_state);
            let known = self.agents.get(&agent.id);
            if known.is_none_or(|seen| seen.status != *status || seen.lifecycle != *lifecycle) {
                let (status, lifecycle) = (status.clone(), lifecycle.clone());
                self.agents.insert(agent.id, Seen { status, lifecycle, since: self.passed });
            }
        }
    }

    /// Counts a pause between two looks.
    pub(crate) fn pass(&mut self, pause: Duration) {
        self.passed = self.passed.saturating_add(pause);
    }

    fn seen_for(&self, agent: &WorkspaceAgent) -> Duration {
        let seen = self.agents.get(&agent.id);
        seen.map_or(Duration::ZERO, |seen| self.passed.saturating_sub(seen.since))
    }
}

/// Knowledge about the age of a state.
#[derive(Clone, Copy)]
pub(crate) struct Ages<'a> {
    now: Timestamp,
    watch: Option<&'a Watch>,
}

impl<'a> Ages<'a> {
    /// Makes the ages of what is looked at once: by the moments that Coder tells.
    pub(crate) fn once(now: Timestamp) -> Self {
        Self { now, watch: None }
    }

    /// Makes the ages of what is watched. The moments that Coder tells count only where they are
    /// much older than two clocks differ.
    pub(crate) fn watched(now: Timestamp, watch: &'a Watch) -> Self {
        Self { now, watch: Some(watch) }
    }

    /// Returns whether an agent has been in its present state for less than `limit`; `since` is the
    /// moment that Coder tells.
    pub(crate) fn is_within(
        &self,
        limit: Duration,
        since: Option<Timestamp>,
        agent: &WorkspaceAgent,
    ) -> bool {
        let since = since.or(agent.updated_at);
        // A clock that is behind Coder's: it has just happened.
        let told = since.map(|since| coder_core::elapsed(self.now, since));
        match self.watch {
            // Without a moment nothing could end the wait.
            None => told.is_some_and(|told| told < limit),
            Some(watch) => {
                let is_long_ago = told.is_some_and(|told| told >= limit.saturating_add(SKEW));
                !is_long_ago && watch.seen_for(agent) < limit
            }
        }
    }
}
