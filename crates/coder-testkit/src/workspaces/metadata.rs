//! `GET /api/v2/workspaceagents/{id}/watch-metadata` and `…-ws`: what an agent tells about itself.

use coder_client::WorkspaceId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::watch::PING_EVERY;
use crate::FakeCoder;
use crate::call::Call;
use crate::events::{Event, Wire};
use crate::live::{Next, live};
use crate::reply::Answer;
use crate::state::Deployment;
use crate::templates::{AgentDatum, Template};

/// One thing an agent tells, as it was last collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadatum {
    display_name: String,
    script: String,
    key: String,
    value: String,
    collected_at: jiff::Timestamp,
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

/// What the agent tells now, and again whenever that changes.
pub(super) fn watch(deployment: &Deployment<'_>, call: &Call, agent: Uuid, wire: Wire) -> Answer {
    let mut last: Option<Vec<Metadatum>> = None;
    let mut silent_since = deployment.now;
    let events = live(deployment.coder.clone(), move |deployment| {
        let workspace = deployment.state.workspaces.values().find(|workspace| {
            workspace
                .latest()
                .is_some_and(|build| build.agents.iter().any(|known| known.id == agent))
        });
        let Some(workspace) = workspace else { return Next::Never };
        let told = deployment.state.metadata.get(&workspace.id).cloned().unwrap_or_default();
        let now = deployment.now;
        if last.as_ref() != Some(&told) {
            let json = told.iter().map(|datum| datum.json(now)).collect();
            last = Some(told);
            silent_since = now;
            return Next::Now(Event::Data(json));
        }
        if wire == Wire::ServerSent && now.duration_since(silent_since) >= PING_EVERY {
            silent_since = now;
            return Next::Now(Event::Ping);
        }
        Next::Later
    });
    wire.send(call, events)
}

impl Metadatum {
    fn json(&self, now: jiff::Timestamp) -> Value {
        json!({
            "result": {
                "collected_at": self.collected_at.to_string(),
                "age": now.duration_since(self.collected_at).as_secs(),
                "value": self.value,
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
