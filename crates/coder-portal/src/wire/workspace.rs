//! Workspaces, as lists and as answers to actions hold them.

use coder_client::models;
use coder_workspaces::{Availability, AvailabilityState, DeploymentHosts, NextAction};
use jiff::Timestamp;
use serde::Serialize;

use super::WorkspaceLinks;

/// A workspace.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workspace {
    /// Id, a UUID, which never changes.
    pub(crate) id: String,
    /// Name, which is unique among the workspaces of its owner.
    pub(crate) name: String,
    /// Name of the owner at Coder.
    pub(crate) owner: String,
    /// `true` when the caller is the owner.
    pub(crate) mine: bool,
    /// Name of the template.
    pub(crate) template: String,
    /// Name of the template for people; may be empty.
    pub(crate) template_display_name: String,
    /// Icon of the template: a path of the deployment, a URL, or empty.
    pub(crate) template_icon: String,
    /// State in one word.
    #[cfg_attr(test, schemars(with = "schema::State"))]
    pub(crate) availability: AvailabilityState,
    /// State in words for people.
    pub(crate) label: &'static str,
    /// Reason for the state, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Action that a person would take next.
    #[cfg_attr(test, schemars(with = "schema::Action"))]
    pub(crate) action: NextAction,
    /// Number of the latest build, which counts from 1.
    pub(crate) build_number: i64,
    /// `true` when a newer version of the template is active.
    pub(crate) outdated: bool,
    /// `true` when the caller has marked it as a favourite.
    pub(crate) favorite: bool,
    /// `true` when it may be renamed.
    pub(crate) renamable: bool,
    /// Moment of the last use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used_at: Option<Timestamp>,
    /// Moment at which it stops by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<Timestamp>,
    /// Moment since which it is dormant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dormant_at: Option<Timestamp>,
    /// Moment at which Coder deletes it because it is dormant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deleting_at: Option<Timestamp>,
    /// Links into it.
    pub(crate) links: WorkspaceLinks,
}

impl Workspace {
    /// Makes the form for pages. `caller` is the caller's user at Coder.
    pub(crate) fn new(
        workspace: &models::Workspace,
        available: Availability,
        hosts: &DeploymentHosts,
        caller: coder_client::UserId,
    ) -> Self {
        let links = coder_workspaces::WorkspaceLinks::new(workspace, hosts);
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            owner: workspace.owner_name.clone(),
            mine: workspace.owner_id == caller,
            template: workspace.template_name.clone(),
            template_display_name: workspace.template_display_name.clone(),
            template_icon: workspace.template_icon.clone(),
            availability: available.state,
            label: available.state.label(),
            reason: available.reason,
            action: available.action,
            build_number: workspace.latest_build.build_number,
            outdated: workspace.outdated,
            favorite: workspace.favorite,
            renamable: workspace.allow_renames,
            last_used_at: workspace.used_at(),
            deadline: workspace.latest_build.deadline,
            dormant_at: workspace.dormant_at,
            deleting_at: workspace.deleting_at,
            links: links.into(),
        }
    }
}

/// A page of workspaces.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspaceList {
    /// Workspaces of this page: running ones first, then those that are about to run.
    pub(crate) workspaces: Vec<Workspace>,
    /// Number of workspaces on all pages.
    pub(crate) count: usize,
    /// `true` when workspaces may be missing; `notices` tell why.
    pub(crate) partial: bool,
    /// Messages for people.
    pub(crate) notices: Vec<String>,
    /// Seconds until the list is worth reading again, 5 to 60.
    pub(crate) poll_after_seconds: u64,
}

/// The values of enumerations of `coder-workspaces`.
#[cfg(test)]
pub(crate) mod schema {
    use coder_workspaces::{AvailabilityState, NextAction, OpenOutcome};
    use schemars::JsonSchema;

    macro_rules! values {
        ($(#[$meta:meta])* $name:ident of $source:ident { $($variant:ident,)+ }) => {
            $(#[$meta])*
            #[derive(JsonSchema, serde::Serialize, Debug, PartialEq)]
            #[serde(rename_all = "camelCase")]
            pub(crate) enum $name { $($variant,)+ }

            impl From<$source> for $name {
                fn from(value: $source) -> Self {
                    match value { $($source::$variant => Self::$variant,)+ }
                }
            }
        };
    }

    values! {
        /// The state of a workspace in one word.
        State of AvailabilityState {
            Online, Pending, Stopping, Offline, Failed, Deleting, Deleted, Dormant, Unhealthy, Unknown,
        }
    }

    values! {
        /// An action that a person would take next.
        Action of NextAction {
            Open, Wait, Start, Restart, Wake, Retry, Inspect, Recreate, LinkAccounts,
        }
    }

    values! {
        /// The way in which a workspace was obtained.
        Outcome of OpenOutcome { Found, Joined, Started, Created, }
    }

    #[test]
    fn the_values_of_the_description_are_those_that_are_sent() {
        let text = |value: serde_json::Result<String>| value.unwrap();
        let (state, action) = (AvailabilityState::Unhealthy, NextAction::LinkAccounts);
        assert_eq!(
            text(serde_json::to_string(&State::from(state))),
            text(serde_json::to_string(&state))
        );
        assert_eq!(
            text(serde_json::to_string(&Action::from(action))),
            text(serde_json::to_string(&action))
        );
        let outcome = OpenOutcome::Joined;
        assert_eq!(
            text(serde_json::to_string(&Outcome::from(outcome))),
            text(serde_json::to_string(&outcome))
        );
    }
}
