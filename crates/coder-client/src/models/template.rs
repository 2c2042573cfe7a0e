//! Templates and their versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MatchedProvisioners, ProvisionerJob, SharingLevel, nullable};
use crate::open_enum::open_enum;
use crate::{OrganizationId, TemplateId, TemplateVersionId, UserId};

/// A template: `GET /api/v2/templates/{template}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Template {
    /// Never changes.
    pub id: TemplateId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// That organization's name.
    #[serde(default)]
    pub organization_name: String,
    /// That organization's name for people.
    #[serde(default)]
    pub organization_display_name: String,
    /// That organization's picture.
    #[serde(default)]
    pub organization_icon: String,
    /// Unique in its organization.
    pub name: String,
    /// For people; may be empty.
    #[serde(default)]
    pub display_name: String,
    /// What builds it, like `terraform`.
    #[serde(default)]
    pub provisioner: String,
    /// The version that new workspaces use.
    pub active_version_id: TemplateVersionId,
    /// How many people use it; 0 when nobody counted yet.
    #[serde(default)]
    pub active_user_count: i64,
    /// How long builds take, by what they do.
    #[serde(default, deserialize_with = "nullable")]
    pub build_time_stats: BTreeMap<String, BuildTimeStats>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether no workspace can be created from it any more.
    #[serde(default)]
    pub deprecated: bool,
    /// Why, and what to use instead.
    #[serde(default)]
    pub deprecation_message: String,
    /// Whether it is gone. Told from 2.34 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
    /// After how many milliseconds its workspaces stop by themselves; 0 for never.
    #[serde(default)]
    pub default_ttl_ms: i64,
    /// By how many milliseconds use extends that.
    #[serde(default)]
    pub activity_bump_ms: i64,
    /// How many milliseconds before a stop its user is warned. Told from 2.36 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_til_autostop_notify_ms: Option<i64>,
    /// When its workspaces must stop.
    #[serde(default)]
    pub autostop_requirement: AutostopRequirement,
    /// When its workspaces may start by themselves.
    #[serde(default)]
    pub autostart_requirement: AutostartRequirement,
    /// Who created it.
    pub created_by_id: UserId,
    /// That user's name.
    #[serde(default)]
    pub created_by_name: String,
    /// Whether users may let their workspaces start by themselves.
    #[serde(default)]
    pub allow_user_autostart: bool,
    /// Whether users may say when their workspaces stop by themselves.
    #[serde(default)]
    pub allow_user_autostop: bool,
    /// Whether users may cancel builds.
    #[serde(default)]
    pub allow_user_cancel_workspace_jobs: bool,
    /// After how many milliseconds a failed workspace is stopped; 0 for never.
    #[serde(default)]
    pub failure_ttl_ms: i64,
    /// After how many milliseconds without use a workspace becomes dormant; 0 for never.
    #[serde(default)]
    pub time_til_dormant_ms: i64,
    /// After how many milliseconds a dormant workspace is deleted; 0 for never.
    #[serde(default)]
    pub time_til_dormant_autodelete_ms: i64,
    /// Whether builds must use the active version.
    #[serde(default)]
    pub require_active_version: bool,
    /// With whom ports may be shared at most.
    #[serde(default)]
    pub max_port_share_level: SharingLevel,
    /// Who answers cross-origin questions to its apps. Told from 2.26 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_behavior: Option<CorsBehavior>,
    /// Whether its parameters are plain instead of dynamic.
    #[serde(default)]
    pub use_classic_parameter_flow: bool,
    /// Whether AI agents may use it. Told from 2.37 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents_allowed: Option<bool>,
    /// Whether its modules are fetched anew for each build. Told from 2.34 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_module_cache: Option<bool>,
}

/// How long builds take, in milliseconds; `None` when too few were measured.
// coder: codersdk.TransitionStats
// coder: in other letters: Go writes its fields without names of their own
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub struct BuildTimeStats {
    /// Half of them take no longer.
    #[serde(default)]
    pub p50: Option<i64>,
    /// 95 of 100 take no longer.
    #[serde(default)]
    pub p95: Option<i64>,
}

/// When workspaces must stop.
// coder: codersdk.TemplateAutostopRequirement
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AutostopRequirement {
    /// On these days of the week, like `monday`.
    #[serde(default, deserialize_with = "nullable")]
    pub days_of_week: Vec<String>,
    /// Every so many weeks.
    #[serde(default)]
    pub weeks: i64,
}

/// When workspaces may start by themselves.
// coder: codersdk.TemplateAutostartRequirement
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AutostartRequirement {
    /// On these days of the week, like `monday`.
    #[serde(default, deserialize_with = "nullable")]
    pub days_of_week: Vec<String>,
}

/// A version of a template: `GET /api/v2/templateversions/{templateversion}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersion {
    /// Never changes.
    pub id: TemplateVersionId,
    /// The template; `None` while it belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<TemplateId>,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Unique in its template.
    pub name: String,
    /// What is new in it.
    #[serde(default)]
    pub message: String,
    /// Its import.
    pub job: ProvisionerJob,
    /// Its documentation, in Markdown.
    #[serde(default)]
    pub readme: String,
    /// Who created it.
    pub created_by: MinimalUser,
    /// Whether it is hidden.
    #[serde(default)]
    pub archived: bool,
    /// What is wrong with it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TemplateVersionWarning>,
    /// Who can import it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_provisioners: Option<MatchedProvisioners>,
    /// Whether an agent runs outside of what a build makes.
    #[serde(default)]
    pub has_external_agent: bool,
}

/// Somebody, in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MinimalUser {
    /// Never changes.
    pub id: UserId,
    /// Unique in the deployment.
    pub username: String,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// A Terraform variable of a template version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersionVariable {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its type, like `string`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its value; empty when it is sensitive.
    #[serde(default)]
    pub value: String,
    /// What it is when nobody sets it.
    #[serde(default)]
    pub default_value: String,
    /// Whether somebody must set it.
    #[serde(default)]
    pub required: bool,
    /// Whether its value is not told.
    #[serde(default)]
    pub sensitive: bool,
}

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
