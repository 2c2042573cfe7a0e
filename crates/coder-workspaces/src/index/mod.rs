//! All workspaces at a glance: an index that is read once and then costs changes.

mod budget;
mod changes;
mod entry;
mod facets;
mod holders;
mod listing;
mod ownership;
mod reader;
mod scope;
mod snapshot;
mod store;
mod visibility;
mod workspace_index;

pub use budget::RequestBudget;
pub use changes::{IndexChange, IndexRevision};
pub use entry::{IndexedWorkspace, RepositoryParameter};
pub use facets::Facets;
pub use ownership::{
    Difference, NearMiss, NoEntity, OwnershipReport, WorkspaceName, WorkspaceWithoutEntity,
};
pub use reader::{IndexProgress, IndexReader, IndexStep};
pub use snapshot::IndexSnapshotError;
pub use store::{IndexStore, IndexStoreError};
pub use visibility::Viewer;
pub use workspace_index::WorkspaceIndex;

pub use coder_config::IndexVisibility;
