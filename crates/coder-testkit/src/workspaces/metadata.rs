//! `GET /api/v2/workspaceagents/{id}/watch-metadata` and `…-ws`: what an agent tells about itself.

use coder_client::WorkspaceId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::watch::PING_EVERY;
use crate::FakeCoder;
use crate::live::{Next, live};
use crate::store::Deployment;
use crate::templates::{AgentDatum, Template};
use crate::wire::call::Call;
use crate::wire::events::{Event, Wire};
use crate::wire::reply::Answer;

/// One thing an agent tells, as it was last collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadatum {
    display_name: String,
    script: String,
    key: String,
    value: String,
    collected_at: Timestamp,
}

impl FakeCoder {
    /// Lets the agents of a workspace tell a value, like `cpu` and `12 %`, from now on. Without it
    /// they tell nothing.
    pub fn set_agent_metadata(&self, workspace: WorkspaceId, key: &str, value: &str) {
        self.with(|deployment| {
            let collected_at = deployment.now;
            let told = deployment.state.metadata.entry(workspace.as_uuid()).or_default();
            told.retain(|known| known.key != key);
            let script = String::new();
            let (key, value) = (key.to_owned(), value.to_owned());
            told.push(Metadatum { display_name: key.clone(), script, key, value, collected_at });
        });
    }
}

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
/// What Coder says of what was never collected: the first moment of Go's calendar, and the longest
/// time that it knows in seconds.
const NEVER: (&str, i64) = ("0001-01-01T00:00:00Z", 9_223_372_036);

/// What the agent tells now, at once again, again whenever that changes, and every five seconds.
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

/// The workspace of an agent, and whether the agent is far enough to have collected anything.
fn find(deployment: &Deployment<'_>, agent: Uuid) -> Option<(Uuid, bool)> {
    deployment.state.workspaces.values().find_map(|workspace| {
        let agents = workspace.latest()?.agents_now(deployment);
        let (_, state) = agents.into_iter().find(|(known, _)| known.id == agent)?;
        Some((workspace.id, state.has_reported()))
    })
}

impl Metadatum {
    fn json(&self, now: Timestamp, collected: bool) -> Value {
        let at = self.collected_at.to_string();
        let age = now.duration_since(self.collected_at).as_secs();
        let (at, age) = if collected { (at.as_str(), age) } else { NEVER };
        json!({
            "result": {
                "collected_at": at,
                "age": age,
                "value": if collected { self.value.as_str() } else { "" },
                "error": "",
            },
            "description": {
                "display_name": self.display_name,
                "key": self.key,
                "script": self.script,
                "interval": 10,
                "timeout": 1,
            },
        })
    }
}
