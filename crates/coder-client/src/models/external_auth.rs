//! Accounts at other services, such as GitHub, that workspaces use.

use coder_core::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::nullable;

/// What can be linked, and what is: `GET /api/v2/external-auth`.
// coder: no definition: the description names the type of one of its lists instead
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthList {
    /// The services.
    #[serde(default, deserialize_with = "nullable")]
    pub providers: Vec<ExternalAuthProvider>,
    /// The caller's accounts there.
    #[serde(default, deserialize_with = "nullable")]
    pub links: Vec<ExternalAuthLink>,
}

/// A service whose accounts can be linked.
// coder: no definition: it is in a list that the description leaves out
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthProvider {
    /// As the deployment's operator called it.
    pub id: String,
    /// What it is, like `github`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whether it is linked by typing a code there.
    #[serde(default)]
    pub device: bool,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub display_icon: String,
}

/// An account that was linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthLink {
    /// The service.
    pub provider_id: String,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether Coder can renew the access.
    #[serde(default)]
    pub has_refresh_token: bool,
    /// Until when the access works; the year 1 when it does not end.
    pub expires: Timestamp,
    /// Whether it works now.
    #[serde(default)]
    pub authenticated: bool,
    /// Why not.
    #[serde(default)]
    pub validate_error: String,
}

/// Whether the caller has linked an account: `GET /api/v2/external-auth/{externalauth}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuth {
    /// Whether it is linked and works.
    pub authenticated: bool,
    /// Whether it is linked by typing a code there.
    #[serde(default)]
    pub device: bool,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// Whether Coder takes the access back at the service when the link is removed.
    #[serde(default)]
    pub supports_revocation: bool,
    /// The account.
    #[serde(default)]
    pub user: Option<ExternalAuthUser>,
    /// Whether the service wants an app to be installed.
    #[serde(default)]
    pub app_installable: bool,
    /// Where it is installed.
    #[serde(default, deserialize_with = "nullable")]
    pub installations: Vec<ExternalAuthInstallation>,
    /// Where to install it.
    #[serde(default)]
    pub app_install_url: String,
}

/// An account at a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthUser {
    /// The service's number for it.
    #[serde(default)]
    pub id: i64,
    /// The name to sign in with.
    #[serde(default)]
    pub login: String,
    /// A picture.
    #[serde(default)]
    pub avatar_url: String,
    /// Its page.
    #[serde(default)]
    pub profile_url: String,
    /// The full name.
    #[serde(default)]
    pub name: String,
}

/// Where a service's app is installed.
// coder: codersdk.ExternalAuthAppInstallation
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthInstallation {
    /// The service's number for it.
    #[serde(default)]
    pub id: i64,
    /// For whom.
    pub account: ExternalAuthUser,
    /// Where to change it.
    #[serde(default)]
    pub configure_url: String,
}

/// What became of a link that was removed: `DELETE /api/v2/external-auth/{externalauth}`.
// coder: codersdk.DeleteExternalAuthByIDResponse
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthUnlinked {
    /// Whether the access was taken back at the service as well.
    #[serde(default)]
    pub token_revoked: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_revocation_error: Option<String>,
}

/// A code to type at a service: `GET /api/v2/external-auth/{externalauth}/device` (RFC 8628 §3.2).
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ExternalAuthDevice {
    /// What to ask Coder with.
    pub device_code: Secret,
    /// What to type.
    pub user_code: String,
    /// Where to type it.
    pub verification_uri: String,
    /// For how many seconds it works.
    #[serde(default)]
    pub expires_in: i64,
    /// How many seconds to wait between two questions.
    #[serde(default)]
    pub interval: i64,
}

/// An account that a template needs:
/// `GET /api/v2/templateversions/{templateversion}/external-auth`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersionExternalAuth {
    /// The service.
    pub id: String,
    /// What it is, like `github`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub display_icon: String,
    /// Where to link it.
    #[serde(default)]
    pub authenticate_url: String,
    /// Whether it is linked.
    #[serde(default)]
    pub authenticated: bool,
    /// Whether it can do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
}
