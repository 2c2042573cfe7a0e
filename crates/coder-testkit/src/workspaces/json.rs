//! Workspaces and builds, as the API shows them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::agents::AgentState;
use super::lifecycle::{Fate, Job, Transition};
use super::{Agent, Build, Workspace};
use crate::Version;
use crate::json::Json as _;
use crate::state::{Deployment, State};

/// Whether the JSON answers the request that made the build: then names and resources are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fresh {
    Yes,
    No,
}

impl State {
    /// The name of a user; empty when there is none of that id.
    pub(crate) fn username(&self, id: Uuid) -> String {
        self.users.get(&id).map(|user| user.username.clone()).unwrap_or_default()
    }
}

impl Build {
    /// The agents at this moment; none unless a start has succeeded.
    pub(crate) fn agents_now(&self, deployment: &Deployment<'_>) -> Vec<(&Agent, AgentState)> {
        let pace = &deployment.settings.pace;
        let job = self.job(pace, deployment.now);
        match (self.transition, job.status, job.completed_at) {
            (Transition::Start, "succeeded", Some(built)) => self
                .agents
                .iter()
                .map(|agent| (agent, agent.state(pace, built, deployment.now)))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        fresh: Fresh,
    ) -> Value {
        let state = &*deployment.state;
        let pace = &deployment.settings.pace;
        let job = self.job(pace, deployment.now);
        let template = state.template(workspace.template);
        let version = template.and_then(|template| template.version(self.version));
        let version_name = version.map_or("", |version| version.name.as_str());
        let updated_at = job.completed_at.or(job.started_at).unwrap_or(self.created_at);
        let resources = if fresh == Fresh::Yes {
            Vec::new()
        } else {
            self.resources_json(deployment, workspace, &job)
        };
        let mut build = json!({
            "id": self.id,
            "created_at": self.created_at.to_string(),
            "updated_at": updated_at.to_string(),
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_owner_id": workspace.owner,
            "workspace_owner_name": state.username(workspace.owner),
            "workspace_owner_avatar_url": "",
            "template_version_id": self.version,
            "template_version_name": if fresh == Fresh::Yes { "" } else { version_name },
            "build_number": self.number,
            "transition": self.transition.as_str(),
            "initiator_id": self.initiator,
            "initiator_name": state.username(self.initiator),
            "job": self.job_json(deployment, workspace, &job, fresh),
            "reason": self.reason,
            "resources": resources,
            "deadline": self.deadline.map(|time| time.to_string()),
            "max_deadline": null,
            "status": self.status(pace, deployment.now),
            "daily_cost": 0,
            "matched_provisioners": if fresh == Fresh::Yes {
                json!({ "count": 0, "available": 0, "most_recently_seen": null })
            } else {
                json!({
                    "count": 1,
                    "available": 1,
                    "most_recently_seen": deployment.now.to_string(),
                })
            },
            "template_version_preset_id": self.preset,
        });
        if fresh == Fresh::No {
            build.set("has_ai_task", false);
            build.set("has_external_agent", false);
        }
        build
    }

    fn job_json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        job: &Job,
        fresh: Fresh,
    ) -> Value {
        let organization = deployment.state.organization_of(workspace);
        let (position, size) = match (&self.fate, job.status, fresh) {
            (Fate::WaitsForEver { position, size }, "pending", _) => (*position, *size),
            (_, "pending", Fresh::No) => (1, 1),
            _ => (0, 0),
        };
        let mut json = json!({
            "id": self.job,
            "created_at": self.created_at.to_string(),
            "status": job.status,
            "file_id": self.version,
            "tags": { "owner": "", "scope": "organization" },
            "queue_position": position,
            "queue_size": size,
            "organization_id": organization,
            "input": { "workspace_build_id": self.id },
            "type": "workspace_build",
            "metadata": {
                "template_version_name": "",
                "template_id": Uuid::nil(),
                "template_name": "",
                "template_display_name": "",
                "template_icon": "",
            },
        });
        if deployment.settings.version >= Version::V2_29 {
            json.set("initiator_id", self.initiator.to_string());
            json.set("logs_overflowed", false);
        }
        for (field, time) in [
            ("started_at", job.started_at),
            ("completed_at", job.completed_at),
            ("canceled_at", job.canceled_at),
        ] {
            if let Some(time) = time {
                json.set(field, time.to_string());
            }
        }
        if job.started_at.is_some() {
            json.set("worker_id", deployment.settings.deployment_id.to_string());
        }
        if let (Fate::Fails { error, code }, "failed") = (&self.fate, job.status) {
            json.set("error", error.as_str());
            if let Some(code) = code {
                json.set("error_code", code.as_str());
            }
        }
        json
    }

    /// The pod while it runs, and the disk as long as the workspace exists.
    pub(crate) fn resources_json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        job: &Job,
    ) -> Vec<Value> {
        let (Some(built), "succeeded") = (job.completed_at, job.status) else { return Vec::new() };
        let resource = |id: Uuid, kind: &str, name: &str, icon: &str| {
            json!({
                "id": id,
                "created_at": built.to_string(),
                "job_id": self.job,
                "workspace_transition": self.transition.as_str(),
                "type": kind,
                "name": name,
                "hide": false,
                "icon": icon,
                "daily_cost": 0,
            })
        };
        let [pod, disk] = self.resources;
        let mut resources = Vec::new();
        if self.transition == Transition::Start {
            let mut pod = resource(pod, "kubernetes_pod", "main", "/icon/k8s.png");
            let mut agents = self.agents_now(deployment);
            // Those of dev containers come first.
            agents.sort_by_key(|(agent, _)| !agent.plan.is_sub_agent);
            let agents: Vec<Value> = agents
                .iter()
                .map(|(agent, state)| agent.json(deployment, workspace, self, state))
                .collect();
            if !agents.is_empty() {
                pod.set("agents", agents);
            }
            resources.push(pod);
        }
        if self.transition != Transition::Delete {
            let kind = "kubernetes_persistent_volume_claim";
            resources.push(resource(disk, kind, "home", "/icon/database.svg"));
        }
        resources
    }
}

impl State {
    fn organization_of(&self, workspace: &Workspace) -> Uuid {
        self.template(workspace.template).map_or(Uuid::nil(), |template| template.organization)
    }
}

impl Workspace {
    /// The workspace, as `viewer` sees it.
    pub(crate) fn json(&self, deployment: &Deployment<'_>, viewer: Uuid, fresh: Fresh) -> Value {
        let state = &*deployment.state;
        let Some(build) = self.latest() else { return Value::Null };
        let template = state.template(self.template);
        let text = |of: fn(&crate::templates::Template) -> &str| template.map_or("", of);
        let active = template.map_or(Uuid::nil(), crate::templates::Template::active_id);
        let organization = state.organization_of(self);
        let organization_name = state
            .organizations
            .iter()
            .find(|known| known.id == organization)
            .map_or("", |known| known.name.as_str());
        let failing: Vec<Uuid> = build
            .agents_now(deployment)
            .iter()
            .filter(|(agent, state)| !agent.plan.is_sub_agent && !state.is_healthy())
            .map(|(agent, _)| agent.id)
            .collect();
        let mut workspace = json!({
            "id": self.id,
            "created_at": self.created_at.to_string(),
            "updated_at": build.created_at.to_string(),
            "owner_id": self.owner,
            "owner_name": state.username(self.owner),
            "owner_avatar_url": "",
            "organization_id": organization,
            "organization_name": organization_name,
            "template_id": self.template,
            "template_name": text(|template| &template.name),
            "template_display_name": text(|template| &template.display_name),
            "template_icon": text(|template| &template.icon),
            "template_allow_user_cancel_workspace_jobs": true,
            "template_active_version_id": active,
            "template_require_active_version": false,
            "template_use_classic_parameter_flow":
                template.is_some_and(|template| template.is_classic(deployment.settings.version)),
            "latest_build": build.json(deployment, self, fresh),
            "latest_app_status": null,
            "outdated": build.version != active,
            "name": self.name,
            "last_used_at": self.last_used_at.to_string(),
            "deleting_at": null,
            "dormant_at": self.dormant_at.map(|time| time.to_string()),
            "health": { "healthy": failing.is_empty(), "failing_agents": failing },
            "automatic_updates": self.automatic_updates,
            "allow_renames": false,
            "favorite": self.favorite && self.owner == viewer,
            "next_start_at": null,
        });
        if let Some(schedule) = &self.autostart_schedule {
            workspace.set("autostart_schedule", schedule.as_str());
        }
        if let Some(ttl_ms) = self.ttl_ms {
            workspace.set("ttl_ms", ttl_ms);
        }
        let version = deployment.settings.version;
        if version >= Version::V2_25 {
            workspace.set("is_prebuild", false);
        }
        if version >= Version::V2_29 {
            workspace.set("task_id", Value::Null);
        }
        if version >= Version::V2_31 && !self.shared_with.is_empty() {
            let shares: Vec<Value> = self
                .shared_with
                .iter()
                .map(|(user, role)| {
                    json!({
                        "id": user,
                        "actor_type": "user",
                        "name": state.username(*user),
                        "roles": [role],
                    })
                })
                .collect();
            workspace.set("shared_with", shares);
        }
        workspace
    }
}
