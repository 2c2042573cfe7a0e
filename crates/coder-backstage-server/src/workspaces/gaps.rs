//! The age of an answer of the command, and what is missing in it.

use coder_core::{cleaned, with_causes};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::WorkspaceIndex;
use jiff::Timestamp;
use serde::Serialize;

/// The age and the gaps of an answer, in the words of the portal's routes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Gaps {
    /// Moment at which the list was read.
    read_at: Option<Timestamp>,
    /// Whether something may be missing; `notices` tell why.
    partial: bool,
    pub(super) notices: Vec<String>,
}

impl Gaps {
    /// Tells what an index does not hold for these entities.
    pub(super) fn new<'a>(
        index: &WorkspaceIndex,
        entities: impl Iterator<Item = &'a EntityWorkspacesConfig>,
    ) -> Self {
        let problems = index.problems().iter();
        let mut notices: Vec<String> = problems
            .map(|problem| cleaned(&format!("workspaces may be missing: {problem}")))
            .collect();
        notices.extend(index.unread().map(|workspace| {
            let (owner, name) = (&workspace.owner_name, &workspace.name);
            let reason = workspace.unread.as_deref().unwrap_or_default();
            cleaned(&format!("the parameters of {owner}/{name} could not be read: {reason}"))
        }));
        let refused = entities.filter_map(|config| index.can_answer(config).err());
        let refused: Vec<_> = refused.map(|reason| with_causes(&reason)).collect();
        if let Some(reason) = refused.first() {
            let count = refused.len();
            notices.push(match count {
                1 => format!("the workspaces of one entity are not looked for: {reason}"),
                _ => format!("the workspaces of {count} entities are not looked for: {reason}"),
            });
        }
        Self { read_at: index.listed_at(), partial: !notices.is_empty(), notices }
    }
}
