//! Whether a workspace can be used, why not, and when to look again.

use std::time::Duration;

use coder_client::models::{
    AgentStatus, JobErrorCode, Workspace, WorkspaceStatus, WorkspaceTransition,
};
use coder_core::{cleaned, quoted};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::agent_list::counted;
use crate::agents::{self, Running};
use crate::availability_state::{AvailabilityState, NextAction};
use crate::missing_account::{MissingAccount, advice};
use crate::watch::Ages;

/// When to look again while something is under way.
const POLL_SOON: Duration = Duration::from_secs(5);
/// When to look again although nothing is under way: somebody may start or stop a workspace.
const POLL_LATE: Duration = Duration::from_secs(60);

/// The availability of a workspace: whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Availability {
    /// State in one word.
    pub state: AvailabilityState,
    /// Reason for the state, as a text for people.
    pub reason: Option<String>,
    /// Action that a person would take next.
    pub action: NextAction,
    /// Time to the next look, in whole seconds as JSON; `None` when nothing can change any more.
    #[serde(rename = "pollAfterSeconds", serialize_with = "seconds")]
    pub poll_after: Option<Duration>,
}

impl Availability {
    /// Decides how usable `workspace` is at the moment `now` of Coder's clock, which
    /// [`Client::now`](coder_client::Client::now) tells.
    ///
    /// A connection that is lost, or scripts that have not begun, are waited for up to 30 seconds
    /// from the moment that Coder tells. So `now` has to come from the same clock: that of another
    /// machine may differ by minutes.
    pub fn new(workspace: &Workspace, now: Timestamp) -> Self {
        Self::decide(workspace, now, Ages::once(now))
    }

    pub(crate) fn decide(workspace: &Workspace, now: Timestamp, ages: Ages<'_>) -> Self {
        let build = &workspace.latest_build;
        let under_way = |state, reason: Option<String>| Self {
            state,
            reason,
            action: NextAction::Wait,
            poll_after: Some(POLL_SOON),
        };
        let settled = |state, action, reason: Option<String>| Self {
            state,
            reason,
            action,
            poll_after: Some(next_change(workspace, now)),
        };
        match &build.status {
            WorkspaceStatus::Pending => {
                let state = match build.transition {
                    WorkspaceTransition::Stop => AvailabilityState::Stopping,
                    WorkspaceTransition::Delete => AvailabilityState::Deleting,
                    _ => AvailabilityState::Pending,
                };
                under_way(state, Some(queue(workspace)))
            }
            WorkspaceStatus::Starting => under_way(AvailabilityState::Pending, None),
            WorkspaceStatus::Stopping => under_way(AvailabilityState::Stopping, None),
            WorkspaceStatus::Canceling => under_way(
                AvailabilityState::Stopping,
                Some("its build is being canceled".to_owned()),
            ),
            WorkspaceStatus::Deleting => under_way(AvailabilityState::Deleting, None),
            WorkspaceStatus::Deleted => Self {
                state: AvailabilityState::Deleted,
                reason: None,
                action: NextAction::Recreate,
                poll_after: None,
            },
            WorkspaceStatus::Failed => {
                settled(AvailabilityState::Failed, NextAction::Retry, Some(failure(workspace)))
            }
            _ if workspace.dormant_at.is_some() => {
                settled(AvailabilityState::Dormant, NextAction::Wake, Some(sleep(workspace, now)))
            }
            WorkspaceStatus::Stopped => {
                settled(AvailabilityState::Offline, NextAction::Start, None)
            }
            WorkspaceStatus::Canceled => settled(
                AvailabilityState::Offline,
                NextAction::Start,
                Some("its last build was canceled".to_owned()),
            ),
            WorkspaceStatus::Running => match agents::running(workspace, ages) {
                Running { state: AvailabilityState::Pending, reason } => {
                    under_way(AvailabilityState::Pending, reason)
                }
                Running { state, reason } => settled(state, state.next_action(), reason),
            },
            status => settled(
                AvailabilityState::Unknown,
                NextAction::Inspect,
                Some(format!("coder says its status is {}", quoted(status.as_str()))),
            ),
        }
    }

    /// Sets [`NextAction::LinkAccounts`] when the last build failed and `missing` is not empty, and
    /// adds to the reason who has to link which accounts.
    ///
    /// [`missing_accounts`](crate::missing_accounts) asks Coder for them.
    #[must_use]
    pub fn with_missing_accounts(mut self, missing: &[MissingAccount]) -> Self {
        if self.state == AvailabilityState::Failed && !missing.is_empty() {
            let advice = advice(missing);
            self.reason = Some(match self.reason {
                Some(reason) => format!("{reason}; {advice}"),
                None => advice,
            });
            self.action = NextAction::LinkAccounts;
        }
        self
    }
}

/// Returns the time until a list of workspaces should be read again: between 5 and 60 seconds.
///
/// `None` means that there is no list yet, or that the last request failed. Then the time is 60
/// seconds, and likewise for an empty list, to which workspaces may be added, and for a list in which
/// every workspace is deleted.
pub fn poll_after(workspaces: Option<&[Availability]>) -> Duration {
    workspaces
        .into_iter()
        .flatten()
        .filter_map(|availability| availability.poll_after)
        .min()
        .unwrap_or(POLL_LATE)
}

/// Returns the connection states of a workspace's agents, each once, in the order of the agents.
pub fn agent_statuses(workspace: &Workspace) -> Vec<&AgentStatus> {
    let mut statuses = Vec::new();
    for agent in counted(workspace) {
        if !statuses.contains(&&agent.status) {
            statuses.push(&agent.status);
        }
    }
    statuses
}

/// Returns the letter that stands in for a missing icon: the first of A to Z in the name, else `W`.
pub fn icon_letter(name: &str) -> char {
    name.chars().find(char::is_ascii_alphabetic).map_or('W', |letter| letter.to_ascii_uppercase())
}

fn queue(workspace: &Workspace) -> String {
    let job = &workspace.latest_build.job;
    let provisioners = &workspace.latest_build.matched_provisioners;
    if job.queue_position > 0 {
        format!("its build is number {} of {} in the queue", job.queue_position, job.queue_size)
    } else if provisioners.as_ref().is_some_and(|matched| matched.available == 0) {
        "its build waits for a provisioner, and none that fits is available".to_owned()
    } else {
        "its build waits for a provisioner".to_owned()
    }
}

fn failure(workspace: &Workspace) -> String {
    let build = &workspace.latest_build;
    let what = match build.transition {
        WorkspaceTransition::Start => "start",
        WorkspaceTransition::Stop => "stop",
        WorkspaceTransition::Delete => "deletion",
        WorkspaceTransition::Other(_) | _ => "build",
    };
    let said = cleaned(build.job.error.as_deref().unwrap_or_default());
    let why = match &build.job.error_code {
        Some(JobErrorCode::InsufficientQuota) => "the owner's quota does not allow it",
        Some(JobErrorCode::RequiredTemplateVariables) => {
            "the template needs variables that its author has not set"
        }
        _ if said.is_empty() => return format!("its last {what} failed"),
        _ => &said,
    };
    format!("its last {what} failed: {why}")
}

fn sleep(workspace: &Workspace, now: Timestamp) -> String {
    let what = match workspace.latest_build.status {
        WorkspaceStatus::Running => "it still runs, but was not used for long",
        _ => "it was not used for long",
    };
    match workspace.deleting_at {
        None => what.to_owned(),
        Some(deletion) => match deletion.duration_since(now).as_hours() / 24 {
            ..1 => format!("{what} and will be deleted within a day"),
            1 => format!("{what} and will be deleted in a day"),
            days => format!("{what} and will be deleted in {days} days"),
        },
    }
}

/// Returns the time until the next change by schedule or deadline, between 5 and 60 seconds.
fn next_change(workspace: &Workspace, now: Timestamp) -> Duration {
    [workspace.next_start_at, workspace.latest_build.deadline]
        .into_iter()
        .flatten()
        .filter_map(|moment| Duration::try_from(moment.duration_since(now)).ok())
        .fold(POLL_LATE, |soonest, ahead| soonest.min(ahead.max(POLL_SOON)))
}

fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs()).serialize(serializer)
}
