//! What builds and agents wrote, and how long things took.

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, open_enum};
use crate::{AgentId, JobId, List, LogSourceId};

model! {
    /// A line of a build's log: `GET /api/v2/workspacebuilds/{build}/logs`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerJobLog {
        /// Grows; what comes after it can be asked for.
        pub id: i64 = required,
        /// When it was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// Who wrote it.
        pub log_source: JobLogSource,
        /// How important it is.
        pub log_level: LogLevel,
        /// What was being done.
        pub stage: String,
        /// The line.
        pub output: String,
    }
}

model! {
    /// A line of an agent's log: `GET /api/v2/workspaceagents/{agent}/logs`.
    // coder: codersdk.WorkspaceAgentLog
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentLog {
        /// Grows; what comes after it can be asked for.
        pub id: i64 = required,
        /// When it was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The line.
        pub output: String,
        /// How important it is.
        pub level: LogLevel,
        /// Who wrote it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source_id: Option<LogSourceId>,
    }
}

model! {
    /// How long the parts of a build took: `GET /api/v2/workspacebuilds/{build}/timings`.
    // coder: codersdk.WorkspaceBuildTimings
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildTimings {
        /// The provisioner's.
        pub provisioner_timings: List<ProvisionerTiming>,
        /// The agents' scripts.
        pub agent_script_timings: List<AgentScriptTiming>,
        /// The agents' connections.
        pub agent_connection_timings: List<AgentConnectionTiming>,
    }
}

model! {
    /// How long a provisioner took for one thing.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerTiming {
        /// The job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub job_id: Option<JobId>,
        /// When it began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// Of which part of the work, like `plan`.
        pub stage: TimingStage,
        /// Which Terraform provider.
        pub source: String,
        /// What it did.
        pub action: String,
        /// To what.
        pub resource: String,
    }
}

model! {
    /// How long a script took.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentScriptTiming {
        /// When it began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// With which code.
        pub exit_code: i32,
        /// When it runs, like `start`.
        pub stage: TimingStage,
        /// How it ended.
        pub status: String,
        /// For people.
        pub display_name: String,
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// The agent's name.
        pub workspace_agent_name: String,
    }
}

model! {
    /// How long an agent took to connect.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentConnectionTiming {
        /// When it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// When it connected.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// Always `connect`.
        pub stage: TimingStage,
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// The agent's name.
        pub workspace_agent_name: String,
    }
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
