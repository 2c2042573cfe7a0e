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
        /// Never changes.
        pub id: TemplateId = required,
        /// When it was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The organization it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// That organization's name.
        pub organization_name: String,
        /// That organization's name for people.
        pub organization_display_name: String,
        /// That organization's picture.
        pub organization_icon: String,
        /// Unique in its organization.
        pub name: String = required,
        /// For people; may be empty.
        pub display_name: String,
        /// What builds it, like `terraform`.
        pub provisioner: String,
        /// The version that new workspaces use.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub active_version_id: Option<TemplateVersionId>,
        /// How many people use it; 0 when nobody counted yet.
        pub active_user_count: i64,
        /// How long builds take, by what they do.
        pub build_time_stats: BTreeMap<String, BuildTimeStats>,
        /// What it is for.
        pub description: String,
        /// Whether no workspace can be created from it any more.
        pub deprecated: bool,
        /// Why, and what to use instead.
        pub deprecation_message: String,
        /// Whether it is gone. Told from 2.34 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub deleted: Option<bool>,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// After how many milliseconds its workspaces stop by themselves; 0 for never.
        pub default_ttl_ms: i64,
        /// By how many milliseconds use extends that.
        pub activity_bump_ms: i64,
        /// How many milliseconds before a stop its user is warned. Told from 2.36 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub time_til_autostop_notify_ms: Option<i64>,
        /// When its workspaces must stop.
        pub autostop_requirement: AutostopRequirement,
        /// When its workspaces may start by themselves.
        pub autostart_requirement: AutostartRequirement,
        /// Who created it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_by_id: Option<UserId>,
        /// That user's name.
        pub created_by_name: String,
        /// Whether users may let their workspaces start by themselves.
        pub allow_user_autostart: bool,
        /// Whether users may say when their workspaces stop by themselves.
        pub allow_user_autostop: bool,
        /// Whether users may cancel builds.
        pub allow_user_cancel_workspace_jobs: bool,
        /// After how many milliseconds a failed workspace is stopped; 0 for never.
        pub failure_ttl_ms: i64,
        /// After how many milliseconds without use a workspace becomes dormant; 0 for never.
        pub time_til_dormant_ms: i64,
        /// After how many milliseconds a dormant workspace is deleted; 0 for never.
        pub time_til_dormant_autodelete_ms: i64,
        /// Whether builds must use the active version.
        pub require_active_version: bool,
        /// With whom ports may be shared at most.
        pub max_port_share_level: SharingLevel,
        /// Who answers cross-origin questions to its apps. Told from 2.26 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cors_behavior: Option<CorsBehavior>,
        /// Whether its parameters are plain instead of dynamic.
        pub use_classic_parameter_flow: bool,
        /// Whether AI agents may use it. Told from 2.37 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agents_allowed: Option<bool>,
        /// Whether its modules are fetched anew for each build. Told from 2.34 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disable_module_cache: Option<bool>,
    }
}

model! {
    /// How long builds take, in milliseconds; `None` when too few were measured.
    // coder: codersdk.TransitionStats
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "UPPERCASE")]
    #[non_exhaustive]
    pub struct BuildTimeStats {
        /// Half of them take no longer.
        pub p50: Option<i64>,
        /// 95 of 100 take no longer.
        pub p95: Option<i64>,
    }
}

model! {
    /// When workspaces must stop.
    // coder: codersdk.TemplateAutostopRequirement
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AutostopRequirement {
        /// On these days of the week, like `monday`.
        pub days_of_week: List<String>,
        /// Every so many weeks.
        pub weeks: i64,
    }
}

model! {
    /// When workspaces may start by themselves.
    // coder: codersdk.TemplateAutostartRequirement
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AutostartRequirement {
        /// On these days of the week, like `monday`.
        pub days_of_week: List<String>,
    }
}

model! {
    /// A version of a template: `GET /api/v2/templateversions/{templateversion}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersion {
        /// Never changes.
        pub id: TemplateVersionId = required,
        /// The template; `None` while it belongs to none.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The organization it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// When it was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// Unique in its template.
        pub name: String = required,
        /// What is new in it.
        pub message: String,
        /// Its import.
        pub job: ProvisionerJob,
        /// Its documentation, in Markdown.
        pub readme: String,
        /// Who created it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_by: Option<MinimalUser>,
        /// Whether it is hidden.
        pub archived: bool,
        /// What is wrong with it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub warnings: List<TemplateVersionWarning>,
        /// Who can import it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub matched_provisioners: Option<MatchedProvisioners>,
        /// Whether an agent runs outside of what a build makes.
        pub has_external_agent: bool,
    }
}

model! {
    /// Somebody, in a few words.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MinimalUser {
        /// Never changes.
        pub id: UserId = required,
        /// Unique in the deployment.
        pub username: String = required,
        /// The full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// A picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
    }
}

model! {
    /// A Terraform variable of a template version.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionVariable {
        /// Its name.
        pub name: String = required,
        /// What it is for.
        pub description: String,
        /// Its type, like `string`.
        #[serde(rename = "type")]
        pub kind: String,
        /// Its value; empty when it is sensitive.
        pub value: String,
        /// What it is when nobody sets it.
        pub default_value: String,
        /// Whether somebody must set it.
        pub required: bool,
        /// Whether its value is not told.
        pub sensitive: bool,
    }
}

neutral!(AutostopRequirement, AutostartRequirement);

open_enum! {
    /// Who answers cross-origin questions to apps.
    CorsBehavior {
        /// Coder.
        Simple = "simple",
        /// The app.
        Passthru = "passthru",
    }
}

open_enum! {
    /// What is wrong with a template version.
    TemplateVersionWarning {
        /// It cannot make workspaces.
        UnsupportedWorkspaces = "UNSUPPORTED_WORKSPACES",
    }
}
