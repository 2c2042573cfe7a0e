//! Accounts at other services, such as GitHub, that workspaces use.

use super::moment::unless_never;
use crate::List;
use crate::reading::{model, neutral};
use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

model! {
    /// The services whose accounts can be linked, and the links of the caller: `GET
    /// /api/v2/external-auth`.
    // coder: no definition: the description names the type of one of its lists instead
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthList {
        /// The services whose accounts can be linked.
        pub providers: List<ExternalAuthProvider>,
        /// The accounts that the caller has linked.
        pub links: List<ExternalAuthLink>,
    }
}

model! {
    /// A service whose accounts can be linked.
    // coder: no definition: it is in a list that the description leaves out
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthProvider {
        /// The id of the service, which the deployment's operator chose.
        pub id: String = required,
        /// The kind of the service, like `github`.
        #[serde(rename = "type")]
        pub kind: String,
        /// `true` when an account is linked by typing a code at the service (RFC 8628).
        pub device: bool,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment, or a URL.
        pub display_icon: String,
        /// `true` when Coder can refresh the access token.
        pub allow_refresh: bool,
        /// `true` when Coder can check whether the access token is valid.
        pub allow_validate: bool,
        /// `true` when Coder revokes the token at the service when the link is removed. Older
        /// releases do not tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub supports_revocation: Option<bool>,
        /// The PKCE methods that Coder uses at the service (RFC 7636 §4.3). Older releases do not
        /// tell them.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub code_challenge_methods_supported: List<String>,
    }
}

model! {
    /// An account that the caller has linked.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthLink {
        /// The id of the service.
        pub provider_id: String = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// `true` when Coder has a refresh token for the account.
        pub has_refresh_token: bool,
        /// The moment at which the access token expires; the year 1 for never, see
        /// [`expires_at`](Self::expires_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires: Option<Timestamp>,
        /// `true` when the access token is valid now.
        pub authenticated: bool,
        /// The reason when the access token is not valid.
        pub validate_error: String,
    }
}

impl ExternalAuthLink {
    /// Returns the moment at which the access token expires; `None` for never, and when Coder does
    /// not tell it.
    pub fn expires_at(&self) -> Option<Timestamp> {
        unless_never(self.expires)
    }
}

model! {
    /// The caller's link to a service: `GET /api/v2/external-auth/{externalauth}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuth {
        /// `true` when an account is linked and its access token is valid.
        pub authenticated: bool,
        /// `true` when an account is linked by typing a code at the service (RFC 8628).
        pub device: bool,
        /// The name that user interfaces show.
        pub display_name: String,
        /// `true` when Coder revokes the token at the service when the link is removed.
        pub supports_revocation: bool,
        /// The account at the service.
        pub user: Option<ExternalAuthUser>,
        /// `true` when the service has an app that can be installed.
        pub app_installable: bool,
        /// The installations of the service's app.
        pub installations: List<ExternalAuthInstallation>,
        /// The URL of the page that installs the app.
        pub app_install_url: String,
    }
}

model! {
    /// An account at a service.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthUser {
        /// The number of the account at the service.
        pub id: i64,
        /// The name that the account signs in with.
        pub login: String,
        /// The URL of the account's picture.
        pub avatar_url: String,
        /// The URL of the account's page.
        pub profile_url: String,
        /// The full name of the account's user.
        pub name: String,
    }
}

model! {
    /// An installation of a service's app.
    // coder: codersdk.ExternalAuthAppInstallation
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthInstallation {
        /// The number of the installation at the service.
        pub id: i64,
        /// The account that the app is installed for.
        pub account: ExternalAuthUser,
        /// The URL of the page that configures the installation.
        pub configure_url: String,
    }
}

model! {
    /// The result of removing a link: `DELETE /api/v2/external-auth/{externalauth}`.
    // coder: codersdk.DeleteExternalAuthByIDResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthUnlinked {
        /// `true` when the token was revoked at the service too.
        pub token_revoked: bool,
        /// The reason when the token was not revoked.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub token_revocation_error: Option<String>,
    }
}

model! {
    /// A code to type at a service (RFC 8628 §3.2): `GET
    /// /api/v2/external-auth/{externalauth}/device`.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct ExternalAuthDevice {
        /// The code for [`FinishExternalAuthDevice`](crate::operations::FinishExternalAuthDevice).
        pub device_code: Secret = required,
        /// The code that the user types.
        pub user_code: String = required,
        /// The URL of the page where the user types it.
        pub verification_uri: String = required,
        /// The lifetime of both codes, in seconds.
        pub expires_in: i64,
        /// The least time between two requests that finish the link, in seconds.
        pub interval: i64,
    }
}

model! {
    /// An external account that a template version needs: `GET
    /// /api/v2/templateversions/{templateversion}/external-auth`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionExternalAuth {
        /// The id of the service.
        pub id: String = required,
        /// The kind of the service, like `github`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment, or a URL.
        pub display_icon: String,
        /// The URL of the page where the user links the account.
        pub authenticate_url: String,
        /// `true` when the user has linked the account.
        pub authenticated: bool,
        /// `true` when a workspace can do without the account.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub optional: Option<bool>,
    }
}

neutral!(ExternalAuthUser);
