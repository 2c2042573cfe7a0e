//! Registering a portal as an OAuth2 app at Coder.

use coder_client::models::OAuth2ClientMetadata;
use coder_client::operations::{
    CreateOAuth2App, CreateOAuth2AppSecret, DeleteOAuth2App, ListOAuth2Apps, OAuth2AppSettings,
    RegisterOAuth2Client,
};
use coder_client::{Client, ClientError, OAuth2AppId};
use coder_core::{Secret, with_causes};
use http::StatusCode;
use url::Url;

/// A registered OAuth2 application: the `clientId` and `clientSecret` of an environment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredApp {
    /// OAuth2 client id, for `clientId`.
    pub client_id: OAuth2AppId,
    /// OAuth2 client secret, which Coder shows only once.
    pub client_secret: Secret,
    /// Whether an application with this name and callback URL existed and got a further secret.
    pub reused: bool,
    /// Callback URLs of the other applications with this name.
    pub namesakes: Vec<String>,
}

/// Reasons why a portal is not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// Only an owner of the deployment may register applications.
    #[error(
        "only an owner of the Coder deployment may register apps; use an owner's token, or ask one"
    )]
    NotAnOwner(#[source] ClientError),
    /// The deployment does not allow clients to register themselves.
    #[error(
        "this Coder deployment does not let clients register themselves; register with an owner's token instead"
    )]
    DynamicRegistrationOff(#[source] ClientError),
    /// The client was registered without a secret.
    #[error(
        "Coder registered the client but gave it no secret; register with an owner's token instead"
    )]
    NoSecret,
    /// The deployment is older than Coder's OAuth2 provider. The source names both releases.
    #[error(
        "this Coder deployment is too old to be an OAuth2 provider; upgrade it, then register again"
    )]
    TooOld(#[source] ClientError),
    /// The OAuth2 provider of the deployment is switched off.
    #[error(
        "the OAuth2 provider of this Coder deployment is switched off; enable it first (`CODER_OAUTH2_PROVIDER_ENABLE=true` from 2.38 on, `CODER_EXPERIMENTS=oauth2` before)"
    )]
    ProviderOff(#[source] ClientError),
    /// Any other error of Coder's API, or no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl RegistrationError {
    fn from_app_request(error: ClientError) -> Self {
        match error {
            ClientError::Unsupported(absence) if absence.is_too_old() => {
                Self::TooOld(ClientError::Unsupported(absence))
            }
            error if error.is_unsupported() => Self::ProviderOff(error),
            error if error.is_forbidden() || error.is_not_found() => Self::NotAnOwner(error),
            error => Self::Client(error),
        }
    }
}

/// Registers an application. `client` has the token of an owner of the deployment.
///
/// If an application with this name and callback URL exists, it gets a further secret, and its
/// former ones stay valid. Before 2.38, `name` must be 1 to 32 letters, digits and single hyphens.
///
/// # Errors
///
/// Fails when Coder refuses. An application whose secret could not be created is removed again.
pub async fn register_app(
    client: &Client,
    name: &str,
    callback_url: &Url,
) -> Result<RegisteredApp, RegistrationError> {
    let apps =
        client.send(&ListOAuth2Apps::new()).await.map_err(RegistrationError::from_app_request)?;
    let known =
        apps.iter().find(|app| app.name == name && app.callback_url == callback_url.as_str());
    let namesakes = apps.iter().filter(|app| app.name == name);
    let namesakes = namesakes.filter(|app| app.callback_url != callback_url.as_str());
    let namesakes = namesakes.map(|app| app.callback_url.clone()).collect();
    let client_id = match known {
        Some(app) => app.id,
        None => {
            let settings = OAuth2AppSettings::new(name, callback_url.as_str());
            let create = CreateOAuth2App::new(settings);
            client.send(&create).await.map_err(RegistrationError::from_app_request)?.id
        }
    };
    match client.send(&CreateOAuth2AppSecret::new(client_id)).await {
        Ok(secret) => Ok(RegisteredApp {
            client_id,
            client_secret: secret.client_secret_full,
            reused: known.is_some(),
            namesakes,
        }),
        Err(error) => {
            if known.is_none()
                && let Err(error) = client.send(&DeleteOAuth2App::new(client_id)).await
            {
                tracing::warn!(%client_id, error = with_causes(&error), "an app without a secret was left behind");
            }
            Err(RegistrationError::from_app_request(error))
        }
    }
}

/// Registers the portal by itself, without anybody's token (RFC 7591), if the deployment allows
/// that.
///
/// # Errors
///
/// Fails when Coder refuses.
pub async fn register_dynamically(
    client: &Client,
    name: &str,
    callback_url: &Url,
) -> Result<RegisteredApp, RegistrationError> {
    let mut metadata = OAuth2ClientMetadata::new([callback_url.to_string()]);
    metadata.client_name = Some(name.to_owned());
    metadata.token_endpoint_auth_method = Some("client_secret_post".to_owned());
    let registered = client.send(&RegisterOAuth2Client::new(metadata)).await.map_err(|error| {
        // The provider itself says that it is off in Coder's other dialect.
        let is_of_oauth = error.api().is_some_and(|api| api.oauth_code.is_some());
        if is_of_oauth && error.status() == Some(StatusCode::FORBIDDEN) {
            RegistrationError::DynamicRegistrationOff(error)
        } else {
            RegistrationError::from_app_request(error)
        }
    })?;
    Ok(RegisteredApp {
        client_id: registered.client_id,
        client_secret: registered.client_secret.ok_or(RegistrationError::NoSecret)?,
        reused: false,
        namesakes: Vec::new(),
    })
}
