//! The deployment: its version, logins, licence, regions and statistics.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::List;
use crate::reading::{model, neutral, open_enum};

model! {
    /// The version and the URLs of a deployment: `GET /api/v2/buildinfo`. Everyone may read it.
    // coder: codersdk.BuildInfoResponse
    // coder: beside oauth2_provider: since 2.38
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildInfo {
        /// The URL of the release notes of this version.
        pub external_url: String,
        /// The version as Coder writes it, like `v2.36.0+8f1c2d3`; see
        /// [`CoderVersion`](crate::CoderVersion).
        pub version: String = required,
        /// The access URL, as the deployment's operator configured it.
        pub dashboard_url: String,
        /// `true` when the deployment sends telemetry to the makers of Coder.
        pub telemetry: bool,
        /// `true` when a workspace proxy has answered, not the deployment itself.
        pub workspace_proxy: bool,
        /// The version of the agent API.
        pub agent_api_version: String,
        /// The version of the provisioner API.
        pub provisioner_api_version: String,
        /// The operator's message for users whose command line tool is too old.
        pub upgrade_message: String,
        /// The id of the deployment, which does not depend on its URL.
        pub deployment_id: String,
        /// The public key for web push notifications.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub webpush_public_key: Option<String>,
        /// `true` when the OAuth2 provider is switched on. Releases since 2.38 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub oauth2_provider: Option<bool>,
    }
}

model! {
    /// The ways in which people can sign in: `GET /api/v2/users/authmethods`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AuthMethods {
        /// The URL of the terms of service that users must accept.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub terms_of_service_url: Option<String>,
        /// The login with a password that Coder keeps.
        pub password: AuthMethod,
        /// The login through GitHub.
        pub github: GithubAuthMethod,
        /// The login through an OpenID Connect provider.
        pub oidc: OidcAuthMethod,
    }
}

model! {
    /// A way in which people can sign in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AuthMethod {
        /// `true` when people can sign in in this way.
        pub enabled: bool,
    }
}

model! {
    /// The login through GitHub.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct GithubAuthMethod {
        /// `true` when people can sign in in this way.
        pub enabled: bool,
        /// `true` when the login goes through the GitHub app of Coder's makers.
        pub default_provider_configured: bool,
    }
}

model! {
    /// The login through an OpenID Connect provider.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OidcAuthMethod {
        /// `true` when people can sign in in this way.
        pub enabled: bool,
        /// The text of the button.
        #[serde(rename = "signInText")]
        pub sign_in_text: String,
        /// The URL of the button's icon.
        #[serde(rename = "iconUrl")]
        pub icon_url: String,
    }
}

model! {
    /// The newest release of Coder: `GET /api/v2/updatecheck`.
    // coder: codersdk.UpdateCheckResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UpdateCheck {
        /// `true` when the deployment runs the newest release.
        pub current: bool,
        /// The version of the newest release.
        pub version: String,
        /// The URL of its release notes.
        pub url: String,
    }
}

model! {
    /// The experiments that can be switched on: `GET /api/v2/experiments/available`.
    // coder: no definition: an object without a name of its own
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AvailableExperiments {
        /// The names of the experiments that are safe to try.
        pub safe: List<String>,
    }
}

model! {
    /// The scopes that API tokens can have: `GET /api/v2/auth/scopes`.
    // coder: codersdk.ExternalAPIKeyScopes
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ScopeCatalog {
        /// The names of the scopes, like `workspace:read`.
        pub external: List<String>,
    }
}

model! {
    /// The features that the licence allows: `GET /api/v2/entitlements`. Builds without the
    /// enterprise part do not have this route.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Entitlements {
        /// The features, by their names.
        pub features: BTreeMap<String, Feature>,
        /// The warnings for the operator.
        pub warnings: List<String>,
        /// The errors that the operator must correct.
        pub errors: List<String>,
        /// `true` when the deployment has a licence.
        pub has_license: bool,
        /// `true` when the licence is a trial licence.
        pub trial: bool,
        /// `true` when the licence requires telemetry.
        pub require_telemetry: bool,
        /// The moment at which Coder last evaluated the licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub refreshed_at: Option<Timestamp>,
    }
}

model! {
    /// A feature, as the licence allows it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Feature {
        /// The right to use the feature.
        pub entitlement: Entitlement,
        /// `true` when the feature is switched on.
        pub enabled: bool,
        /// The greatest use that the licence grants, in the feature's own unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<i64>,
        /// The present use, in the same unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub actual: Option<i64>,
        /// The use from which on Coder warns.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub soft_limit: Option<i64>,
        /// The use from which on Coder enforces the limit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub hard_limit: Option<i64>,
        /// The present use in milliseconds, for features that are measured in time.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub actual_ms: Option<i64>,
        /// The period in which the use is counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub usage_period: Option<UsagePeriod>,
    }
}

model! {
    /// The period in which the use of a feature is counted.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UsagePeriod {
        /// The moment at which the licence was issued.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub issued_at: Option<Timestamp>,
        /// The beginning of the period.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start: Option<Timestamp>,
        /// The end of the period.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end: Option<Timestamp>,
    }
}

model! {
    /// The deployment and its workspace proxies: `GET /api/v2/regions`.
    // coder: codersdk.RegionsResponse-codersdk_Region
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Regions {
        /// The regions. The deployment itself comes first.
        pub regions: List<Region>,
    }
}

model! {
    /// A server through which people reach workspaces: the deployment or a workspace proxy.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Region {
        /// The id of the region.
        pub id: uuid::Uuid = required,
        /// The name of the region.
        pub name: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment, or a URL.
        pub icon_url: String,
        /// `true` when the server answers.
        pub healthy: bool,
        /// The URL below which apps have paths.
        pub path_app_url: String,
        /// The host names of apps, like `*.apps.example.com`; empty when apps have none.
        pub wildcard_hostname: String,
    }
}

model! {
    /// The host names of apps: `GET /api/v2/applications/host`.
    // coder: codersdk.AppHostResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppHost {
        /// The pattern of the host names, like `*.apps.example.com`; empty when apps have none.
        pub host: String,
    }
}

model! {
    /// The settings for SSH connections to workspaces: `GET /api/v2/deployment/ssh`.
    // coder: codersdk.SSHConfigResponse
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SshConfig {
        /// The prefix of workspaces' host names, like `coder.`.
        pub hostname_prefix: String,
        /// The suffix of workspaces' host names, like `coder`.
        pub hostname_suffix: String,
        /// Further options for the configuration of the SSH client.
        pub ssh_config_options: BTreeMap<String, String>,
    }
}

model! {
    /// Statistics about a deployment: `GET /api/v2/deployment/stats`.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct DeploymentStats {
        /// The beginning of the period that is counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub aggregated_from: Option<Timestamp>,
        /// The end of the period that is counted.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub collected_at: Option<Timestamp>,
        /// The moment of the next update.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_update_at: Option<Timestamp>,
        /// The statistics about workspaces.
        pub workspaces: WorkspaceStats,
        /// The numbers of sessions in workspaces.
        pub session_count: SessionCounts,
    }
}

model! {
    /// The numbers of workspaces by their state, and their traffic.
    // coder: codersdk.WorkspaceDeploymentStats
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceStats {
        /// The number of workspaces with a pending build.
        pub pending: i64,
        /// The number of workspaces with a running build.
        pub building: i64,
        /// The number of running workspaces.
        pub running: i64,
        /// The number of workspaces with a failed build.
        pub failed: i64,
        /// The number of stopped workspaces.
        pub stopped: i64,
        /// The latency of connections to workspaces, in milliseconds.
        pub connection_latency_ms: ConnectionLatency,
        /// The bytes that workspaces received.
        pub rx_bytes: i64,
        /// The bytes that workspaces sent.
        pub tx_bytes: i64,
    }
}

model! {
    /// The latency of connections to workspaces, in milliseconds.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct ConnectionLatency {
        /// The median of all latencies.
        #[serde(rename = "P50")]
        pub p50: f64,
        /// The 95th percentile of all latencies.
        #[serde(rename = "P95")]
        pub p95: f64,
    }
}

model! {
    /// The numbers of sessions in workspaces, by the kind of app.
    // coder: codersdk.SessionCountDeploymentStats
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SessionCounts {
        /// The number of sessions of VS Code.
        pub vscode: i64,
        /// The number of SSH sessions.
        pub ssh: i64,
        /// The number of sessions of JetBrains IDEs.
        pub jetbrains: i64,
        /// The number of terminals in the browser.
        pub reconnecting_pty: i64,
    }
}

model! {
    /// The appearance of the dashboard: `GET /api/v2/appearance`.
    // coder: codersdk.AppearanceConfig
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Appearance {
        /// The name that the dashboard shows.
        pub application_name: String,
        /// The URL of the logo.
        pub logo_url: String,
        /// The URL of the documentation.
        pub docs_url: String,
        /// The announcement for all users, as older releases tell it.
        pub service_banner: Banner,
        /// The announcements for all users.
        pub announcement_banners: List<Banner>,
        /// The links to pages that help.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub support_links: List<SupportLink>,
    }
}

model! {
    /// An announcement that the dashboard shows to all users.
    // coder: codersdk.BannerConfig
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Banner {
        /// `true` when the dashboard shows it.
        pub enabled: bool,
        /// The text of the announcement, in Markdown.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub message: Option<String>,
        /// The colour of the background, like `#1a2b3c`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub background_color: Option<String>,
    }
}

model! {
    /// A link to a page that helps.
    // coder: codersdk.LinkConfig
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SupportLink {
        /// The text of the link.
        pub name: String = required,
        /// The URL of the page.
        pub target: String = required,
        /// The name of the icon.
        pub icon: String,
        /// The place in the dashboard where the link stands.
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
    /// The right to use a feature.
    Entitlement {
        /// The licence includes the feature.
        Entitled = "entitled",
        /// The licence has ended, and the feature may be used a little longer.
        GracePeriod = "grace_period",
        /// The licence does not include the feature.
        NotEntitled = "not_entitled",
    }
}
