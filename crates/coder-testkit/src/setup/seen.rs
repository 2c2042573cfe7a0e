//! What is in the fake, as the client's models.

use coder_client::models::{Template, User, Workspace};
use coder_client::{TemplateId, WorkspaceId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::workspaces::Fresh;
use crate::misuse::misuse;
use crate::{FakeCoder, FakeUser};

impl FakeCoder {
    /// Returns a workspace as its owner gets it from the API at this moment.
    ///
    /// # Panics
    ///
    /// When the fake has no such workspace.
    #[track_caller]
    pub fn workspace(&self, id: WorkspaceId) -> Workspace {
        let json = self.with(|deployment| {
            let workspace = deployment.state.workspace(id.as_uuid())?;
            Some(workspace.json(deployment, workspace.owner, Fresh::No))
        });
        model(json)
    }

    /// Returns a template as the API gives it at this moment.
    ///
    /// # Panics
    ///
    /// When the fake has no such template.
    #[track_caller]
    pub fn template(&self, id: TemplateId) -> Template {
        model(self.with(|deployment| {
            deployment.state.template(id.as_uuid()).map(|template| template.json(deployment))
        }))
    }

    /// Returns a user as they get themselves from the API at this moment.
    ///
    /// # Panics
    ///
    /// When the fake has no such user.
    #[track_caller]
    pub fn user(&self, user: &FakeUser) -> User {
        model(self.with(|deployment| {
            deployment.state.users.get(&user.id.as_uuid()).map(|user| user.json(deployment))
        }))
    }
}

#[track_caller]
fn model<T: DeserializeOwned>(json: Option<Value>) -> T {
    let Some(json) = json else { misuse("the fake has no such thing") };
    serde_json::from_value(json).unwrap_or_else(|error| {
        misuse(&format!("the client does not know what Coder says: {error}"))
    })
}
