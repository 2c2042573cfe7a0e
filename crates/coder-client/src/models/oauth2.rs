//! Coder as an OAuth2 provider: its apps, its metadata, and clients that register themselves.

use coder_core::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use crate::reading::{Broken, Fields, Outcome, Read, model, neutral, open_enum};
use crate::{List, OAuth2AppId, OAuth2SecretId};

model! {
    /// An OAuth2 app: an application that people sign in to with Coder. `GET
    /// /api/v2/oauth2-provider/apps/{app}`.
    // coder: codersdk.OAuth2ProviderApp
    // coder: beside client_type, dynamically_registered, redirect_uris, scope: since 2.38
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2App {
        /// The id of the app, which is also its `client_id`.
        pub id: OAuth2AppId = required,
        /// The name that the consent page shows.
        pub name: String = required,
        /// The redirect URI, or the first of several.
        pub callback_url: String,
        /// All redirect URIs. Releases since 2.38 tell them.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub redirect_uris: List<String>,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The scopes that the app may be granted at most. Releases since 2.38 tell them.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// The client type. Releases since 2.38 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_type: Option<OAuth2ClientType>,
        /// `true` when the app has registered itself (RFC 7591). Releases since 2.38 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub dynamically_registered: Option<bool>,
        /// The endpoints of Coder that the app uses.
        pub endpoints: OAuth2AppEndpoints,
    }
}

model! {
    /// The endpoints of Coder that an OAuth2 app uses.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2AppEndpoints {
        /// The authorization endpoint (RFC 6749 §3.1).
        pub authorization: String,
        /// The token endpoint (RFC 6749 §3.2).
        pub token: String,
        /// The revocation endpoint (RFC 7009).
        pub token_revoke: String,
        /// The device authorization endpoint (RFC 8628), always empty.
        pub device_authorization: String,
    }
}

model! {
    /// A secret of an OAuth2 app, without its text.
    // coder: codersdk.OAuth2ProviderAppSecret
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2AppSecret {
        /// The id of the secret.
        pub id: OAuth2SecretId = required,
        /// The moment of the last use.
        pub last_used_at: Option<Timestamp>,
        /// The last characters of the secret, behind asterisks.
        pub client_secret_truncated: String,
    }
}

model! {
    /// A new secret of an OAuth2 app. Coder returns its text only once.
    // coder: codersdk.OAuth2ProviderAppSecretFull
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewOAuth2AppSecret {
        /// The id of the secret.
        pub id: OAuth2SecretId = required,
        /// The text of the secret.
        pub client_secret_full: Secret = required,
    }
}

model! {
    /// The settings of the OAuth2 provider: `GET /api/v2/oauth2-provider/settings`.
    // coder: codersdk.OAuth2ProviderSettings
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2Settings {
        /// `true` when clients may register themselves (RFC 7591).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub dynamic_client_registration_enabled: Option<bool>,
    }
}

model! {
    /// The metadata of the OAuth2 provider (RFC 8414 §2): `GET
    /// /.well-known/oauth-authorization-server`.
    ///
    /// Its URLs are built from the access URL, which may differ from the URL by which this process
    /// reaches the deployment.
    // coder: codersdk.OAuth2AuthorizationServerMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ServerMetadata {
        /// The issuer, which is the access URL.
        pub issuer: String = required,
        /// The URL of the authorization endpoint, where users give their consent.
        pub authorization_endpoint: String = required,
        /// The URL of the token endpoint, which exchanges codes for tokens.
        pub token_endpoint: String = required,
        /// The URL of the registration endpoint, while clients may register themselves.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub registration_endpoint: Option<String>,
        /// The URL of the revocation endpoint (RFC 7009). Releases since 2.29 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub revocation_endpoint: Option<String>,
        /// The supported response types: `code`.
        pub response_types_supported: List<String>,
        /// The supported grant types: `authorization_code` and `refresh_token`.
        pub grant_types_supported: List<String>,
        /// The supported PKCE methods: `S256`.
        pub code_challenge_methods_supported: List<String>,
        /// The scopes that can be granted.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes_supported: List<String>,
        /// The supported methods of client authentication.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub token_endpoint_auth_methods_supported: List<String>,
    }
}

model! {
    /// The metadata of the API as a protected resource (RFC 9728 §2): `GET
    /// /.well-known/oauth-protected-resource`.
    // coder: codersdk.OAuth2ProtectedResourceMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ResourceMetadata {
        /// The resource, which is the access URL.
        pub resource: String = required,
        /// The authorization servers that issue tokens for it.
        pub authorization_servers: List<String>,
        /// The scopes that can be granted.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes_supported: List<String>,
        /// The ways in which a bearer token can be sent (RFC 6750 §2).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub bearer_methods_supported: List<String>,
    }
}

model! {
    /// The metadata with which a client registers itself (RFC 7591 §2).
    // coder: codersdk.OAuth2ClientRegistrationRequest
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OAuth2ClientMetadata {
        /// The redirect URIs, at least one.
        pub redirect_uris: List<String>,
        /// The name of the client that the consent page shows.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_name: Option<String>,
        /// The URL of the client's page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub client_uri: Option<String>,
        /// The URL of the client's logo.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logo_uri: Option<String>,
        /// The URL of the client's terms of service.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tos_uri: Option<String>,
        /// The URL of the client's privacy policy.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub policy_uri: Option<String>,
        /// The URL of the client's JSON Web Key Set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub jwks_uri: Option<String>,
        /// The client's JSON Web Key Set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub jwks: Option<Value>,
        /// The id of the client's software.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_id: Option<String>,
        /// The version of the client's software.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_version: Option<String>,
        /// The software statement: a signed JWT with metadata (RFC 7591 §2.3).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub software_statement: Option<String>,
        /// The grant types of the client; by default authorization codes and refresh tokens.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub grant_types: List<String>,
        /// The response types of the client; by default `code`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub response_types: List<String>,
        /// The method of client authentication; by default `client_secret_basic`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub token_endpoint_auth_method: Option<String>,
        /// The scopes that the client may be granted, separated by spaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// The addresses of people who are responsible for the client.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub contacts: List<String>,
    }
}

impl OAuth2ClientMetadata {
    /// Creates the metadata of a client with these redirect URIs.
    pub fn new(redirect_uris: impl IntoIterator<Item = String>) -> Self {
        Self { redirect_uris: redirect_uris.into_iter().collect(), ..Self::default() }
    }
}

/// A registered client (RFC 7591 §3.2.1). Coder returns its secrets only once.
// coder: codersdk.OAuth2ClientRegistrationResponse
// coder: beside software_statement: it is asked for, and not told again
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OAuth2Client {
    /// The `client_id` of the client.
    pub client_id: OAuth2AppId,
    /// The client secret; `None` when it was returned before, and for a client without a
    /// secret.
    pub client_secret: Option<Secret>,
    /// The moment of the registration, in seconds since 1970.
    pub client_id_issued_at: Option<i64>,
    /// The moment at which the secret expires, in seconds since 1970; `None` for never.
    pub client_secret_expires_at: Option<i64>,
    /// The token that allows to change the registration; `None` when it was returned before.
    pub registration_access_token: Option<Secret>,
    /// The URL of the registration (RFC 7592).
    pub registration_client_uri: Option<String>,
    /// The metadata of the client, completed by Coder.
    pub metadata: OAuth2ClientMetadata,
}

model! {
    /// The fields of a registered client that are not its metadata.
    #[derive(Debug)]
    #[non_exhaustive]
    struct Registration {
        pub client_id: OAuth2AppId = required,
        pub client_secret: Option<Secret>,
        pub client_id_issued_at: Option<i64>,
        pub client_secret_expires_at: Option<i64>,
        pub registration_access_token: Option<Secret>,
        pub registration_client_uri: Option<String>,
    }
}

/// Coder writes the metadata beside the other fields.
impl Read for OAuth2Client {
    const FORM: &'static str = Registration::FORM;

    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        let members = Value::from_fields(fields)?;
        Ok(members.and_then(|members| {
            let unread = |_| Self::unlike("another object");
            let registration = Registration::read(&members).map_err(unread)??;
            let metadata = OAuth2ClientMetadata::read(&members).map_err(unread)??;
            Ok(Self {
                client_id: registration.client_id,
                client_secret: registration.client_secret,
                client_id_issued_at: registration.client_id_issued_at,
                client_secret_expires_at: registration.client_secret_expires_at,
                registration_access_token: registration.registration_access_token,
                registration_client_uri: registration.registration_client_uri,
                metadata,
            })
        }))
    }
}

impl<'de> Deserialize<'de> for OAuth2Client {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)?.map_err(de::Error::custom)
    }
}

neutral!(OAuth2AppEndpoints);

open_enum! {
    /// The type of an OAuth2 client (RFC 6749 §2.1).
    OAuth2ClientType {
        /// The client can keep a secret.
        Confidential = "confidential",
        /// The client cannot keep a secret.
        Public = "public",
    }
}
