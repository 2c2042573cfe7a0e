//! What agents tell about themselves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that an agent tells, as its template wants it: `GET
/// /api/v2/workspaceagents/{agent}/watch-metadata`.
// coder: codersdk.WorkspaceAgentMetadata
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentMetadatum {
    /// What was collected last.
    pub result: AgentMetadataResult,
    /// What it is.
    pub description: AgentMetadataDescription,
}

/// A value that an agent has collected.
// coder: codersdk.WorkspaceAgentMetadataResult
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentMetadataResult {
    /// When it was collected; in the year 1 when it never was.
    pub collected_at: Timestamp,
    /// How long ago that was, in seconds.
    #[serde(default)]
    pub age: i64,
    /// For people.
    #[serde(default)]
    pub value: String,
    /// Why there is no value; empty when there is one.
    #[serde(default)]
    pub error: String,
}

/// How a value is collected.
// coder: codersdk.WorkspaceAgentMetadataDescription
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentMetadataDescription {
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// Unique within the agent.
    pub key: String,
    /// What is run.
    #[serde(default)]
    pub script: String,
    /// How often, in seconds.
    #[serde(default)]
    pub interval: i64,
    /// How long it may take, in seconds.
    #[serde(default)]
    pub timeout: i64,
}
