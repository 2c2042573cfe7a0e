//! What goes on at Coder, as values: changes of workspaces, logs that are being written. Each names
//! its routes; [`Client::subscribe`](crate::Client::subscribe) opens one and keeps it open.

mod agent_logs;
mod agent_metadata;
mod build_logs;
mod last_line;
mod workspace;

pub use agent_logs::FollowAgentLogs;
pub use agent_metadata::WatchAgentMetadata;
pub use build_logs::FollowBuildLogs;
pub use workspace::WatchWorkspace;
