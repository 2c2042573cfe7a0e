//! Templates and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{MatchedProvisioners, ProvisionerJob, SharingLevel};
use crate::reading::{model, neutral, open_enum};
use crate::{List, OrganizationId, TemplateId, TemplateVersionId, UserId};

model! {
    /// A template: `GET /api/v2/templates/{template}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Template {
        /// The id of the template, which never changes.
        pub id: TemplateId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The name of the organization that it belongs to.
        pub organization_name: String,
        /// The name of the organization that user interfaces show.
        pub organization_display_name: String,
        /// The icon of the organization: a path of the deployment, or a URL.
        pub organization_icon: String,
        /// The name, which is unique in its organization.
        pub name: String = required,
        /// The name that user interfaces show; may be empty.
        pub display_name: String,
        /// The provisioner that builds workspaces, like `terraform`.
        pub provisioner: String,
        /// The id of the version that new workspaces use.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub active_version_id: Option<TemplateVersionId>,
        /// The number of users with recent activity; -1 or 0 while Coder has not counted them.
        pub active_user_count: i64,
        /// The times that builds take, by their transition.
        pub build_time_stats: BTreeMap<String, BuildTimeStats>,
        /// The description of the template.
        pub description: String,
        /// `true` when no new workspace can be created from it.
        pub deprecated: bool,
        /// The reason for the deprecation, and what to use instead.
        pub deprecation_message: String,
        /// `true` when the template was deleted. Releases since 2.34 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub deleted: Option<bool>,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The time after which workspaces stop by themselves, in milliseconds; 0 for never.
        pub default_ttl_ms: i64,
        /// The time by which activity moves that stop, in milliseconds.
        pub activity_bump_ms: i64,
        /// The time before a stop at which its user is notified, in milliseconds; 0 for no
        /// notification. Releases since 2.36 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub time_til_autostop_notify_ms: Option<i64>,
        /// The days on which workspaces must stop.
        pub autostop_requirement: AutostopRequirement,
        /// The days on which workspaces may start by themselves.
        pub autostart_requirement: AutostartRequirement,
        /// The id of the user who created the template.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_by_id: Option<UserId>,
        /// The username of the user who created the template.
        pub created_by_name: String,
        /// `true` when users may set an autostart schedule.
        pub allow_user_autostart: bool,
        /// `true` when users may set the time after which their workspaces stop.
        pub allow_user_autostop: bool,
        /// `true` when users may cancel builds.
        pub allow_user_cancel_workspace_jobs: bool,
        /// The time after which a failed workspace is stopped, in milliseconds; 0 for never.
        pub failure_ttl_ms: i64,
        /// The time without use after which a workspace becomes dormant, in milliseconds; 0 for
        /// never.
        pub time_til_dormant_ms: i64,
        /// The time after which a dormant workspace is deleted, in milliseconds; 0 for never.
        pub time_til_dormant_autodelete_ms: i64,
        /// `true` when builds must use the active version.
        pub require_active_version: bool,
        /// The widest level at which ports may be shared.
        pub max_port_share_level: SharingLevel,
        /// The party that answers CORS preflight requests to apps. Releases since 2.26 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cors_behavior: Option<CorsBehavior>,
        /// `true` when the parameters are static instead of dynamic.
        pub use_classic_parameter_flow: bool,
        /// `true` when AI agents may use the template. Releases since 2.37 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agents_allowed: Option<bool>,
        /// `true` when Terraform modules are downloaded for each build. Releases since 2.34 tell
        /// it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disable_module_cache: Option<bool>,
    }
}

model! {
    /// The times that builds take, in milliseconds; `None` when too few were measured.
    // coder: codersdk.TransitionStats
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildTimeStats {
        /// The median of the build times.
        #[serde(rename = "P50")]
        pub p50: Option<i64>,
        /// The 95th percentile of the build times.
        #[serde(rename = "P95")]
        pub p95: Option<i64>,
    }
}

model! {
    /// The days on which workspaces must stop.
    // coder: codersdk.TemplateAutostopRequirement
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AutostopRequirement {
        /// The days of the week, like `monday`.
        pub days_of_week: List<String>,
        /// The number of weeks between two stops.
        pub weeks: i64,
    }
}

model! {
    /// The days on which workspaces may start by themselves.
    // coder: codersdk.TemplateAutostartRequirement
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AutostartRequirement {
        /// The days of the week, like `monday`.
        pub days_of_week: List<String>,
    }
}

model! {
    /// A version of a template: `GET /api/v2/templateversions/{templateversion}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersion {
        /// The id of the version, which never changes.
        pub id: TemplateVersionId = required,
        /// The id of the template; `None` while the version belongs to no template.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The name, which is unique in its template.
        pub name: String = required,
        /// The message that describes the changes of the version.
        pub message: String,
        /// The provisioner job that imports the version.
        pub job: ProvisionerJob,
        /// The documentation of the template, in Markdown.
        pub readme: String,
        /// The user who created the version.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_by: Option<MinimalUser>,
        /// `true` when the version is archived, which hides it.
        pub archived: bool,
        /// The warnings about the version.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub warnings: List<TemplateVersionWarning>,
        /// The provisioners that can import the version.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub matched_provisioners: Option<MatchedProvisioners>,
        /// `true` when an agent runs on a machine that the build does not make.
        pub has_external_agent: bool,
    }
}

model! {
    /// A user with the most important fields only.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MinimalUser {
        /// The id of the user, which never changes.
        pub id: UserId = required,
        /// The username, which is unique in the deployment.
        pub username: String = required,
        /// The full name of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The URL of the user's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
    }
}

model! {
    /// A Terraform variable of a template version.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionVariable {
        /// The name of the variable.
        pub name: String = required,
        /// The description of the variable.
        pub description: String,
        /// The Terraform type, like `string`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The value; empty for a sensitive variable.
        pub value: String,
        /// The value that the variable has when none is set.
        pub default_value: String,
        /// `true` when the variable has no default value.
        pub required: bool,
        /// `true` when Coder does not return the value.
        pub sensitive: bool,
    }
}

model! {
    /// An example template that comes with Coder: `GET /api/v2/templates/examples`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateExample {
        /// The id of the example, like `docker`.
        pub id: String = required,
        /// The URL of the example's source.
        pub url: String,
        /// The name of the example.
        pub name: String,
        /// The description of the example.
        pub description: String,
        /// The icon: a path of the deployment, or a URL.
        pub icon: String,
        /// The words that the example is found by.
        pub tags: List<String>,
        /// The documentation of the example, in Markdown.
        pub markdown: String,
    }
}

model! {
    /// The template versions that were archived: `POST
    /// /api/v2/templates/{template}/versions/archive`.
    // coder: no definition: the description gives the answer as a message
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ArchivedTemplateVersions {
        /// The id of the template.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The ids of the versions that are archived now and were not before.
        pub archived_ids: List<TemplateVersionId>,
    }
}

impl AutostopRequirement {
    /// Creates the requirement to stop on these days, like `monday`, once in a number of weeks.
    pub fn new<D: Into<String>>(days_of_week: impl IntoIterator<Item = D>, weeks: i64) -> Self {
        Self { days_of_week: days_of_week.into_iter().map(Into::into).collect(), weeks }
    }
}

impl AutostartRequirement {
    /// Creates the permission to start on these days, like `monday`.
    pub fn new<D: Into<String>>(days_of_week: impl IntoIterator<Item = D>) -> Self {
        Self { days_of_week: days_of_week.into_iter().map(Into::into).collect() }
    }
}

neutral!(AutostopRequirement, AutostartRequirement);

open_enum! {
    /// The party that answers CORS preflight requests to apps.
    CorsBehavior {
        /// Coder answers the preflight requests.
        Simple = "simple",
        /// The app answers the preflight requests.
        Passthru = "passthru",
    }
}

open_enum! {
    /// A warning about a template version.
    TemplateVersionWarning {
        /// The version cannot make workspaces.
        UnsupportedWorkspaces = "UNSUPPORTED_WORKSPACES",
    }
}
