//! How usable a workspace is, in a word, and what a person would do next.

use serde::Serialize;

/// The state of a workspace in one word: whether it can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a page shows each of them")]
pub enum AvailabilityState {
    /// The workspace can be used.
    Online,
    /// The workspace is starting: its build waits or runs, an agent has not connected yet or runs
    /// start scripts that must end first. Or an agent has just lost its connection, and may come
    /// back.
    Pending,
    /// The workspace is stopping, or its build is being canceled.
    Stopping,
    /// The workspace is stopped.
    Offline,
    /// The workspace's last build failed.
    Failed,
    /// The workspace is being deleted.
    Deleting,
    /// The workspace no longer exists.
    Deleted,
    /// The workspace was not used for long, and was put to sleep. Dormancy does not stop it: it
    /// may still run.
    Dormant,
    /// The workspace runs, but something in it does not work.
    Unhealthy,
    /// Coder says something about it that this version does not know.
    Unknown,
}

impl AvailabilityState {
    /// Returns the state's display name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Online => "Online",
            Self::Pending => "Pending…",
            Self::Stopping => "Stopping…",
            Self::Offline => "Offline",
            Self::Failed => "Failed",
            Self::Deleting => "Deleting…",
            Self::Deleted => "Deleted",
            Self::Dormant => "Dormant",
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
        }
    }

    /// Returns `true` if a status light should be on: the workspace can be used, or will be soon.
    pub fn is_lit(self) -> bool {
        matches!(self, Self::Online | Self::Pending | Self::Unhealthy)
    }

    /// Returns the next action for a workspace whose last build started it.
    pub(crate) fn next_action(self) -> NextAction {
        match self {
            Self::Online => NextAction::Open,
            Self::Unknown => NextAction::Inspect,
            _ => NextAction::Restart,
        }
    }
}

/// Action that a person would take next with a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a page offers each of them")]
pub enum NextAction {
    /// Open the workspace: it can be used.
    Open,
    /// Wait; a change is under way.
    Wait,
    /// Start the workspace: it is stopped.
    Start,
    /// Stop it and start it again.
    Restart,
    /// Start it, which wakes it.
    Wake,
    /// Read the build's log, then do what failed once more.
    Retry,
    /// Look at it in Coder's dashboard.
    Inspect,
    /// Create another workspace: this one is deleted.
    Recreate,
    /// Link accounts at other services, then do what failed once more.
    LinkAccounts,
}
