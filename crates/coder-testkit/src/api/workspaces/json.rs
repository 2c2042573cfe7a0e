//! Workspaces and builds, as the API shows them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Version;
use crate::json::Json as _;
use crate::model::{
    Agent, AgentState, Build, Fate, Job, Place, Resource, Template, Transition, Workspace,
};
use crate::store::{Deployment, State};

/// The kind of answer: in the one to the request that made the build, names and resources are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fresh {
    Yes,
    No,
}

impl State {
    /// Returns the name of a user; empty when no user has that id.
    pub(crate) fn username(&self, id: Uuid) -> String {
        self.users.get(&id).map(|user| user.username.clone()).unwrap_or_default()
    }

    /// Returns the name of a user that people read.
    pub(crate) fn shown_name(&self, id: Uuid) -> String {
        self.users.get(&id).map(|user| user.name.clone()).unwrap_or_default()
    }
}

impl Build {
    /// Returns the agents at this moment; none unless a start has succeeded.
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

    /// Returns the ids of the agents that make the workspace unhealthy.
    fn failing_agents(&self, deployment: &Deployment<'_>) -> Vec<Uuid> {
        let agents = self.agents_now(deployment).into_iter();
        agents
            .filter(|(agent, state)| !agent.plan.is_sub_agent && is_failing(deployment, state))
            .map(|(agent, _)| agent.id)
            .collect()
    }

    pub(crate) fn json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        fresh: Fresh,
    ) -> Value {
        let state = &*deployment.state;
        let job = self.job_shown(deployment, fresh);
        let succeeded = job.status == "succeeded";
        let template = state.template(workspace.template);
        let version = template.and_then(|template| template.version(self.version));
        let version_name = version.map_or("", |version| version.name.as_str());
        let updated_at = job.completed_at.or(job.started_at).unwrap_or(self.created_at);
        let resources = match fresh {
            Fresh::Yes => Vec::new(),
            Fresh::No => self.sorted_resources(deployment, workspace, &job),
        };
        let pending = job.status == "pending";
        let provisioners = if pending { PROVISIONERS } else { 0 };
        let mut build = json!({
            "id": self.id,
            "created_at": self.created_at.to_string(),
            "updated_at": updated_at.to_string(),
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_owner_id": workspace.owner,
            "workspace_owner_name": state.username(workspace.owner),
            "template_version_id": self.version,
            "template_version_name": if fresh == Fresh::Yes { "" } else { version_name },
            "build_number": self.number,
            "transition": self.transition.as_str(),
            "initiator_id": self.initiator,
            "initiator_name": state.username(self.initiator),
            "job": self.job_json(deployment, workspace, &job, fresh),
            "reason": self.reason,
            "resources": resources,
            "deadline": self.deadline.filter(|_| succeeded).map(|time| time.to_string()),
            "max_deadline": null,
            "status": self.status_of(&job),
            "daily_cost": 0,
            "matched_provisioners": {
                "count": provisioners,
                "available": provisioners,
                "most_recently_seen": pending.then(|| deployment.now.to_string()),
            },
            "template_version_preset_id": self.preset,
        });
        if succeeded {
            build.set("has_ai_task", false);
            if deployment.profile().knows_external_agents {
                build.set("has_external_agent", false);
            }
        }
        build
    }

    /// Renders the resources as builds show them: those with agents first, then ordered by their
    /// names.
    fn sorted_resources(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        job: &Job,
    ) -> Vec<Value> {
        let mut resources = self.resources_json(deployment, workspace, job);
        resources.sort_by_key(|resource| {
            let name = resource.text("name").unwrap_or_default().to_owned();
            (resource.get("agents").is_none(), name)
        });
        resources
    }

    /// Returns the job as this answer shows it. A request that has just made the build does not
    /// look again, so it shows a pending job.
    fn job_shown(&self, deployment: &Deployment<'_>, fresh: Fresh) -> Job {
        match fresh {
            Fresh::No => self.job(&deployment.settings.pace, deployment.now),
            Fresh::Yes => {
                Job { status: "pending", started_at: None, completed_at: None, canceled_at: None }
            }
        }
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
            "file_id": file_of(self.version),
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
        self.add_progress(&mut json, deployment, job);
        json
    }

    /// Adds what a job has only once it is so far.
    fn add_progress(&self, json: &mut Value, deployment: &Deployment<'_>, job: &Job) {
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
        if let Some((error, code)) = self.failure_of(job) {
            json.set("error", error);
            if let Some(code) = code {
                json.set("error_code", code);
            }
        }
    }

    /// Describes what the build has made, as the template says.
    pub(crate) fn resources_json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        job: &Job,
    ) -> Vec<Value> {
        let (Some(built), "succeeded") = (job.completed_at, job.status) else { return Vec::new() };
        let template = deployment.state.template(workspace.template);
        let all = template.map(|template| template.resources.as_slice()).unwrap_or_default();
        let listed = (0..).zip(all).filter(|(_, known)| known.is_listed_after(self.transition));
        let json = |(number, known): (u32, &Resource)| {
            let id = self.resource_id(number);
            let mut resource = json!({
                "id": id,
                "created_at": built.to_string(),
                "job_id": self.job,
                "workspace_transition": self.transition.as_str(),
            });
            known.describe(&mut resource);
            let agents = self.agents_json(deployment, workspace, known, id);
            if !agents.is_empty() {
                resource.set("agents", agents);
            }
            resource
        };
        listed.map(json).collect()
    }

    /// Renders the agents of a resource.
    fn agents_json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        resource: &Resource,
        id: Uuid,
    ) -> Vec<Value> {
        let runs_here = |agent: &Agent| {
            let named = resource.agents.iter().any(|known| known.name == agent.plan.name);
            resource.any_agent || named
        };
        let owner = deployment.state.username(workspace.owner);
        let mut agents = self.agents_now(deployment);
        // Those of dev containers come first.
        agents.sort_by_key(|(agent, _)| !agent.plan.is_sub_agent);
        let here = agents.iter().filter(|(agent, _)| runs_here(agent));
        here.map(|(agent, state)| {
            let place = Place { resource: id, ..self.place_of(workspace, &owner, agent) };
            let template = deployment.state.template(workspace.template);
            agent.described(deployment, template, place, state)
        })
        .collect()
    }

    /// Renders an agent by itself.
    pub(crate) fn agent_json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        agent: &Agent,
        state: &AgentState,
    ) -> Value {
        let template = deployment.state.template(workspace.template);
        let owner = deployment.state.username(workspace.owner);
        agent.described(deployment, template, self.place_of(workspace, &owner, agent), state)
    }

    /// Returns the place of an agent that is in the first resource.
    fn place_of<'w>(&self, workspace: &'w Workspace, owner: &'w str, agent: &Agent) -> Place<'w> {
        let parent = self.agents.first().filter(|_| agent.plan.is_sub_agent).map(|main| main.id);
        let home = Some((&*workspace.name, owner));
        Place { home, parent, resource: self.resource_id(0) }
    }

    /// Returns the id of the resource that the template lists at this place.
    pub(crate) fn resource_id(&self, number: u32) -> Uuid {
        Uuid::from_u128(self.id.as_u128() ^ u128::from(number + 1))
    }
}

impl Agent {
    /// Renders the agent, with what its template says of it.
    pub(super) fn described(
        &self,
        deployment: &Deployment<'_>,
        template: Option<&Template>,
        place: Place<'_>,
        state: &AgentState,
    ) -> Value {
        let mut json = self.json(deployment.settings.version, deployment.now, place, state);
        if let Some(description) = template.and_then(|template| template.agent(&self.plan.name)) {
            description.describe(&mut json);
        }
        if !is_failing(deployment, state) {
            json.set("health", json!({ "healthy": true }));
        }
        json
    }
}

/// How many provisioners could take a job that waits.
const PROVISIONERS: u32 = 2;

/// Returns the id of the file that a template's version was made from.
fn file_of(version: Uuid) -> Uuid {
    Uuid::from_u128(version.as_u128() ^ 1)
}

/// Tells whether an agent makes its workspace unhealthy. Before 2.34 an agent that has not
/// connected yet does not.
fn is_failing(deployment: &Deployment<'_>, state: &AgentState) -> bool {
    let waits = state.status == "connecting" && !deployment.profile().connecting_is_unhealthy;
    !waits && !state.is_healthy()
}

impl State {
    fn organization_of(&self, workspace: &Workspace) -> Uuid {
        self.template(workspace.template).map_or(Uuid::nil(), |template| template.organization)
    }
}

impl Workspace {
    /// Renders the workspace, as `viewer` sees it.
    pub(crate) fn json(&self, deployment: &Deployment<'_>, viewer: Uuid, fresh: Fresh) -> Value {
        let state = &*deployment.state;
        let Some(build) = self.latest() else { return Value::Null };
        let template = state.template(self.template);
        let text = |of: fn(&Template) -> &str| template.map_or("", of);
        let active = template.map_or(Uuid::nil(), Template::active_id);
        let organization = state.organization_of(self);
        let organization_name = state
            .organizations
            .iter()
            .find(|known| known.id == organization)
            .map_or("", |known| known.name.as_str());
        let failing = match fresh {
            Fresh::Yes => Vec::new(),
            Fresh::No => build.failing_agents(deployment),
        };
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
            "template_allow_user_cancel_workspace_jobs":
                template.is_some_and(|template| template.cancel_by_members),
            "template_active_version_id": active,
            "template_require_active_version":
                template.is_some_and(|template| template.require_active_version),
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
            "allow_renames": deployment.settings.renames,
            "favorite": self.favorite && self.owner == viewer,
            "next_start_at": self.next_start_at(deployment.now).map(|time| time.to_string()),
        });
        self.add_to_json(&mut workspace, deployment);
        workspace
    }

    /// Adds what not every workspace and every release has.
    fn add_to_json(&self, workspace: &mut Value, deployment: &Deployment<'_>) {
        if let Some(schedule) = &self.autostart {
            workspace.set("autostart_schedule", schedule.text());
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
                        "name": deployment.state.shown_name(*user),
                        "roles": [role],
                    })
                })
                .collect();
            workspace.set("shared_with", shares);
        }
    }
}
