//! What a deployment says about itself.

use serde::{Deserialize, Serialize};

/// What a deployment is, told to anyone: `GET /api/v2/buildinfo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BuildInfo {
    /// Where this version's release notes are.
    #[serde(default)]
    pub external_url: String,
    /// The version as Coder writes it, like `v2.36.0+8f1c2d3`; see
    /// [`CoderVersion`](crate::CoderVersion).
    pub version: String,
    /// The access URL, as the deployment's operator configured it.
    #[serde(default)]
    pub dashboard_url: String,
    /// Whether it sends telemetry to Coder's makers.
    #[serde(default)]
    pub telemetry: bool,
    /// Whether this is a workspace proxy and not the deployment itself.
    #[serde(default)]
    pub workspace_proxy: bool,
    /// The version of the agents' API.
    #[serde(default)]
    pub agent_api_version: String,
    /// The version of the provisioners' API.
    #[serde(default)]
    pub provisioner_api_version: String,
    /// What the operator tells users whose tools are too old.
    #[serde(default)]
    pub upgrade_message: String,
    /// Identifies the deployment, whatever its URL.
    #[serde(default)]
    pub deployment_id: String,
    /// The public key for web push messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webpush_public_key: Option<String>,
    /// Whether it can be an OAuth2 provider. Told from 2.38 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2_provider: Option<bool>,
}
