//! What builds and agents wrote, and how long things took.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::nullable;
use crate::open_enum::open_enum;
use crate::{AgentId, JobId, LogSourceId};

/// A line of a build's log: `GET /api/v2/workspacebuilds/{build}/logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvisionerJobLog {
    /// Grows; what comes after it can be asked for.
    pub id: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// Who wrote it.
    #[serde(default)]
    pub log_source: JobLogSource,
    /// How important it is.
    #[serde(default)]
    pub log_level: LogLevel,
    /// What was being done.
    #[serde(default)]
    pub stage: String,
    /// The line.
    #[serde(default)]
    pub output: String,
}

/// A line of an agent's log: `GET /api/v2/workspaceagents/{agent}/logs`.
// coder: codersdk.WorkspaceAgentLog
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentLog {
    /// Grows; what comes after it can be asked for.
    pub id: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// The line.
    #[serde(default)]
    pub output: String,
    /// How important it is.
    #[serde(default)]
    pub level: LogLevel,
    /// Who wrote it.
    pub source_id: LogSourceId,
}

/// How long the parts of a build took: `GET /api/v2/workspacebuilds/{build}/timings`.
// coder: codersdk.WorkspaceBuildTimings
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BuildTimings {
    /// The provisioner's.
    #[serde(default, deserialize_with = "nullable")]
    pub provisioner_timings: Vec<ProvisionerTiming>,
    /// The agents' scripts.
    #[serde(default, deserialize_with = "nullable")]
    pub agent_script_timings: Vec<AgentScriptTiming>,
    /// The agents' connections.
    #[serde(default, deserialize_with = "nullable")]
    pub agent_connection_timings: Vec<AgentConnectionTiming>,
}

/// How long a provisioner took for one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvisionerTiming {
    /// The job.
    pub job_id: JobId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Of which part of the work, like `plan`.
    #[serde(default)]
    pub stage: TimingStage,
    /// Which Terraform provider.
    #[serde(default)]
    pub source: String,
    /// What it did.
    #[serde(default)]
    pub action: String,
    /// To what.
    #[serde(default)]
    pub resource: String,
}

/// How long a script took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentScriptTiming {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// With which code.
    #[serde(default)]
    pub exit_code: i32,
    /// When it runs, like `start`.
    #[serde(default)]
    pub stage: TimingStage,
    /// How it ended.
    #[serde(default)]
    pub status: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// The agent.
    pub workspace_agent_id: AgentId,
    /// The agent's name.
    #[serde(default)]
    pub workspace_agent_name: String,
}

/// How long an agent took to connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentConnectionTiming {
    /// When it was made.
    pub started_at: Timestamp,
    /// When it connected.
    pub ended_at: Timestamp,
    /// Always `connect`.
    #[serde(default)]
    pub stage: TimingStage,
    /// The agent.
    pub workspace_agent_id: AgentId,
    /// The agent's name.
    #[serde(default)]
    pub workspace_agent_name: String,
}

open_enum! {
    /// Who wrote a line of a build's log.
    JobLogSource {
        /// What runs the provisioner.
        ProvisionerDaemon = "provisioner_daemon",
        /// The provisioner, Terraform.
        Provisioner = "provisioner",
    }
}

open_enum! {
    /// How important a line is.
    LogLevel {
        /// For those who look for a fault in Coder.
        Trace = "trace",
        /// For those who look for a fault.
        Debug = "debug",
        /// For everyone.
        Info = "info",
        /// Something may be wrong.
        Warn = "warn",
        /// Something is wrong.
        Error = "error",
    }
}

open_enum! {
    /// Of which part of the work a time is.
    TimingStage {
        /// Terraform gets ready.
        Init = "init",
        /// Terraform finds out what to do.
        Plan = "plan",
        /// Terraform draws its graph.
        Graph = "graph",
        /// Terraform does it.
        Apply = "apply",
        /// Start scripts.
        Start = "start",
        /// Stop scripts.
        Stop = "stop",
        /// Scripts that run at certain times.
        Cron = "cron",
        /// The agent's connection.
        Connect = "connect",
    }
}
