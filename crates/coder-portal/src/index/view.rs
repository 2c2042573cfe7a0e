//! The part of an index that one person is shown.

use std::collections::HashMap;
use std::sync::Arc;

use coder_auth::Caller;
use coder_client::Client;
use coder_config::ScmIntegrations;
use coder_core::Lock;
use coder_workspaces::index::{IndexVisibility, IndexedWorkspace, Viewer, WorkspaceIndex};

use super::entities::Entities;
use super::turns::Turn;
use crate::api::{ApiError, Call};
use crate::state::PortalState;

/// The part of an index that one person is shown.
///
/// Each number, name and moment of an answer is made from workspaces that [`shows`](Self::shows)
/// returns `true` for.
pub(super) struct View {
    pub(super) index: Arc<Lock<WorkspaceIndex>>,
    pub(super) shown: Shown,
    /// Reason why the index is not kept up to date.
    pub(super) problem: Option<String>,
}

/// The part of an index that is shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// All of it, because it was read with the person's own rights.
    All,
    /// The part of a service account's index that the operator lets the person see.
    Cut(IndexVisibility, Viewer),
}

impl View {
    /// Returns the workspaces among which are those that the person is shown. Where these are the own ones,
    /// no others are looked at: the time of an answer tells nothing of them.
    pub(super) fn candidates<'a>(
        &self,
        index: &'a WorkspaceIndex,
    ) -> Box<dyn Iterator<Item = &'a IndexedWorkspace> + 'a> {
        match &self.shown {
            Shown::Cut(IndexVisibility::Own, viewer) => Box::new(index.of_owner(viewer.user_id())),
            Shown::All | Shown::Cut(IndexVisibility::Coder | IndexVisibility::Everyone, _) => {
                Box::new(index.workspaces())
            }
        }
    }

    /// Returns the own workspaces by the references of their entities, where the person is shown no others.
    pub(super) fn own<'a>(
        &self,
        index: &'a WorkspaceIndex,
        entities: &'a Entities,
        integrations: &ScmIntegrations,
    ) -> Option<HashMap<&'a str, Vec<&'a IndexedWorkspace>>> {
        let Shown::Cut(IndexVisibility::Own, viewer) = &self.shown else { return None };
        let mut own: HashMap<&str, Vec<&IndexedWorkspace>> = HashMap::new();
        for workspace in index.of_owner(viewer.user_id()) {
            for entity_ref in entities.of_workspace(workspace, integrations) {
                own.entry(entity_ref).or_default().push(workspace);
            }
        }
        Some(own)
    }

    /// Returns whether the person is shown a workspace.
    pub(super) fn shows(&self, workspace: &IndexedWorkspace) -> bool {
        match &self.shown {
            Shown::All => true,
            Shown::Cut(visibility, viewer) => viewer.is_shown(workspace, *visibility),
        }
    }
}

impl PortalState {
    /// Returns what the caller is shown: of the service account's index in the portal's own
    /// environment, and else of an index with the caller's own rights.
    ///
    /// # Errors
    ///
    /// When Coder does not answer, or does not let the credential read workspaces.
    pub(super) async fn view(&self, caller: &Caller, client: &Client) -> Result<View, ApiError> {
        let environment = caller.environment();
        if let Some(service) = &self.index.service
            && service.environment == environment
        {
            let visibility = service.visibility;
            let viewer = self.index.viewers.get(&self.world, caller, client, visibility);
            let viewer = Box::pin(viewer).await?;
            return Ok(View {
                index: service.index(),
                shown: Shown::Cut(visibility, viewer),
                problem: service.problem().map(str::to_owned),
            });
        }
        let (index, problem) = self.personal_index(caller).await?;
        Ok(View { index, shown: Shown::All, problem })
    }
}

impl<P, Q, B> Call<P, Q, B> {
    /// Returns what the caller is shown, the entities of the catalog, and the caller's turn, in which the
    /// answer is made.
    pub(super) async fn view(&self) -> Result<(View, Arc<Entities>, Turn), ApiError> {
        let view = self.state.view(&self.caller, &self.client).await?;
        let entities = self.state.known_entities(self.caller.environment()).await?;
        let turn = self.state.index.turns.take(self.caller.user_id()).await;
        Ok((view, entities, turn))
    }
}
