//! All workspaces at a glance: an index that is read once and then costs changes.

mod budget;
mod entry;
mod facets;
mod listing;
mod reader;
mod scope;
mod snapshot;
mod store;
mod workspace_index;

pub use budget::RequestBudget;
pub use entry::{IndexedWorkspace, RepositoryParameter};
pub use facets::Facets;
pub use reader::{IndexProgress, IndexReader, IndexStep};
pub use snapshot::IndexSnapshotError;
pub use store::{IndexStore, IndexStoreError};
pub use workspace_index::WorkspaceIndex;
