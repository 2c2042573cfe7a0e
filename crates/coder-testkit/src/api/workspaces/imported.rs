//! What the import of a template's version has found: resources as its workspaces will have them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::model::{
    Agent, AgentFate, AgentPlan, Place, Resource, Template, TemplateVersion, Transition,
    default_agent, sibling,
};
use crate::store::Deployment;

/// Renders the resources, ordered by their names. Each is listed for a start and for a stop, and
/// nobody runs their agents.
pub(crate) fn imported_resources(
    deployment: &Deployment<'_>,
    template: &Template,
    version: &TemplateVersion,
) -> Vec<Value> {
    let mut ids = Ids::new(version);
    let mut found = Vec::new();
    for resource in &template.resources {
        for transition in [Transition::Start, Transition::Stop] {
            let id = ids.next();
            let mut json = json!({
                "id": id,
                "created_at": version.created_at.to_string(),
                "job_id": sibling(version.id, 1),
                "workspace_transition": transition.as_str(),
            });
            resource.describe(&mut json);
            let place = Place { home: None, parent: None, resource: id };
            let agents = plans(resource).into_iter().map(|plan| {
                let agent = Agent::new(plan, || ids.next());
                let pace = &deployment.settings.pace;
                let state = agent.state(pace, version.created_at, deployment.now);
                agent.described(deployment, Some(template), place, &state)
            });
            let agents: Vec<Value> = agents.collect();
            if !agents.is_empty() {
                json.set("agents", agents);
            }
            found.push(json);
        }
    }
    found.sort_by_key(|resource| resource.text("name").unwrap_or_default().to_owned());
    found
}

/// Returns the agents of a resource: those that the template describes, or else the usual one.
fn plans(resource: &Resource) -> Vec<AgentPlan> {
    let usual = resource.any_agent.then(default_agent);
    let described = resource.agents.iter().map(|agent| AgentPlan {
        name: agent.name.clone(),
        apps: agent.apps.clone(),
        ..AgentPlan::default()
    });
    let unattended = |plan| AgentPlan { fate: AgentFate::NeverConnects, ..plan };
    usual.into_iter().chain(described).map(unattended).collect()
}

/// Ids that belong to a version: the same ones at each look.
struct Ids {
    version: Uuid,
    last: u128,
}

impl Ids {
    /// Begins behind the ids of the job and the file.
    fn new(version: &TemplateVersion) -> Self {
        Self { version: version.id, last: 2 }
    }

    fn next(&mut self) -> Uuid {
        self.last += 1;
        sibling(self.version, self.last)
    }
}
