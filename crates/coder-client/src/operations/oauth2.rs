//! Coder as an OAuth2 provider: its apps, its metadata, and clients that register themselves.
//!
//! Signing people in is the work of `coder-auth`.

use bytes::Bytes;
use coder_core::{DeploymentUrl, Secret};
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use serde::Serialize;

use crate::models::{
    NewOAuth2AppSecret, OAuth2App, OAuth2AppSecret, OAuth2Client, OAuth2ClientMetadata,
    OAuth2ResourceMetadata, OAuth2ServerMetadata, OAuth2Settings,
};
use crate::operation::{Draft, operation, operations};
use crate::{
    Capability, Error, List, OAuth2AppId, OAuth2SecretId, Operation, RequestError, UserId,
};

operations! {
    /// `GET /api/v2/oauth2-provider/apps/{app}`: one app.
    GetOAuth2App(app: OAuth2AppId) = GET ["oauth2-provider", "apps", app] => OAuth2App, needs OAuth2,
        up to SMALL_ANSWER;
    /// `DELETE /api/v2/oauth2-provider/apps/{app}`: removes an app, and signs everybody out of it.
    DeleteOAuth2App(app: OAuth2AppId) = DELETE ["oauth2-provider", "apps", app], needs OAuth2,
        up to SMALL_ANSWER;
    /// `GET /api/v2/oauth2-provider/apps/{app}/secrets`: an app's secrets, without the secrets
    /// themselves.
    ListOAuth2AppSecrets(app: OAuth2AppId) =
        GET ["oauth2-provider", "apps", app, "secrets"] => List<OAuth2AppSecret>, needs OAuth2;
    /// `POST /api/v2/oauth2-provider/apps/{app}/secrets`: a new secret for an app. It is told once.
    CreateOAuth2AppSecret(app: OAuth2AppId) =
        POST ["oauth2-provider", "apps", app, "secrets"] => NewOAuth2AppSecret, needs OAuth2,
        up to SMALL_ANSWER;
    /// `DELETE /api/v2/oauth2-provider/apps/{app}/secrets/{secret}`: removes a secret, and signs out
    /// everybody who signed in with it.
    DeleteOAuth2AppSecret(app: OAuth2AppId, secret: OAuth2SecretId) =
        DELETE ["oauth2-provider", "apps", app, "secrets", secret], needs OAuth2,
        up to SMALL_ANSWER;
    /// `GET /api/v2/oauth2-provider/settings`: settings of the OAuth2 provider.
    GetOAuth2Settings = GET ["oauth2-provider", "settings"] => OAuth2Settings, needs ProviderSettings,
        up to SMALL_ANSWER;
}

/// `GET /api/v2/oauth2-provider/apps`: the apps that people sign in to with Coder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOAuth2Apps {
    user: Option<UserId>,
}

impl ListOAuth2Apps {
    /// All of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those that somebody gave their consent.
    #[must_use]
    pub fn authorized_by(self, user: UserId) -> Self {
        Self { user: Some(user) }
    }
}

impl Operation for ListOAuth2Apps {
    type Output = List<OAuth2App>;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        Draft::get(["oauth2-provider", "apps"]).query("user_id", self.user).build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<List<OAuth2App>, Error> {
        // Before 2.31 Coder answered `null` where there are none.
        crate::operation::tolerant(&response)
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::OAuth2)
    }
}

/// What an app is called, and where its users come back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AppFields {
    name: String,
    callback_url: String,
    icon: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// `POST /api/v2/oauth2-provider/apps`: a new app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateOAuth2App {
    #[serde(flatten)]
    fields: AppFields,
}

/// `PUT /api/v2/oauth2-provider/apps/{app}`: what an app is called from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateOAuth2App {
    #[serde(skip)]
    app: OAuth2AppId,
    #[serde(flatten)]
    fields: AppFields,
}

macro_rules! app_fields {
    ($($name:ident)+) => {$(
        impl $name {
            /// A path of the deployment, or a URL.
            #[must_use]
            pub fn icon(mut self, icon: impl Into<String>) -> Self {
                self.fields.icon = icon.into();
                self
            }

            /// Somewhere else users may come back to. Asked only of a release that has
            /// [`Capability::SeveralRedirectUris`]; older ones ignore it.
            #[must_use]
            pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
                if self.fields.redirect_uris.is_empty() {
                    self.fields.redirect_uris.push(self.fields.callback_url.clone());
                }
                self.fields.redirect_uris.push(uri.into());
                self
            }

            /// What it may be granted at most, separated by spaces. Asked only of a release that
            /// has [`Capability::AppScopes`]; older ones ignore it.
            #[must_use]
            pub fn scope(mut self, scope: impl Into<String>) -> Self {
                self.fields.scope = Some(scope.into());
                self
            }
        }
    )+};
}

app_fields!(CreateOAuth2App UpdateOAuth2App);

impl AppFields {
    fn new(name: impl Into<String>, callback_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            callback_url: callback_url.into(),
            icon: String::new(),
            redirect_uris: Vec::new(),
            scope: None,
        }
    }

    /// What limits or widens an app is not left to a release that ignores it.
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

impl CreateOAuth2App {
    /// Of this name, whose users come back here. Before 2.38 names are 1 to 32 letters, digits
    /// and single hyphens.
    pub fn new(name: impl Into<String>, callback_url: impl Into<String>) -> Self {
        Self { fields: AppFields::new(name, callback_url) }
    }
}

impl UpdateOAuth2App {
    /// This one.
    pub fn new(app: OAuth2AppId, name: impl Into<String>, callback_url: impl Into<String>) -> Self {
        Self { app, fields: AppFields::new(name, callback_url) }
    }
}

operation!(CreateOAuth2App => OAuth2App,
    |this| Draft::post(["oauth2-provider", "apps"]).json(this),
    fn needs(&self) -> Option<Capability> {
        Some(self.fields.needs())
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

operation!(UpdateOAuth2App => OAuth2App,
    |this| Draft::put(["oauth2-provider", "apps", &this.app.to_string()]).json(this),
    fn needs(&self) -> Option<Capability> {
        Some(self.fields.needs())
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `PUT /api/v2/oauth2-provider/settings`: settings of the OAuth2 provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateOAuth2Settings {
    dynamic_client_registration: bool,
}

impl UpdateOAuth2Settings {
    /// Whether clients may register themselves.
    pub fn dynamic_client_registration(enabled: bool) -> Self {
        Self { dynamic_client_registration: enabled }
    }
}

operation!(UpdateOAuth2Settings => OAuth2Settings, |this| {
    let enabled = Some(this.dynamic_client_registration);
    let settings = OAuth2Settings { dynamic_client_registration_enabled: enabled };
    Draft::put(["oauth2-provider", "settings"]).json(&settings)
}, fn needs(&self) -> Option<Capability> {
    Some(Capability::ProviderSettings)
});

/// `GET /.well-known/oauth-authorization-server` (RFC 8414): what the OAuth2 provider can do.
/// Needs no credential. Before 2.32 it answers even where the provider is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetOAuth2ServerMetadata;

operation!(GetOAuth2ServerMetadata => OAuth2ServerMetadata,
    |_this| Draft::root(Method::GET, [".well-known", "oauth-authorization-server"]),
    fn needs_credential(&self) -> bool {
        false
    },
    fn needs(&self) -> Option<Capability> {
        Some(Capability::Metadata)
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `GET /.well-known/oauth-protected-resource` (RFC 9728): what the API accepts as proof. Needs no
/// credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetOAuth2ResourceMetadata;

operation!(GetOAuth2ResourceMetadata => OAuth2ResourceMetadata,
    |_this| Draft::root(Method::GET, [".well-known", "oauth-protected-resource"]),
    fn needs_credential(&self) -> bool {
        false
    },
    fn needs(&self) -> Option<Capability> {
        Some(Capability::Metadata)
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// `DELETE /oauth2/tokens`: takes back the caller's consent to an app, with all its codes and
/// tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeOAuth2Consent {
    app: OAuth2AppId,
}

impl RevokeOAuth2Consent {
    /// To this one.
    pub fn new(app: OAuth2AppId) -> Self {
        Self { app }
    }
}

operation!(RevokeOAuth2Consent, |this| {
    Draft::root(Method::DELETE, ["oauth2", "tokens"]).query("client_id", Some(this.app))
});

/// `POST /oauth2/register` (RFC 7591 §3.1): a client registers itself, where the deployment allows
/// it. Needs no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterOAuth2Client {
    metadata: OAuth2ClientMetadata,
}

impl RegisterOAuth2Client {
    /// With what it says about itself.
    pub fn new(metadata: OAuth2ClientMetadata) -> Self {
        Self { metadata }
    }
}

operation!(RegisterOAuth2Client => OAuth2Client,
    |this| Draft::root(Method::POST, ["oauth2", "register"]).json(&this.metadata),
    fn needs_credential(&self) -> bool {
        false
    },
    fn needs(&self) -> Option<Capability> {
        Some(Capability::DynamicRegistration)
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);

/// A registration that its client reads, changes or removes (RFC 7592) with the registration
/// access token that it was told once.
#[derive(Clone, Debug)]
struct Registration {
    client: OAuth2AppId,
    token: Secret,
}

impl Registration {
    fn request(
        &self,
        method: Method,
        body: Option<&OAuth2ClientMetadata>,
        deployment: &DeploymentUrl,
    ) -> Result<Request<Bytes>, Error> {
        let draft = Draft::root(method, ["oauth2", "clients", &self.client.to_string()]);
        let draft = match body {
            Some(metadata) => draft.json(metadata),
            None => draft,
        };
        let mut request = draft.build(deployment)?;
        let bearer = self.token.to_bearer().map_err(|_| RequestError::Credential)?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        Ok(request)
    }
}

macro_rules! registrations {
    ($($(#[$meta:meta])* $name:ident $(($metadata:ident))? = $method:ident $(=> $output:ty)?;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            registration: Registration,
            $($metadata: OAuth2ClientMetadata,)?
        }

        impl $name {
            /// Of this client, with its registration access token.
            pub fn new(
                client: OAuth2AppId,
                token: Secret,
                $($metadata: OAuth2ClientMetadata,)?
            ) -> Self {
                Self { registration: Registration { client, token }, $($metadata,)? }
            }
        }

        impl Operation for $name {
            type Output = crate::operation::output!($($output)?);

            fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
                let body: [&OAuth2ClientMetadata; _] = [$(&self.$metadata)?];
                let body = body.first().copied();
                self.registration.request(Method::$method, body, deployment)
            }

            fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, Error> {
                crate::operation::read!($($output)?)(&response)
            }

            fn needs_credential(&self) -> bool {
                false
            }

            fn needs(&self) -> Option<Capability> {
                Some(Capability::DynamicRegistration)
            }
        }
    )+};
}

registrations! {
    /// `GET /oauth2/clients/{client}` (RFC 7592 §2.1): what a client said about itself.
    GetOAuth2Client = GET => OAuth2Client;
    /// `PUT /oauth2/clients/{client}` (RFC 7592 §2.2): what a client says about itself from now on.
    UpdateOAuth2Client(metadata) = PUT => OAuth2Client;
    /// `DELETE /oauth2/clients/{client}` (RFC 7592 §2.3): removes a registration.
    DeleteOAuth2Client = DELETE;
}
