//! Metadata that agents collect.

use super::moment::unless_never;
use crate::reading::{model, neutral};
use jiff::Timestamp;
use serde::Serialize;

model! {
    /// A value that an agent collects as its template says: `GET
    /// /api/v2/workspaceagents/{agent}/watch-metadata`.
    // coder: codersdk.WorkspaceAgentMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadatum {
        /// The value that was collected last.
        pub result: AgentMetadataResult,
        /// The definition of the value.
        pub description: AgentMetadataDescription = required,
    }
}

model! {
    /// A value that an agent has collected.
    // coder: codersdk.WorkspaceAgentMetadataResult
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadataResult {
        /// The moment at which it was collected; the year 1 for never, see
        /// [`known_since`](Self::known_since).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub collected_at: Option<Timestamp>,
        /// The time since it was collected, in seconds.
        pub age: i64,
        /// The value, as a text for people.
        pub value: String,
        /// The error of the collection; empty when a value was collected.
        pub error: String,
    }
}

impl AgentMetadataResult {
    /// Returns the moment at which the value was collected; `None` for never, and when Coder does
    /// not tell it.
    pub fn known_since(&self) -> Option<Timestamp> {
        unless_never(self.collected_at)
    }
}

model! {
    /// The definition of a value that an agent collects.
    // coder: codersdk.WorkspaceAgentMetadataDescription
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadataDescription {
        /// The name that user interfaces show.
        pub display_name: String,
        /// The key, which is unique in the agent.
        pub key: String = required,
        /// The script that prints the value.
        pub script: String,
        /// The time between two runs of the script, in seconds.
        pub interval: i64,
        /// The time after which a run is stopped, in seconds.
        pub timeout: i64,
    }
}

neutral!(AgentMetadataResult);
