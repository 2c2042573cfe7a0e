//! The servers of a deployment, and its licences.

use std::collections::BTreeMap;

use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::reading::{model, open_enum};
use crate::{List, ReplicaId, WorkspaceProxyId};

model! {
    /// The workspace proxies: `GET /api/v2/workspaceproxies`.
    // coder: codersdk.RegionsResponse-codersdk_WorkspaceProxy
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceProxies {
        /// The proxies. The deployment itself comes first.
        pub regions: List<WorkspaceProxy>,
    }
}

model! {
    /// A server near to people, through which they reach workspaces: `GET
    /// /api/v2/workspaceproxies/{workspaceproxy}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceProxy {
        /// The id of the proxy.
        pub id: WorkspaceProxyId = required,
        /// The name, which is unique in the deployment.
        pub name: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment, or a URL.
        pub icon_url: String,
        /// `true` when the proxy answers.
        pub healthy: bool,
        /// The URL below which apps have paths.
        pub path_app_url: String,
        /// The host names of apps, like `*.eu.example.com`; empty when apps have none.
        pub wildcard_hostname: String,
        /// `true` when the proxy relays connections.
        pub derp_enabled: bool,
        /// `true` when the proxy only relays connections, and serves no apps.
        pub derp_only: bool,
        /// The result of the last check; `None` for a deleted proxy.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<WorkspaceProxyStatus>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// `true` when the proxy was deleted.
        pub deleted: bool,
        /// The release of the proxy.
        pub version: String,
    }
}

model! {
    /// The result of the last check of a workspace proxy.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceProxyStatus {
        /// The state of the proxy.
        pub status: ProxyHealthStatus,
        /// The reasons for that state.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub report: Option<ProxyHealthReport>,
        /// The moment of the check.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub checked_at: Option<Timestamp>,
    }
}

model! {
    /// The reasons for the state of a workspace proxy.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProxyHealthReport {
        /// The problems that keep the proxy from being healthy.
        pub errors: List<String>,
        /// The problems that do not.
        pub warnings: List<String>,
    }
}

model! {
    /// A workspace proxy with its token: `POST /api/v2/workspaceproxies`.
    // coder: no definition: the description gives the answer as a proxy
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewWorkspaceProxy {
        /// The proxy as it is now.
        pub proxy: WorkspaceProxy = required,
        /// The token that the proxy signs in with, which Coder tells this once; `None` when it was
        /// not made anew.
        pub proxy_token: Option<Secret>,
    }
}

model! {
    /// A server among those that make up the deployment: `GET /api/v2/replicas`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Replica {
        /// The id of the server.
        pub id: ReplicaId = required,
        /// The host name of the server.
        pub hostname: String,
        /// The moment at which the server began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The address at which the other servers reach it.
        pub relay_address: String,
        /// The number of the region that the server is in.
        pub region_id: i64,
        /// The error of the server; empty while there is none.
        pub error: String,
        /// The time of an answer of the database, in microseconds.
        pub database_latency: i64,
    }
}

model! {
    /// A licence of the deployment: `GET /api/v2/licenses`.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct License {
        /// The number of the licence in the deployment.
        pub id: i64 = required,
        /// The id of the licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub uuid: Option<Uuid>,
        /// The moment at which the licence was added.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub uploaded_at: Option<Timestamp>,
        /// The claims of the licence, such as its features and its expiry.
        pub claims: BTreeMap<String, Value>,
    }
}

model! {
    /// The setting whether workspaces are built ahead: `GET /api/v2/prebuilds/settings`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PrebuildsSettings {
        /// `true` when none are built and none are deleted.
        pub reconciliation_paused: bool,
    }
}

open_enum! {
    /// The state of a workspace proxy.
    ProxyHealthStatus {
        /// The proxy answers as expected.
        Healthy = "ok",
        /// The proxy does not answer.
        Unreachable = "unreachable",
        /// The proxy answers, but something is wrong.
        Unhealthy = "unhealthy",
        /// The proxy was never started.
        Unregistered = "unregistered",
    }
}
