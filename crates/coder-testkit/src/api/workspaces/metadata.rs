//! `GET /api/v2/workspaceagents/{id}/watch-metadata` and `…-ws`: what an agent tells about itself.

use jiff::SignedDuration;
use uuid::Uuid;

use super::watch::PING_EVERY;
use crate::model::{AgentDatum, Metadatum, Template};
use crate::rules::live::{Next, live};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::events::{Event, Wire};
use crate::wire::reply::Answer;

impl Deployment<'_> {
    /// Lets the agents of a workspace tell what their template describes, as long as nobody has
    /// said what it is.
    pub(super) fn describe_metadata(&mut self, workspace: Uuid) {
        let template = self.state.workspace(workspace).map(|stored| stored.template);
        let template = template.and_then(|id| self.state.template(id));
        let described: Vec<AgentDatum> = template
            .into_iter()
            .flat_map(Template::agents)
            .flat_map(|agent| agent.metadata.clone())
            .collect();
        let collected_at = self.now;
        let told = self.state.metadata.entry(workspace).or_default();
        for AgentDatum { key, display_name, script } in described {
            if !told.iter().any(|known| known.key == key) {
                let value = String::new();
                told.push(Metadatum { display_name, script, key, value, collected_at });
            }
        }
    }
}

/// How often Coder tells it again, although nothing has changed.
const AGAIN_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Tells what the agent says now, at once again, again whenever that changes, and every five
/// seconds.
pub(super) fn watch(deployment: &Deployment<'_>, call: &Call, agent: Uuid, wire: Wire) -> Answer {
    let mut last: Option<Vec<Metadatum>> = None;
    let mut repeated = false;
    let (mut told_at, mut pinged_at) = (deployment.now, deployment.now);
    let events = live(deployment.shared.clone(), move |deployment| {
        let Some((workspace, collects)) = find(deployment, agent) else { return Next::Never };
        let told = deployment.state.metadata.get(&workspace).cloned().unwrap_or_default();
        let now = deployment.now;
        let changed = last.as_ref() != Some(&told);
        let again = last.is_some() && !std::mem::replace(&mut repeated, last.is_some());
        if changed || again || now.duration_since(told_at) >= AGAIN_EVERY {
            let json = told.iter().map(|datum| datum.json(now, collects)).collect();
            last = Some(told);
            told_at = now;
            return Next::Now(Event::Data(json));
        }
        if wire == Wire::ServerSent && now.duration_since(pinged_at) >= PING_EVERY {
            pinged_at = now;
            return Next::Now(Event::Ping);
        }
        Next::Later
    });
    wire.send(call, events)
}

/// Finds the workspace of an agent, and tells whether the agent is far enough to have collected
/// anything.
fn find(deployment: &Deployment<'_>, agent: Uuid) -> Option<(Uuid, bool)> {
    deployment.state.workspaces.values().find_map(|workspace| {
        let agents = workspace.latest()?.agents_now(deployment);
        let (_, state) = agents.into_iter().find(|(known, _)| known.id == agent)?;
        Some((workspace.id, state.has_reported()))
    })
}
