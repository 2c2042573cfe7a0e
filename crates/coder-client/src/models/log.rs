//! Logs of builds and agents, and the times that their parts took.

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, open_enum};
use crate::{AgentId, JobId, List, LogSourceId};

model! {
    /// A line of a build's log: `GET /api/v2/workspacebuilds/{build}/logs`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerJobLog {
        /// The id of the line. Later lines have greater ids.
        pub id: i64 = required,
        /// The moment at which the line was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The program that wrote the line.
        pub log_source: JobLogSource,
        /// The level of the line.
        pub log_level: LogLevel,
        /// The stage of the build, like `Planning infrastructure`.
        pub stage: String,
        /// The text of the line.
        pub output: String,
    }
}

model! {
    /// A line of an agent's log: `GET /api/v2/workspaceagents/{agent}/logs`.
    // coder: codersdk.WorkspaceAgentLog
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentLog {
        /// The id of the line. Later lines have greater ids.
        pub id: i64 = required,
        /// The moment at which the line was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The text of the line.
        pub output: String,
        /// The level of the line.
        pub level: LogLevel,
        /// The id of the source that wrote the line.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source_id: Option<LogSourceId>,
    }
}

model! {
    /// The times that the parts of a build took: `GET /api/v2/workspacebuilds/{build}/timings`.
    // coder: codersdk.WorkspaceBuildTimings
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildTimings {
        /// The times of the provisioner.
        pub provisioner_timings: List<ProvisionerTiming>,
        /// The times of the agents' scripts.
        pub agent_script_timings: List<AgentScriptTiming>,
        /// The times that the agents took to connect.
        pub agent_connection_timings: List<AgentConnectionTiming>,
    }
}

model! {
    /// The time that a provisioner took for an action.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerTiming {
        /// The id of the provisioner job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub job_id: Option<JobId>,
        /// The moment at which the action began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// The moment at which the action ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// The stage of the build, like `plan`.
        pub stage: TimingStage,
        /// The Terraform provider of the resource.
        pub source: String,
        /// The action, like `create` or `read`.
        pub action: String,
        /// The Terraform address of the resource.
        pub resource: String,
    }
}

model! {
    /// The time that a script of an agent took.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentScriptTiming {
        /// The moment at which the script began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// The moment at which the script ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// The exit code of the script.
        pub exit_code: i32,
        /// The stage in which the script runs, like `start`.
        pub stage: TimingStage,
        /// The result of the script's run.
        pub status: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The id of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// The name of the agent.
        pub workspace_agent_name: String,
    }
}

model! {
    /// The time that an agent took to connect.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentConnectionTiming {
        /// The moment at which the agent was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// The moment at which the agent connected.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ended_at: Option<Timestamp>,
        /// The stage, always `connect`.
        pub stage: TimingStage,
        /// The id of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// The name of the agent.
        pub workspace_agent_name: String,
    }
}

open_enum! {
    /// The program that wrote a line of a build's log.
    JobLogSource {
        /// The provisioner daemon, which runs the provisioner.
        ProvisionerDaemon = "provisioner_daemon",
        /// The provisioner, which is Terraform.
        Provisioner = "provisioner",
    }
}

open_enum! {
    /// The level of a log line.
    LogLevel {
        /// Details for developers of Coder.
        Trace = "trace",
        /// Details for those who look for a fault.
        Debug = "debug",
        /// Normal progress, for everyone.
        Info = "info",
        /// A message about a possible error.
        Warn = "warn",
        /// A message about an error.
        Error = "error",
    }
}

open_enum! {
    /// The stage that a time belongs to.
    TimingStage {
        /// Terraform installs its providers and modules.
        Init = "init",
        /// Terraform plans the changes.
        Plan = "plan",
        /// Terraform computes the graph of resources.
        Graph = "graph",
        /// Terraform makes the changes.
        Apply = "apply",
        /// The start scripts of an agent.
        Start = "start",
        /// The stop scripts of an agent.
        Stop = "stop",
        /// The scripts that an agent runs on a schedule.
        Cron = "cron",
        /// The connection of an agent.
        Connect = "connect",
    }
}
