//! Making templates, and changing their settings.

use serde::Serialize;

use crate::models::{
    ArchivedTemplateVersions, AutostartRequirement, AutostopRequirement, CorsBehavior,
    DailyActiveUsers, SharingLevel, Template, TemplateExample,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{List, OrganizationRef, TemplateId, TemplateVersionId};

operations! {
    /// `POST /api/v2/organizations/{organization}/templates`: creates a template from a version that
    /// belongs to no template yet, and makes that version active.
    ///
    /// ```
    /// use coder_client::TemplateVersionId;
    /// use coder_client::operations::CreateTemplate;
    ///
    /// # fn create(version: TemplateVersionId) -> CreateTemplate {
    /// CreateTemplate::new("default", "devcontainers", version)
    ///     .display_name("Dev containers")
    ///     .icon("/icon/docker.png")
    /// # }
    /// ```
    #[doc(alias = "template push")]
    CreateTemplate(
        organization: OrganizationRef,
        name: String,
        template_version_id: TemplateVersionId
    ) = POST ["organizations", organization, "templates"]
        body {
            name, template_version_id;
            /// Sets the name that user interfaces show.
            display_name: String,
            /// Sets the description, of at most 127 bytes.
            description: String,
            /// Sets the icon: a path of the deployment like `/icon/k8s.png`, or a URL.
            icon: String,
            /// Sets the time after which workspaces stop by themselves, in milliseconds; 0 for
            /// never.
            default_ttl_ms: i64,
            /// Sets the time by which activity moves that stop, in milliseconds.
            activity_bump_ms: i64,
            /// Sets whether users may cancel builds, by default `true`.
            allow_user_cancel_workspace_jobs: bool,
            /// Gives nobody access (`true`), instead of everybody in the organization.
            disable_everyone_group_access: bool,
            /// Sets whether builds must use the active version.
            require_active_version: bool,
            /// Sets the widest level at which ports may be shared.
            max_port_share_level: SharingLevel,
            /// Sets whether the parameters are static instead of dynamic.
            template_use_classic_parameter_flow: bool,
        }
        => Template;
    /// `PATCH /api/v2/templates/{template}/versions`: makes a version the active one, from which
    /// workspaces are created from now on.
    #[doc(alias = "activate")]
    #[doc(alias = "UpdateActiveTemplateVersion")]
    PromoteTemplateVersion(template: TemplateId, id: TemplateVersionId) =
        PATCH ["templates", template, "versions"] body { id } => (), repeatable;
    /// `POST /api/v2/templates/{template}/versions/archive`: archives the versions whose import
    /// failed; returns which.
    ArchiveTemplateVersions(template: TemplateId) =
        POST ["templates", template, "versions", "archive"]
        body {
            ;
            /// Archives every version that no workspace uses (`true`), not only the failed ones.
            all: bool,
        }
        => ArchivedTemplateVersions, repeatable;
    /// `GET /api/v2/templates/examples`: lists the example templates that come with Coder.
    #[doc(alias = "starter")]
    ListTemplateExamples = GET ["templates", "examples"] => List<TemplateExample>;
    /// `GET /api/v2/templates/{template}/daus`: counts the users of a template's workspaces for each
    /// day.
    #[doc(alias = "daus")]
    GetTemplateDailyActiveUsers(template: TemplateId) =
        GET ["templates", template, "daus"] => DailyActiveUsers;
}

/// `PATCH /api/v2/templates/{template}`: changes the settings of a template.
///
/// The operation is made from the template as it is, and sends its present settings with the
/// changed ones: some releases take a setting that is missing for its zero value.
///
/// ```
/// use coder_client::models::Template;
/// use coder_client::operations::UpdateTemplate;
///
/// # fn deprecate(template: &Template) -> UpdateTemplate {
/// UpdateTemplate::new(template).deprecation_message("use devcontainers-2 instead")
/// # }
/// ```
#[doc(alias = "UpdateTemplateMeta")]
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpdateTemplate {
    #[serde(skip)]
    template: TemplateId,
    name: String,
    display_name: String,
    description: String,
    icon: String,
    default_ttl_ms: i64,
    activity_bump_ms: i64,
    allow_user_autostart: bool,
    allow_user_autostop: bool,
    allow_user_cancel_workspace_jobs: bool,
    failure_ttl_ms: i64,
    time_til_dormant_ms: i64,
    time_til_dormant_autodelete_ms: i64,
    require_active_version: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_til_autostop_notify_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecation_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    autostop_requirement: Option<AutostopRequirement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    autostart_requirement: Option<AutostartRequirement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_port_share_level: Option<SharingLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cors_behavior: Option<CorsBehavior>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_everyone_group_access: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_module_cache: Option<bool>,
    use_classic_parameter_flow: bool,
}

impl UpdateTemplate {
    /// Creates the operation that leaves the template as it is.
    pub fn new(template: &Template) -> Self {
        Self {
            template: template.id,
            name: template.name.clone(),
            display_name: template.display_name.clone(),
            description: template.description.clone(),
            icon: template.icon.clone(),
            default_ttl_ms: template.default_ttl_ms,
            activity_bump_ms: template.activity_bump_ms,
            allow_user_autostart: template.allow_user_autostart,
            allow_user_autostop: template.allow_user_autostop,
            allow_user_cancel_workspace_jobs: template.allow_user_cancel_workspace_jobs,
            failure_ttl_ms: template.failure_ttl_ms,
            time_til_dormant_ms: template.time_til_dormant_ms,
            time_til_dormant_autodelete_ms: template.time_til_dormant_autodelete_ms,
            require_active_version: template.require_active_version,
            time_til_autostop_notify_ms: template.time_til_autostop_notify_ms,
            deprecation_message: None,
            autostop_requirement: None,
            autostart_requirement: None,
            max_port_share_level: None,
            cors_behavior: None,
            disable_everyone_group_access: None,
            disable_module_cache: template.disable_module_cache,
            use_classic_parameter_flow: template.use_classic_parameter_flow,
        }
    }
}

/// Declares the setters of [`UpdateTemplate`], which all set a field of their name.
macro_rules! setters {
    ($($(#[$meta:meta])* $field:ident: $argument:ty => $value:expr,)+) => {
        impl UpdateTemplate {
            $(
                $(#[$meta])*
                #[must_use]
                pub fn $field(self, $field: $argument) -> Self {
                    let set = $value;
                    Self { $field: set($field), ..self }
                }
            )+
        }
    };
}

setters! {
    /// Sets the name, which is unique in the organization.
    name: impl Into<String> => Into::into,
    /// Sets the name that user interfaces show.
    display_name: impl Into<String> => Into::into,
    /// Sets the description, of at most 127 bytes.
    description: impl Into<String> => Into::into,
    /// Sets the icon: a path of the deployment like `/icon/k8s.png`, or a URL.
    icon: impl Into<String> => Into::into,
    /// Sets the time after which workspaces stop by themselves, in milliseconds; 0 for never.
    default_ttl_ms: i64 => std::convert::identity,
    /// Sets the time by which activity moves that stop, in milliseconds.
    activity_bump_ms: i64 => std::convert::identity,
    /// Sets whether users may set an autostart schedule.
    allow_user_autostart: bool => std::convert::identity,
    /// Sets whether users may set the time after which their workspaces stop.
    allow_user_autostop: bool => std::convert::identity,
    /// Sets whether users may cancel builds.
    allow_user_cancel_workspace_jobs: bool => std::convert::identity,
    /// Sets the time after which a failed workspace is stopped, in milliseconds; 0 for never.
    failure_ttl_ms: i64 => std::convert::identity,
    /// Sets the time without use after which a workspace becomes dormant, in milliseconds; 0 for
    /// never.
    time_til_dormant_ms: i64 => std::convert::identity,
    /// Sets the time after which a dormant workspace is deleted, in milliseconds; 0 for never.
    time_til_dormant_autodelete_ms: i64 => std::convert::identity,
    /// Sets whether builds must use the active version.
    require_active_version: bool => std::convert::identity,
    /// Sets the time before a stop at which its user is notified, in milliseconds; 0 for no
    /// notification. Older releases than 2.36 ignore it.
    time_til_autostop_notify_ms: i64 => Some,
    /// Deprecates the template with this message; an empty one ends the deprecation.
    deprecation_message: impl Into<String> => |message| Some(Into::into(message)),
    /// Sets the days on which workspaces must stop.
    autostop_requirement: AutostopRequirement => Some,
    /// Sets the days on which workspaces may start by themselves.
    autostart_requirement: AutostartRequirement => Some,
    /// Sets the widest level at which ports may be shared.
    max_port_share_level: SharingLevel => Some,
    /// Sets the party that answers CORS preflight requests to apps.
    cors_behavior: CorsBehavior => Some,
    /// Takes the access of the organization's members away (`true`), except of those whom the
    /// template's access list names.
    disable_everyone_group_access: bool => Some,
    /// Sets whether Terraform modules are downloaded for each build.
    disable_module_cache: bool => Some,
    /// Sets whether the parameters are static instead of dynamic.
    use_classic_parameter_flow: bool => std::convert::identity,
}

impl_operation!(UpdateTemplate => Option<Template>, |this| {
    RequestBuilder::patch(["templates", &this.template.to_string()]).json(this)
});
