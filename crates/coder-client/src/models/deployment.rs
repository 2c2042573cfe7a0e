//! What a deployment says about itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::List;
use crate::reading::{model, neutral, open_enum};

model! {
    /// What a deployment is, told to anyone: `GET /api/v2/buildinfo`.
    // coder: codersdk.BuildInfoResponse
    // coder: beside oauth2_provider: since 2.38
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildInfo {
        /// Where this version's release notes are.
        pub external_url: String,
        /// The version as Coder writes it, like `v2.36.0+8f1c2d3`; see
        /// [`CoderVersion`](crate::CoderVersion).
        pub version: String = required,
        /// The access URL, as the deployment's operator configured it.
        pub dashboard_url: String,
        /// Whether it sends telemetry to Coder's makers.
        pub telemetry: bool,
        /// Whether this is a workspace proxy and not the deployment itself.
        pub workspace_proxy: bool,
        /// The version of the agents' API.
        pub agent_api_version: String,
        /// The version of the provisioners' API.
        pub provisioner_api_version: String,
        /// What the operator tells users whose tools are too old.
        pub upgrade_message: String,
        /// Identifies the deployment, whatever its URL.
        pub deployment_id: String,
        /// The public key for web push messages.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub webpush_public_key: Option<String>,
        /// Whether it can be an OAuth2 provider. Told from 2.38 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub oauth2_provider: Option<bool>,
    }
}

model! {
    /// How people may sign in: `GET /api/v2/users/authmethods`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AuthMethods {
        /// What they must agree to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub terms_of_service_url: Option<String>,
        /// With a password kept by Coder.
        pub password: AuthMethod,
        /// Through GitHub.
        pub github: GithubAuthMethod,
        /// Through an OpenID Connect provider.
        pub oidc: OidcAuthMethod,
    }
}

model! {
    /// A way to sign in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AuthMethod {
        /// Whether it is open.
        pub enabled: bool,
    }
}

model! {
    /// Signing in through GitHub.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct GithubAuthMethod {
        /// Whether it is open.
        pub enabled: bool,
        /// Whether it goes through the app of Coder's makers.
        pub default_provider_configured: bool,
    }
}

model! {
    /// Signing in through an OpenID Connect provider.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[non_exhaustive]
    pub struct OidcAuthMethod {
        /// Whether it is open.
        pub enabled: bool,
        /// What the button says.
        pub sign_in_text: String,
        /// The button's picture.
        pub icon_url: String,
    }
}

model! {
    /// Whether there is a newer Coder: `GET /api/v2/updatecheck`.
    // coder: codersdk.UpdateCheckResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UpdateCheck {
        /// Whether this is the newest.
        pub current: bool,
        /// The newest one's version.
        pub version: String,
        /// Its release notes.
        pub url: String,
    }
}

model! {
    /// The experiments a deployment may turn on: `GET /api/v2/experiments/available`.
    // coder: no definition: an object without a name of its own
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AvailableExperiments {
        /// Those that are safe to try.
        pub safe: List<String>,
    }
}

model! {
    /// What tokens can be allowed: `GET /api/v2/auth/scopes`.
    // coder: codersdk.ExternalAPIKeyScopes
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ScopeCatalog {
        /// The names, like `workspace:read`.
        pub external: List<String>,
    }
}

model! {
    /// What the licence allows: `GET /api/v2/entitlements`. Builds without the enterprise part do not
    /// have it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Entitlements {
        /// By the feature's name.
        pub features: BTreeMap<String, Feature>,
        /// What the operator should know.
        pub warnings: List<String>,
        /// What the operator must know.
        pub errors: List<String>,
        /// Whether there is a licence.
        pub has_license: bool,
        /// Whether it is for trying only.
        pub trial: bool,
        /// Whether it wants telemetry.
        pub require_telemetry: bool,
        /// When this was last found out.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub refreshed_at: Option<Timestamp>,
    }
}

model! {
    /// What the licence says about one feature.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Feature {
        /// Whether it is paid for.
        pub entitlement: Entitlement,
        /// Whether it is on.
        pub enabled: bool,
        /// How much is paid for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<i64>,
        /// How much is used.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub actual: Option<i64>,
        /// From how much on people are warned.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub soft_limit: Option<i64>,
        /// From how much on more is refused.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub hard_limit: Option<i64>,
        /// How long it was used, in milliseconds, where use is a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub actual_ms: Option<i64>,
        /// From when until when is counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub usage_period: Option<UsagePeriod>,
    }
}

model! {
    /// The time in which use of a feature is counted.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UsagePeriod {
        /// When the licence was issued.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub issued_at: Option<Timestamp>,
        /// The beginning.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start: Option<Timestamp>,
        /// The end.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end: Option<Timestamp>,
    }
}

model! {
    /// The deployment and its proxies: `GET /api/v2/regions`.
    // coder: codersdk.RegionsResponse-codersdk_Region
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Regions {
        /// The deployment itself comes first.
        pub regions: List<Region>,
    }
}

model! {
    /// A place that people reach workspaces through.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Region {
        /// Identifies it.
        pub id: uuid::Uuid = required,
        /// Its name.
        pub name: String,
        /// For people.
        pub display_name: String,
        /// A path of the deployment, or a URL.
        pub icon_url: String,
        /// Whether it works.
        pub healthy: bool,
        /// Where apps live below a path.
        pub path_app_url: String,
        /// Where apps have host names of their own, like `*.apps.example.com`; empty for nowhere.
        pub wildcard_hostname: String,
    }
}

model! {
    /// Where apps have host names of their own: `GET /api/v2/applications/host`.
    // coder: codersdk.AppHostResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppHost {
        /// Like `*.apps.example.com`; empty for nowhere.
        pub host: String,
    }
}

model! {
    /// How to reach workspaces over SSH: `GET /api/v2/deployment/ssh`.
    // coder: codersdk.SSHConfigResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SshConfig {
        /// What the names of hosts begin with, like `coder.`.
        pub hostname_prefix: String,
        /// What they end with, like `coder`.
        pub hostname_suffix: String,
        /// What else to write into SSH's configuration.
        pub ssh_config_options: BTreeMap<String, String>,
    }
}

model! {
    /// How much a deployment does: `GET /api/v2/deployment/stats`.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct DeploymentStats {
        /// From when.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub aggregated_from: Option<Timestamp>,
        /// Until when.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub collected_at: Option<Timestamp>,
        /// When it is worth asking again.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_update_at: Option<Timestamp>,
        /// Its workspaces.
        pub workspaces: WorkspaceStats,
        /// The people in them.
        pub session_count: SessionCounts,
    }
}

model! {
    /// How many workspaces do what.
    // coder: codersdk.WorkspaceDeploymentStats
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceStats {
        /// Their builds wait.
        pub pending: i64,
        /// Their builds run.
        pub building: i64,
        /// They run.
        pub running: i64,
        /// Their builds failed.
        pub failed: i64,
        /// They are stopped.
        pub stopped: i64,
        /// How long the way to them takes.
        pub connection_latency_ms: ConnectionLatency,
        /// Bytes they received.
        pub rx_bytes: i64,
        /// Bytes they sent.
        pub tx_bytes: i64,
    }
}

model! {
    /// How long the way to workspaces takes, in milliseconds.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    #[serde(rename_all = "UPPERCASE")]
    #[non_exhaustive]
    pub struct ConnectionLatency {
        /// For half of them no longer.
        pub p50: f64,
        /// For 95 of 100 no longer.
        pub p95: f64,
    }
}

model! {
    /// How many people are in workspaces, by the way they got there.
    // coder: codersdk.SessionCountDeploymentStats
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SessionCounts {
        /// VS Code and its kin.
        pub vscode: i64,
        /// SSH.
        pub ssh: i64,
        /// JetBrains IDEs.
        pub jetbrains: i64,
        /// Terminals in the browser.
        pub reconnecting_pty: i64,
    }
}

model! {
    /// What the dashboard looks like: `GET /api/v2/appearance`.
    // coder: codersdk.AppearanceConfig
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Appearance {
        /// What it calls itself.
        pub application_name: String,
        /// Its picture.
        pub logo_url: String,
        /// Where its documentation is.
        pub docs_url: String,
        /// What it tells everyone, in the words of older versions.
        pub service_banner: Banner,
        /// What it tells everyone.
        pub announcement_banners: List<Banner>,
        /// Where to get help.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub support_links: List<SupportLink>,
    }
}

model! {
    /// Something the dashboard tells everyone.
    // coder: codersdk.BannerConfig
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Banner {
        /// Whether it is shown.
        pub enabled: bool,
        /// The text, in Markdown.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub message: Option<String>,
        /// Like `#1a2b3c`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub background_color: Option<String>,
    }
}

model! {
    /// Where to get help.
    // coder: codersdk.LinkConfig
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SupportLink {
        /// For people.
        pub name: String = required,
        /// The URL.
        pub target: String = required,
        /// A picture's name.
        pub icon: String,
        /// Where it is shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub location: Option<String>,
    }
}

neutral!(
    AuthMethod,
    GithubAuthMethod,
    OidcAuthMethod,
    WorkspaceStats,
    ConnectionLatency,
    SessionCounts,
    Banner
);

open_enum! {
    /// Whether a feature is paid for.
    Entitlement {
        /// It is.
        Entitled = "entitled",
        /// It was, and may be used a little longer.
        GracePeriod = "grace_period",
        /// It is not.
        NotEntitled = "not_entitled",
    }
}
