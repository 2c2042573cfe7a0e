//! What agents tell about themselves.

use super::moment::ever;
use crate::reading::{model, neutral};
use jiff::Timestamp;
use serde::Serialize;

model! {
    /// One thing that an agent tells, as its template wants it: `GET
    /// /api/v2/workspaceagents/{agent}/watch-metadata`.
    // coder: codersdk.WorkspaceAgentMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadatum {
        /// What was collected last.
        pub result: AgentMetadataResult,
        /// What it is.
        pub description: AgentMetadataDescription = required,
    }
}

model! {
    /// A value that an agent has collected.
    // coder: codersdk.WorkspaceAgentMetadataResult
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadataResult {
        /// When it was collected; in the year 1 when it never was.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub collected_at: Option<Timestamp>,
        /// How long ago that was, in seconds.
        pub age: i64,
        /// For people.
        pub value: String,
        /// Why there is no value; empty when there is one.
        pub error: String,
    }
}

impl AgentMetadataResult {
    /// When it was collected; `None` for never, and when Coder does not tell.
    pub fn known_since(&self) -> Option<Timestamp> {
        ever(self.collected_at)
    }
}

model! {
    /// How a value is collected.
    // coder: codersdk.WorkspaceAgentMetadataDescription
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentMetadataDescription {
        /// For people.
        pub display_name: String,
        /// Unique within the agent.
        pub key: String = required,
        /// What is run.
        pub script: String,
        /// How often, in seconds.
        pub interval: i64,
        /// How long it may take, in seconds.
        pub timeout: i64,
    }
}

neutral!(AgentMetadataResult);
