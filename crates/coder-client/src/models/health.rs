//! The health report of a deployment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{ProvisionerDaemon, WorkspaceProxies};
use crate::List;
use crate::reading::{model, open_enum};

model! {
    /// The health of a deployment: `GET /api/v2/debug/health`.
    // coder: healthsdk.HealthcheckReport
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct HealthReport {
        /// The moment at which the report was made. Coder keeps a report for some minutes.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub time: Option<Timestamp>,
        /// `true` when no section has an error.
        pub healthy: bool,
        /// The worst severity of all sections.
        pub severity: HealthSeverity,
        /// The relays between people and workspaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub derp: Option<DerpHealth>,
        /// The URL of the deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub access_url: Option<AccessUrlHealth>,
        /// Whether WebSockets reach the deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub websocket: Option<WebSocketHealth>,
        /// The database of the deployment.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub database: Option<DatabaseHealth>,
        /// The state of the workspace proxies.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_proxy: Option<WorkspaceProxyHealth>,
        /// The provisioner daemons, without which workspaces stay `pending`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub provisioner_daemons: Option<ProvisionerDaemonsHealth>,
        /// The release of the server that made the report.
        pub coder_version: String,
    }
}

model! {
    /// A warning of a section, with the code that Coder's documentation explains.
    // coder: health.Message
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct HealthMessage {
        /// The code, like `EPD01`.
        pub code: String,
        /// The text of the warning.
        pub message: String,
    }
}

model! {
    /// The health of the relays between people and workspaces.
    // coder: healthsdk.DERPHealthReport
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct DerpHealth {
        /// `true` when the section has no error.
        pub healthy: bool,
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The reports of the regions, by their numbers, as Coder sends them.
        pub regions: BTreeMap<String, Value>,
        /// The report about the network, as Coder sends it.
        pub netcheck: Value,
        /// The error of the check of the network.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub netcheck_err: Option<String>,
        /// The log of the check of the network.
        pub netcheck_logs: List<String>,
    }
}

model! {
    /// The health of the deployment's URL.
    // coder: healthsdk.AccessURLReport
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AccessUrlHealth {
        /// `true` when the section has no error.
        pub healthy: bool,
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The URL at which people reach the deployment.
        pub access_url: String,
        /// `true` when the deployment reaches itself at this URL.
        pub reachable: bool,
        /// The status of the answer.
        pub status_code: i32,
        /// The body of the answer.
        pub healthz_response: String,
    }
}

model! {
    /// Whether WebSockets reach the deployment.
    // coder: healthsdk.WebsocketReport
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WebSocketHealth {
        /// `true` when the section has no error.
        pub healthy: bool,
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The body of the answer.
        pub body: String,
        /// The status of the answer.
        pub code: i32,
    }
}

model! {
    /// The health of the database.
    // coder: healthsdk.DatabaseReport
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DatabaseHealth {
        /// `true` when the section has no error.
        pub healthy: bool,
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// `true` when the database answers.
        pub reachable: bool,
        /// The time of an answer as a text, like `1.2ms`.
        pub latency: String,
        /// The time of an answer, in milliseconds.
        pub latency_ms: i64,
        /// The time above which an answer is too slow, in milliseconds.
        pub threshold_ms: i64,
    }
}

model! {
    /// The health of the workspace proxies.
    // coder: healthsdk.WorkspaceProxyReport
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceProxyHealth {
        /// `true` when the section has no error.
        pub healthy: bool,
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The proxies with their states.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_proxies: Option<WorkspaceProxies>,
    }
}

model! {
    /// The health of the provisioner daemons.
    // coder: healthsdk.ProvisionerDaemonsReport
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemonsHealth {
        /// The severity of the worst fault.
        pub severity: HealthSeverity,
        /// The warnings of the section.
        pub warnings: List<HealthMessage>,
        /// `true` when an administrator has dismissed the section.
        pub dismissed: bool,
        /// The error of the check itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The daemons with their warnings.
        pub items: List<ProvisionerDaemonHealth>,
    }
}

model! {
    /// The health of a provisioner daemon.
    // coder: healthsdk.ProvisionerDaemonsReportItem
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemonHealth {
        /// The daemon that is reported on.
        pub provisioner_daemon: ProvisionerDaemon = required,
        /// The warnings about the daemon.
        pub warnings: List<HealthMessage>,
    }
}

open_enum! {
    /// The severity of what a health report says.
    HealthSeverity {
        /// Nothing that is known is wrong.
        Ok = "ok",
        /// Something may become wrong.
        Warning = "warning",
        /// Something is wrong already.
        Error = "error",
    }
}
