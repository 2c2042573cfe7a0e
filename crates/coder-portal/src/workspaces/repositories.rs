//! Repositories of workspaces, as the parameters of their builds name them.

use std::collections::{HashMap, VecDeque};

use coder_client::BuildId;
use coder_config::RepositoryKey;
use coder_core::Lock;
use coder_workspaces::index::RepositoryParameter;

/// How many builds' parameters are kept.
const MAX_KEPT: usize = 5000;

/// The parameters of builds that may name a repository. The parameters of a build never change.
///
/// Who may list a workspace may read its parameters, so what is kept is shown with the workspaces
/// that Coder has listed for the caller, and with no others.
#[derive(Default)]
pub(crate) struct RepositoriesOfBuilds {
    kept: Lock<Kept>,
}

#[derive(Default)]
struct Kept {
    values: HashMap<BuildId, Named>,
    /// The oldest first.
    order: VecDeque<BuildId>,
}

/// A parameter that names a repository.
#[derive(Clone)]
pub(super) struct Parameter {
    /// Name and value, without a user name and a password.
    pub(super) parameter: RepositoryParameter,
    pub(super) key: RepositoryKey,
}

pub(super) type Named = Vec<Parameter>;

impl RepositoriesOfBuilds {
    pub(super) fn get(&self, build: BuildId) -> Option<Named> {
        self.kept.lock().values.get(&build).cloned()
    }

    pub(super) fn keep(&self, build: BuildId, named: Named) {
        let mut kept = self.kept.lock();
        if kept.values.insert(build, named).is_none() {
            kept.order.push_back(build);
        }
        if kept.order.len() > MAX_KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.values.remove(&oldest);
        }
    }
}
