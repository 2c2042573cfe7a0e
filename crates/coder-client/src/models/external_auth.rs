//! Accounts at other services, such as GitHub, that workspaces use.

use super::moment::ever;
use crate::List;
use crate::reading::{model, neutral};
use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

model! {
    /// What can be linked, and what is: `GET /api/v2/external-auth`.
    // coder: no definition: the description names the type of one of its lists instead
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthList {
        /// The services.
        pub providers: List<ExternalAuthProvider>,
        /// The caller's accounts there.
        pub links: List<ExternalAuthLink>,
    }
}

model! {
    /// A service whose accounts can be linked.
    // coder: no definition: it is in a list that the description leaves out
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthProvider {
        /// As the deployment's operator called it.
        pub id: String = required,
        /// What it is, like `github`.
        #[serde(rename = "type")]
        pub kind: String,
        /// Whether it is linked by typing a code there.
        pub device: bool,
        /// For people.
        pub display_name: String,
        /// A path of the deployment, or a URL.
        pub display_icon: String,
        /// Whether Coder renews the access by itself.
        pub allow_refresh: bool,
        /// Whether Coder can find out whether the access works.
        pub allow_validate: bool,
        /// Whether Coder takes the access back at the service when the link is removed. Not
        /// told by older releases.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub supports_revocation: Option<bool>,
        /// The methods of PKCE that Coder uses there (RFC 7636 §4.3). Not told by older
        /// releases.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub code_challenge_methods_supported: List<String>,
    }
}

model! {
    /// An account that was linked.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthLink {
        /// The service.
        pub provider_id: String = required,
        /// When it was linked.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// Whether Coder can renew the access.
        pub has_refresh_token: bool,
        /// Until when the access works; the year 1 when it does not end.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires: Option<Timestamp>,
        /// Whether it works now.
        pub authenticated: bool,
        /// Why not.
        pub validate_error: String,
    }
}

impl ExternalAuthLink {
    /// Until when the access works; `None` when that does not end, and when Coder does not tell.
    pub fn expires_at(&self) -> Option<Timestamp> {
        ever(self.expires)
    }
}

model! {
    /// Whether the caller has linked an account: `GET /api/v2/external-auth/{externalauth}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuth {
        /// Whether it is linked and works.
        pub authenticated: bool,
        /// Whether it is linked by typing a code there.
        pub device: bool,
        /// For people.
        pub display_name: String,
        /// Whether Coder takes the access back at the service when the link is removed.
        pub supports_revocation: bool,
        /// The account.
        pub user: Option<ExternalAuthUser>,
        /// Whether the service wants an app to be installed.
        pub app_installable: bool,
        /// Where it is installed.
        pub installations: List<ExternalAuthInstallation>,
        /// Where to install it.
        pub app_install_url: String,
    }
}

model! {
    /// An account at a service.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthUser {
        /// The service's number for it.
        pub id: i64,
        /// The name to sign in with.
        pub login: String,
        /// A picture.
        pub avatar_url: String,
        /// Its page.
        pub profile_url: String,
        /// The full name.
        pub name: String,
    }
}

model! {
    /// Where a service's app is installed.
    // coder: codersdk.ExternalAuthAppInstallation
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthInstallation {
        /// The service's number for it.
        pub id: i64,
        /// For whom.
        pub account: ExternalAuthUser,
        /// Where to change it.
        pub configure_url: String,
    }
}

model! {
    /// What became of a link that was removed: `DELETE /api/v2/external-auth/{externalauth}`.
    // coder: codersdk.DeleteExternalAuthByIDResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ExternalAuthUnlinked {
        /// Whether the access was taken back at the service as well.
        pub token_revoked: bool,
        /// Why not.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub token_revocation_error: Option<String>,
    }
}

model! {
    /// A code to type at a service: `GET /api/v2/external-auth/{externalauth}/device` (RFC 8628 §3.2).
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct ExternalAuthDevice {
        /// What to ask Coder with.
        pub device_code: Secret = required,
        /// What to type.
        pub user_code: String = required,
        /// Where to type it.
        pub verification_uri: String = required,
        /// For how many seconds it works.
        pub expires_in: i64,
        /// How many seconds to wait between two questions.
        pub interval: i64,
    }
}

model! {
    /// An account that a template needs:
    /// `GET /api/v2/templateversions/{templateversion}/external-auth`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionExternalAuth {
        /// The service.
        pub id: String = required,
        /// What it is, like `github`.
        #[serde(rename = "type")]
        pub kind: String,
        /// For people.
        pub display_name: String,
        /// A path of the deployment, or a URL.
        pub display_icon: String,
        /// Where to link it.
        pub authenticate_url: String,
        /// Whether it is linked.
        pub authenticated: bool,
        /// Whether it can do without.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub optional: Option<bool>,
    }
}

neutral!(ExternalAuthUser);
