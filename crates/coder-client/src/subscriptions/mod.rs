//! The subscriptions of Coder's API, as values: changes of workspaces, and logs while they are
//! written. The documentation of each begins with its route;
//! [`Client::subscribe`](crate::Client::subscribe) opens it and keeps it open.

mod agent_logs;
mod agent_metadata;
mod build_logs;
mod inbox;
mod last_line;
mod template_version_logs;
mod workspace;

pub use agent_logs::FollowAgentLogs;
pub use agent_metadata::WatchAgentMetadata;
pub use build_logs::FollowBuildLogs;
pub use inbox::WatchInbox;
pub use template_version_logs::FollowTemplateVersionLogs;
pub use workspace::WatchWorkspace;
