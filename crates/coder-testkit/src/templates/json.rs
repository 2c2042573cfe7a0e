//! Templates, as the API shows them.

use serde_json::{Value, json};

use super::{Preset, Template, TemplateVersion};
use crate::Version;
use crate::json::Json as _;
use crate::state::Deployment;

impl Template {
    pub(crate) fn json(&self, deployment: &Deployment<'_>) -> Value {
        let organization = deployment
            .state
            .organizations
            .iter()
            .find(|organization| organization.id == self.organization);
        let users = deployment.state.users_of_template(self.id);
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let mut template = json!({
            "id": self.id,
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "organization_id": self.organization,
            "organization_name": organization.map_or("", |known| known.name.as_str()),
            "organization_display_name":
                organization.map_or_else(String::new, |known| known.display_name()),
            "organization_icon": "",
            "name": self.name,
            "display_name": self.display_name,
            "provisioner": "terraform",
            "active_version_id": self.active_id(),
            "active_user_count": users,
            "build_time_stats": {
                "start": { "P50": 41873, "P95": 98112 },
                "stop": { "P50": 8120, "P95": 15544 },
                "delete": { "P50": null, "P95": null },
            },
            "description": self.description,
            "deprecated": !self.deprecation.is_empty(),
            "deprecation_message": self.deprecation,
            "icon": self.icon,
            "default_ttl_ms": 0,
            "activity_bump_ms": 3_600_000,
            "autostop_requirement": { "days_of_week": [], "weeks": 1 },
            "autostart_requirement": { "days_of_week": days },
            "created_by_id": uuid::Uuid::nil(),
            "created_by_name": "platform",
            "allow_user_autostart": true,
            "allow_user_autostop": true,
            "allow_user_cancel_workspace_jobs": self.cancel_by_members,
            "failure_ttl_ms": 0,
            "time_til_dormant_ms": 0,
            "time_til_dormant_autodelete_ms": 0,
            "require_active_version": false,
            "max_port_share_level": "authenticated",
            "use_classic_parameter_flow": self.is_classic(deployment.settings.version),
        });
        let version = deployment.settings.version;
        if version >= Version::V2_29 {
            template.set("cors_behavior", "simple");
        }
        if version >= Version::V2_34 {
            template.set("deleted", false);
            template.set("disable_module_cache", false);
        }
        if version >= Version::V2_37 {
            template.set("time_til_autostop_notify_ms", 0);
            template.set("agents_allowed", true);
        }
        template
    }
}

impl TemplateVersion {
    pub(crate) fn json(&self, template: &Template) -> Value {
        let status = if self.importing { "running" } else { "succeeded" };
        let mut job = json!({
            "id": self.id,
            "created_at": self.created_at.to_string(),
            "started_at": self.created_at.to_string(),
            "status": status,
            "file_id": self.id,
            "tags": { "owner": "", "scope": "organization" },
            "queue_position": 0,
            "queue_size": 0,
            "organization_id": template.organization,
            "initiator_id": uuid::Uuid::nil(),
            "input": { "template_version_id": self.id },
            "type": "template_version_import",
            "metadata": {
                "template_version_name": self.name,
                "template_id": template.id,
                "template_name": template.name,
                "template_display_name": template.display_name,
                "template_icon": template.icon,
            },
            "logs_overflowed": false,
        });
        if !self.importing {
            job.set("completed_at", self.created_at.to_string());
        }
        json!({
            "id": self.id,
            "template_id": template.id,
            "organization_id": template.organization,
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "name": self.name,
            "message": "",
            "job": job,
            "readme": "",
            "created_by": { "id": uuid::Uuid::nil(), "username": "platform" },
            "archived": false,
            "has_external_agent": false,
        })
    }
}

impl Preset {
    /// Coder writes presets in Go's own case.
    pub(crate) fn json(&self) -> Value {
        let parameters: Vec<Value> = self
            .values
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        json!({
            "ID": self.id,
            "Name": self.name,
            "Parameters": if parameters.is_empty() { Value::Null } else { parameters.into() },
            "Default": self.default,
            "DesiredPrebuildInstances": null,
            "Description": "",
            "Icon": "",
        })
    }
}
