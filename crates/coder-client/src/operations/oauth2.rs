//! Coder as an OAuth2 provider: its apps, its metadata, and clients that register themselves.
//!
//! To sign people in is the work of `coder-auth`.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use serde::Serialize;

use crate::models::{
    NewOAuth2AppSecret, OAuth2App, OAuth2AppSecret, OAuth2Client, OAuth2ClientMetadata,
    OAuth2ResourceMetadata, OAuth2ServerMetadata, OAuth2Settings,
};
use crate::operation::{FromResponse, RequestBuilder, impl_operation, operation_flag, operations};
use crate::{
    Capability, ClientError, List, OAuth2AppId, OAuth2SecretId, Operation, RequestError, UserId,
};

operations! {
    /// `GET /api/v2/oauth2-provider/apps`: lists the OAuth2 apps of the deployment.
    #[derive(Copy, Default)]
    ListOAuth2Apps() = GET ["oauth2-provider", "apps"]
        query {
            ;
            /// Returns only apps that this user has given consent to.
            user("user_id"): UserId,
        }
        => List<OAuth2App>, needs OAuth2;
    /// `GET /api/v2/oauth2-provider/apps/{app}`: returns an OAuth2 app.
    GetOAuth2App(app: OAuth2AppId) =
        GET ["oauth2-provider", "apps", app] => OAuth2App, needs OAuth2, small;
    /// `DELETE /api/v2/oauth2-provider/apps/{app}`: deletes an app, which ends all of its sessions.
    DeleteOAuth2App(app: OAuth2AppId) =
        DELETE ["oauth2-provider", "apps", app] => (), needs OAuth2, small;
    /// `GET /api/v2/oauth2-provider/apps/{app}/secrets`: lists the secrets of an app, each without
    /// the secret text.
    ListOAuth2AppSecrets(app: OAuth2AppId) =
        GET ["oauth2-provider", "apps", app, "secrets"] => List<OAuth2AppSecret>, needs OAuth2;
    /// `POST /api/v2/oauth2-provider/apps/{app}/secrets`: creates a secret for an app. Coder returns
    /// its text only in this answer.
    CreateOAuth2AppSecret(app: OAuth2AppId) =
        POST ["oauth2-provider", "apps", app, "secrets"] => NewOAuth2AppSecret, needs OAuth2, small;
    /// `DELETE /api/v2/oauth2-provider/apps/{app}/secrets/{secret}`: deletes a secret, which ends the
    /// sessions that began with it.
    DeleteOAuth2AppSecret(app: OAuth2AppId, secret: OAuth2SecretId) =
        DELETE ["oauth2-provider", "apps", app, "secrets", secret] => (), needs OAuth2, small;
    /// `GET /api/v2/oauth2-provider/settings`: returns the settings of the OAuth2 provider.
    GetOAuth2Settings =
        GET ["oauth2-provider", "settings"] => OAuth2Settings, needs ProviderSettings, small;
    /// `GET /.well-known/oauth-authorization-server` (RFC 8414): returns the metadata of the OAuth2
    /// provider. Needs no credential.
    ///
    /// Releases before 2.32 answer even where the provider is switched off.
    GetOAuth2ServerMetadata = GET at_root [".well-known", "oauth-authorization-server"]
        => OAuth2ServerMetadata, public, small, needs Metadata;
    /// `GET /.well-known/oauth-protected-resource` (RFC 9728): returns the metadata of the API as a
    /// protected resource. Needs no credential.
    GetOAuth2ResourceMetadata = GET at_root [".well-known", "oauth-protected-resource"]
        => OAuth2ResourceMetadata, public, small, needs Metadata;
    /// `DELETE /oauth2/tokens`: withdraws the caller's consent to an app, with all codes and tokens
    /// that came of it.
    #[derive(Copy)]
    RevokeOAuth2Consent(client_id: OAuth2AppId) =
        DELETE at_root ["oauth2", "tokens"] query { client_id } => ();
}

/// The settings of an OAuth2 app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuth2AppSettings {
    name: String,
    callback_url: String,
    icon: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl OAuth2AppSettings {
    /// Creates settings with this name and redirect URI. Before 2.38 a name has 1 to 32 letters,
    /// digits and single hyphens.
    pub fn new(name: impl Into<String>, callback_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            callback_url: callback_url.into(),
            icon: String::new(),
            redirect_uris: Vec::new(),
            scope: None,
        }
    }

    /// Sets the icon: a path of the deployment, or a URL.
    #[must_use]
    pub fn icon(self, icon: impl Into<String>) -> Self {
        Self { icon: icon.into(), ..self }
    }

    /// Adds another redirect URI.
    ///
    /// Older releases ignore it, so the request is sent only to a release with
    /// [`Capability::SeveralRedirectUris`].
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        if self.redirect_uris.is_empty() {
            self.redirect_uris.push(self.callback_url.clone());
        }
        self.redirect_uris.push(uri.into());
        self
    }

    /// Sets the scopes that the app may be granted at most, separated by spaces.
    ///
    /// Older releases ignore them, so the request is sent only to a release with
    /// [`Capability::AppScopes`].
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { scope: Some(scope.into()), ..self }
    }

    fn needs(&self) -> Capability {
        if self.scope.is_some() {
            Capability::AppScopes
        } else if self.redirect_uris.is_empty() {
            Capability::OAuth2
        } else {
            Capability::SeveralRedirectUris
        }
    }
}

/// `POST /api/v2/oauth2-provider/apps`: creates an OAuth2 app.
#[doc(alias = "OAuth2 client")]
#[doc(alias = "client id")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOAuth2App {
    settings: OAuth2AppSettings,
}

impl CreateOAuth2App {
    /// Creates the operation for an app with these settings.
    pub fn new(settings: OAuth2AppSettings) -> Self {
        Self { settings }
    }
}

impl_operation!(CreateOAuth2App => OAuth2App, small,
    |this| RequestBuilder::post(["oauth2-provider", "apps"]).json(&this.settings),
    fn needs(&self) -> Option<Capability> {
        Some(self.settings.needs())
    }
);

/// `PUT /api/v2/oauth2-provider/apps/{app}`: replaces the settings of an OAuth2 app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateOAuth2App {
    app: OAuth2AppId,
    settings: OAuth2AppSettings,
}

impl UpdateOAuth2App {
    /// Creates the operation for an app and its new settings.
    pub fn new(app: OAuth2AppId, settings: OAuth2AppSettings) -> Self {
        Self { app, settings }
    }
}

impl_operation!(UpdateOAuth2App => OAuth2App, small,
    |this| {
        RequestBuilder::put(["oauth2-provider", "apps", &this.app.to_string()]).json(&this.settings)
    },
    fn needs(&self) -> Option<Capability> {
        Some(self.settings.needs())
    }
);

/// `PUT /api/v2/oauth2-provider/settings`: changes the settings of the OAuth2 provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateOAuth2Settings {
    dynamic_client_registration: bool,
}

impl UpdateOAuth2Settings {
    /// Creates the operation that allows clients to register themselves (RFC 7591), or forbids it.
    pub fn dynamic_client_registration(enabled: bool) -> Self {
        Self { dynamic_client_registration: enabled }
    }
}

impl_operation!(UpdateOAuth2Settings => OAuth2Settings, needs ProviderSettings, |this| {
    let enabled = Some(this.dynamic_client_registration);
    let settings = OAuth2Settings { dynamic_client_registration_enabled: enabled };
    RequestBuilder::put(["oauth2-provider", "settings"]).json(&settings)
});

/// `POST /oauth2/register` (RFC 7591 §3.1): registers a client, where the deployment allows that.
/// Needs no credential.
#[doc(alias = "dynamic client registration")]
#[doc(alias = "RFC 7591")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterOAuth2Client {
    metadata: OAuth2ClientMetadata,
}

impl RegisterOAuth2Client {
    /// Creates the operation for a client with this metadata.
    pub fn new(metadata: OAuth2ClientMetadata) -> Self {
        Self { metadata }
    }
}

impl_operation!(
    RegisterOAuth2Client => OAuth2Client, public, small, needs DynamicRegistration, |this| {
        RequestBuilder::post(["oauth2", "register"]).at_root().json(&this.metadata)
    }
);

/// A request about a registered client (RFC 7592), which carries the registration access token
/// instead of the caller's credential.
#[derive(Clone, Debug)]
struct Registration {
    client: OAuth2AppId,
    token: Secret,
}

impl Registration {
    fn request(
        &self,
        method: Method,
        metadata: Option<&OAuth2ClientMetadata>,
        deployment: &DeploymentUrl,
    ) -> Result<Request<Bytes>, ClientError> {
        let client = self.client.to_string();
        let request = RequestBuilder::new(method, ["oauth2", "clients", &client]).at_root();
        let request = match metadata {
            Some(metadata) => request.json(metadata),
            None => request,
        };
        let mut request = request.build(deployment)?;
        let bearer = self.token.to_bearer().map_err(|_| RequestError::Credential)?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        Ok(request)
    }
}

/// `GET /oauth2/clients/{client}` (RFC 7592 §2.1): returns the registration of a client.
#[derive(Clone, Debug)]
pub struct GetOAuth2Client {
    registration: Registration,
}

impl GetOAuth2Client {
    /// Creates the operation for a client and its registration access token.
    pub fn new(client: OAuth2AppId, token: Secret) -> Self {
        Self { registration: Registration { client, token } }
    }
}

impl Operation for GetOAuth2Client {
    type Output = OAuth2Client;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        self.registration.request(Method::GET, None, deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError> {
        FromResponse::from_response(&response)
    }

    operation_flag! { public }
    operation_flag! { needs DynamicRegistration }
}

/// `PUT /oauth2/clients/{client}` (RFC 7592 §2.2): replaces the metadata of a client.
#[derive(Clone, Debug)]
pub struct UpdateOAuth2Client {
    registration: Registration,
    metadata: OAuth2ClientMetadata,
}

impl UpdateOAuth2Client {
    /// Creates the operation for a client and its registration access token.
    pub fn new(client: OAuth2AppId, token: Secret, metadata: OAuth2ClientMetadata) -> Self {
        Self { registration: Registration { client, token }, metadata }
    }
}

impl Operation for UpdateOAuth2Client {
    type Output = OAuth2Client;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        self.registration.request(Method::PUT, Some(&self.metadata), deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError> {
        FromResponse::from_response(&response)
    }

    operation_flag! { public }
    operation_flag! { needs DynamicRegistration }
}

/// `DELETE /oauth2/clients/{client}` (RFC 7592 §2.3): deletes the registration of a client.
#[derive(Clone, Debug)]
pub struct DeleteOAuth2Client {
    registration: Registration,
}

impl DeleteOAuth2Client {
    /// Creates the operation for a client and its registration access token.
    pub fn new(client: OAuth2AppId, token: Secret) -> Self {
        Self { registration: Registration { client, token } }
    }
}

impl Operation for DeleteOAuth2Client {
    type Output = ();

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        self.registration.request(Method::DELETE, None, deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError> {
        FromResponse::from_response(&response)
    }

    operation_flag! { public }
    operation_flag! { needs DynamicRegistration }
}
