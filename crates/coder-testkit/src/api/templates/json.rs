//! Templates, as the API shows them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::model::{Preset, Template, TemplateVersion, sibling};
use crate::release::{Dialect, TemplateField};
use crate::store::Deployment;

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
            "provisioner": self.provisioner,
            "active_version_id": self.active_id(),
            "active_user_count": users,
            "build_time_stats": {
                "start": { "P50": null, "P95": null },
                "stop": { "P50": null, "P95": null },
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
            "created_by_id": self.created_by.unwrap_or_default(),
            "created_by_name": self.author(deployment),
            "allow_user_autostart": true,
            "allow_user_autostop": true,
            "allow_user_cancel_workspace_jobs": self.cancel_by_members,
            "failure_ttl_ms": 0,
            "time_til_dormant_ms": 0,
            "time_til_dormant_autodelete_ms": 0,
            "require_active_version": self.require_active_version,
            "max_port_share_level": "public",
            "use_classic_parameter_flow": self.is_classic(deployment.settings.version),
        });
        for field in deployment.dialect().template_fields {
            let (name, value) = field.json();
            template.set(name, value);
        }
        template
    }

    /// Returns the name of the user who has made the version.
    fn author(&self, deployment: &Deployment<'_>) -> String {
        username(deployment, self.created_by)
    }
}

fn username(deployment: &Deployment<'_>, user: Option<Uuid>) -> String {
    let author = user.and_then(|id| deployment.state.users.get(&id));
    author.map_or_else(|| "platform".to_owned(), |user| user.username.clone())
}

impl TemplateField {
    /// Returns the name and the value of the field in the answer.
    fn json(self) -> (&'static str, Value) {
        match self {
            Self::CorsBehavior => ("cors_behavior", json!("simple")),
            Self::UseTerraformWorkspaceCache => ("use_terraform_workspace_cache", json!(false)),
            Self::Deleted => ("deleted", json!(false)),
            Self::DisableModuleCache => ("disable_module_cache", json!(false)),
            Self::TimeTilAutostopNotify => ("time_til_autostop_notify_ms", json!(0)),
            Self::AgentsAllowed => ("agents_allowed", json!(true)),
        }
    }
}

impl TemplateVersion {
    pub(crate) fn json(&self, deployment: &Deployment<'_>, template: &Template) -> Value {
        let dialect = deployment.dialect();
        let created_at = self.created_at.to_string();
        let author = self.created_by.or(template.created_by);
        let mut created_by = json!({
            "id": author.unwrap_or_default(),
            "username": username(deployment, author),
        });
        let author = author.unwrap_or_default();
        let full_name = deployment.state.users.get(&author).map_or("", |user| &user.name);
        if dialect.initiators && !full_name.is_empty() {
            created_by.set("name", full_name);
        }
        let mut version = json!({
            "id": self.id,
            "organization_id": template.organization,
            "created_at": created_at,
            "updated_at": created_at,
            "name": self.name,
            "message": self.message,
            "job": self.job_json(deployment, template),
            "readme": template.readme,
            "created_by": created_by,
            "archived": self.archived,
        });
        if !template.id.is_nil() {
            version.set("template_id", template.id.to_string());
        }
        if dialect.initiators {
            version.set("has_external_agent", false);
        }
        version
    }

    /// Renders the job that has imported the version.
    pub(super) fn job_json(&self, deployment: &Deployment<'_>, template: &Template) -> Value {
        let import = self.import(&deployment.settings.pace, deployment.now);
        let mut job = json!({
            "id": sibling(self.id, 1),
            "created_at": self.created_at.to_string(),
            "status": import.status,
            "worker_id": deployment.settings.deployment_id,
            "file_id": self.file.unwrap_or_else(|| sibling(self.id, 2)),
            "tags": { "owner": "", "scope": "organization" },
            "queue_position": 0,
            "queue_size": 0,
            "organization_id": template.organization,
            "input": { "template_version_id": self.id },
            "type": "template_version_import",
            "metadata": {
                "template_version_name": "",
                "template_id": Uuid::nil(),
                "template_name": "",
                "template_display_name": "",
                "template_icon": "",
            },
        });
        if deployment.dialect().initiators {
            let initiator = self.created_by.or(template.created_by).unwrap_or_default();
            job.set("initiator_id", initiator.to_string());
            job.set("logs_overflowed", false);
        }
        let moments = [
            ("started_at", import.started_at),
            ("completed_at", import.completed_at),
            ("canceled_at", import.canceled_at),
        ];
        for (name, moment) in moments {
            if let Some(moment) = moment {
                job.set(name, moment.to_string());
            }
        }
        if let Some(error) = import.error {
            job.set("error", error);
        }
        job
    }
}

impl Preset {
    /// Renders the preset. Coder writes its fields in Go's own case.
    pub(crate) fn json(&self, dialect: &Dialect) -> Value {
        let parameters: Vec<Value> = self
            .values
            .iter()
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        let mut preset = json!({
            "ID": self.id,
            "Name": self.name,
            "Parameters": if parameters.is_empty() { Value::Null } else { parameters.into() },
            "Default": self.default && dialect.default_presets,
        });
        if dialect.preset_details {
            preset.set("DesiredPrebuildInstances", Value::Null);
            preset.set("Description", "");
            preset.set("Icon", "");
        }
        preset
    }
}
