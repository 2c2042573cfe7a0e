//! Starting, stopping and deleting a workspace, and waiting for it.

use std::time::Duration;

use coder_client::{Client, WorkspaceId};
use coder_workspaces::{ManageWorkspace, Progress};
use js_sys::Function;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::models::{ProgressView, WorkspaceView};
use super::outcome::Refusal;
use crate::answer::answer;

/// The action on a workspace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Managed {
    id: WorkspaceId,
    action: Action,
    #[serde(default)]
    parameters: Vec<(String, String)>,
    #[serde(default)]
    wait_limit_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Action {
    Wait,
    Start,
    Stop,
    Restart,
    Update,
    Delete,
}

impl Managed {
    pub(super) async fn run(
        self,
        client: &Client,
        progress: Option<&Function>,
    ) -> Result<WorkspaceView, Refusal> {
        let manage = ManageWorkspace::new(client, self.id);
        let manage = self
            .parameters
            .into_iter()
            .fold(manage, |manage, (name, value)| manage.parameter(name, value));
        let manage = match self.wait_limit_seconds {
            Some(seconds) => manage.wait_limit(Duration::from_secs(seconds)),
            None => manage,
        };
        let tell = |now: Progress<'_>| tell(progress, client, &now);
        let workspace = match self.action {
            Action::Wait => manage.wait_until_ready(tell).await,
            Action::Start => manage.start(tell).await,
            Action::Stop => manage.stop(tell).await,
            Action::Restart => manage.restart(tell).await,
            Action::Update => manage.update(tell).await,
            Action::Delete => manage.delete(tell).await,
        };
        Ok(WorkspaceView::new(&workspace?, client.now()))
    }
}

/// Tells the caller what is happening. What the caller throws is the caller's own matter.
pub(super) fn tell(listener: Option<&Function>, client: &Client, progress: &Progress<'_>) {
    if let Some(listener) = listener {
        let told = answer(Ok(ProgressView::new(progress, client.now())));
        let _ = listener.call1(&JsValue::UNDEFINED, &told.into());
    }
}
