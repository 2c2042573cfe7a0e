//! Coder as an OAuth2 provider: its apps, its metadata, and clients that register themselves.

use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, neutral, open_enum};
use crate::{List, OAuth2AppId, OAuth2SecretId};

model! {
    /// An app that people may sign in to with Coder:
    /// `GET /api/v2/oauth2-provider/apps/{app}`.
    // coder: codersdk.OAuth2ProviderApp
    // coder: beside client_type, dynamically_registered, redirect_uris, scope: since 2.38
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2App {
        /// Also its `client_id`.
        pub id: OAuth2AppId = required,
        /// For people.
        pub name: String = required,
        /// Where users come back to.
        pub callback_url: String,
        /// Everywhere users may come back to. Told from 2.38 on.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub redirect_uris: List<String>,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// What it may be granted at most. Told from 2.38 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// Whether it can keep a secret. Told from 2.38 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_type: Option<OAuth2ClientType>,
        /// Whether it registered itself. Told from 2.38 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub dynamically_registered: Option<bool>,
        /// Where it talks to Coder.
        pub endpoints: OAuth2AppEndpoints,
    }
}

model! {
    /// Where an app talks to Coder.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2AppEndpoints {
        /// Where users give their consent.
        pub authorization: String,
        /// Where codes become tokens.
        pub token: String,
        /// Where tokens end.
        pub token_revoke: String,
        /// Always empty.
        pub device_authorization: String,
    }
}

model! {
    /// A secret of an app, without the secret itself.
    // coder: codersdk.OAuth2ProviderAppSecret
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2AppSecret {
        /// Identifies it.
        pub id: OAuth2SecretId = required,
        /// When it was last used.
        pub last_used_at: Option<Timestamp>,
        /// Its last characters behind asterisks.
        pub client_secret_truncated: String,
    }
}

model! {
    /// A new secret of an app. It is told once.
    // coder: codersdk.OAuth2ProviderAppSecretFull
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewOAuth2AppSecret {
        /// Identifies it.
        pub id: OAuth2SecretId = required,
        /// The secret itself.
        pub client_secret_full: Secret = required,
    }
}

model! {
    /// Settings of the OAuth2 provider: `GET /api/v2/oauth2-provider/settings`.
    // coder: codersdk.OAuth2ProviderSettings
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2Settings {
        /// Whether clients may register themselves.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub dynamic_client_registration_enabled: Option<bool>,
    }
}

model! {
    /// What the OAuth2 provider can do (RFC 8414 §2):
    /// `GET /.well-known/oauth-authorization-server`.
    ///
    /// Its URLs are built from the access URL, which may differ from the URL that this process reaches
    /// the deployment by.
    // coder: codersdk.OAuth2AuthorizationServerMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ServerMetadata {
        /// The access URL.
        pub issuer: String = required,
        /// Where users give their consent.
        pub authorization_endpoint: String = required,
        /// Where codes become tokens.
        pub token_endpoint: String = required,
        /// Where clients register themselves, while they may.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub registration_endpoint: Option<String>,
        /// Where tokens end. Told from 2.29 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revocation_endpoint: Option<String>,
        /// `code`.
        pub response_types_supported: List<String>,
        /// `authorization_code` and `refresh_token`.
        pub grant_types_supported: List<String>,
        /// `S256`.
        pub code_challenge_methods_supported: List<String>,
        /// What can be granted.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes_supported: List<String>,
        /// How clients prove who they are.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub token_endpoint_auth_methods_supported: List<String>,
    }
}

model! {
    /// What the API accepts as proof (RFC 9728 §2): `GET /.well-known/oauth-protected-resource`.
    // coder: codersdk.OAuth2ProtectedResourceMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ResourceMetadata {
        /// The access URL.
        pub resource: String = required,
        /// Who gives tokens for it.
        pub authorization_servers: List<String>,
        /// What can be granted.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes_supported: List<String>,
        /// How a token may be sent.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub bearer_methods_supported: List<String>,
    }
}

model! {
    /// What a client says about itself when it registers (RFC 7591 §2).
    // coder: codersdk.OAuth2ClientRegistrationRequest
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ClientMetadata {
        /// Where users may come back to; at least one.
        pub redirect_uris: List<String>,
        /// For people.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_name: Option<String>,
        /// Its page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_uri: Option<String>,
        /// Its picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logo_uri: Option<String>,
        /// Its terms.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tos_uri: Option<String>,
        /// Its privacy policy.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub policy_uri: Option<String>,
        /// Where its keys are.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub jwks_uri: Option<String>,
        /// Its keys.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub jwks: Option<serde_json::Value>,
        /// What software it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_id: Option<String>,
        /// Which version of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_version: Option<String>,
        /// What its publisher says about it, signed (RFC 7591 §2.3).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_statement: Option<String>,
        /// How it gets tokens; by default with codes and refresh tokens.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub grant_types: List<String>,
        /// What it asks the consent page for; by default `code`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub response_types: List<String>,
        /// How it proves who it is; by default `client_secret_basic`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub token_endpoint_auth_method: Option<String>,
        /// What it may be granted, separated by spaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// Whom to write to.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub contacts: List<String>,
    }
}

impl OAuth2ClientMetadata {
    /// A client that says no more than where its users come back to.
    pub fn new(redirect_uris: impl IntoIterator<Item = String>) -> Self {
        Self { redirect_uris: redirect_uris.into_iter().collect(), ..Self::default() }
    }
}

model! {
    /// A client that registered itself (RFC 7591 §3.2.1). Its secrets are told once.
    // coder: codersdk.OAuth2ClientRegistrationResponse
    // coder: beside software_statement: it is asked for, and not told again
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct OAuth2Client {
        /// Identifies it.
        pub client_id: OAuth2AppId = required,
        /// Its secret; `None` when it is told no more, or for a client without one.
        pub client_secret: Option<Secret>,
        /// When it registered, in seconds since 1970.
        pub client_id_issued_at: Option<i64>,
        /// Until when its secret works, in seconds since 1970; `None` when that does not end.
        pub client_secret_expires_at: Option<i64>,
        /// What to change the registration with; `None` when it is told no more.
        pub registration_access_token: Option<Secret>,
        /// Where to change the registration.
        pub registration_client_uri: Option<String>,
        /// What it said about itself, with what Coder filled in.
        pub metadata: OAuth2ClientMetadata = required #[serde(flatten)],
    }
}

neutral!(OAuth2AppEndpoints);

open_enum! {
    /// Whether a client can keep a secret (RFC 6749 §2.1).
    OAuth2ClientType {
        /// It can.
        Confidential = "confidential",
        /// It cannot.
        Public = "public",
    }
}
