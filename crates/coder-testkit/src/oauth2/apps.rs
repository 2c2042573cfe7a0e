//! Registered OAuth2 applications.

use coder_core::Secret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::mint::TwoPart;
use crate::store::{Deployment, State};

/// An OAuth2 application of the fake, as a test holds on to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FakeApp {
    /// The application's UUID, which is its `client_id`.
    pub client_id: String,
    /// One of its client secrets.
    pub client_secret: Secret,
}

/// An application, as the deployment stores it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// At least one; the first is the `callback_url`.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) icon: String,
    /// The ceiling of what it may ask for.
    pub(crate) scope: Option<String>,
    pub(crate) client_type: ClientType,
    pub(crate) dynamically_registered: bool,
    pub(crate) secrets: Vec<AppSecret>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientType {
    Confidential,
    Public,
}

#[derive(Clone)]
pub(crate) struct AppSecret {
    pub(crate) id: Uuid,
    pub(crate) parts: TwoPart,
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AppSecret({})", self.id)
    }
}

/// What it takes to register an application.
#[derive(Debug)]
pub(crate) struct NewApp {
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) icon: String,
    pub(crate) scope: Option<String>,
    pub(crate) client_type: ClientType,
    pub(crate) dynamically_registered: bool,
}

impl App {
    pub(crate) fn callback_url(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }

    pub(crate) fn json(&self, deployment: &Deployment<'_>) -> Value {
        let mut endpoints = json!({
            "authorization": deployment.url("/oauth2/authorize"),
            "token": deployment.url("/oauth2/tokens"),
            "device_authorization": "",
        });
        if deployment.profile().revocation {
            endpoints.set("token_revoke", deployment.url("/oauth2/revoke"));
        }
        let mut app = json!({
            "id": self.id,
            "name": self.name,
            "callback_url": self.callback_url(),
            "icon": self.icon,
            "endpoints": endpoints,
        });
        if deployment.profile().rich_apps {
            app.set("redirect_uris", self.redirect_uris.clone());
            app.set("scope", self.scope.as_deref().unwrap_or_default());
            app.set(
                "client_type",
                match self.client_type {
                    ClientType::Confidential => "confidential",
                    ClientType::Public => "public",
                },
            );
            app.set("dynamically_registered", self.dynamically_registered);
        }
        app
    }
}

impl Deployment<'_> {
    /// Registers an application without a secret.
    pub(crate) fn add_app(&mut self, new: NewApp) -> App {
        let NewApp { name, redirect_uris, icon, scope, client_type, dynamically_registered } = new;
        let app = App {
            id: self.mint().uuid(),
            name,
            redirect_uris,
            icon,
            scope,
            client_type,
            dynamically_registered,
            secrets: Vec::new(),
        };
        self.state.apps.push(app.clone());
        app
    }

    /// Gives an application one more secret.
    pub(crate) fn add_app_secret(&mut self, app: Uuid) -> Option<AppSecret> {
        let secret = AppSecret { id: self.mint().uuid(), parts: self.mint().prefixed() };
        self.state.app_mut(app)?.secrets.push(secret.clone());
        Some(secret)
    }
}

impl State {
    pub(crate) fn app(&self, id: Uuid) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn app_mut(&mut self, id: Uuid) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.id == id)
    }

    /// Deletes an application with all codes and tokens; `false` when there is none.
    pub(crate) fn delete_app(&mut self, id: Uuid) -> bool {
        let before = self.apps.len();
        self.apps.retain(|app| app.id != id);
        self.codes.retain(|_, code| code.app != id);
        self.registered.remove(&id);
        self.end_pairs(|token| token.app == id);
        self.apps.len() < before
    }

    /// Deletes a secret with all codes and tokens issued under it; `false` when there is none.
    pub(crate) fn delete_app_secret(&mut self, app: Uuid, secret: Uuid) -> bool {
        let Some(app) = self.app_mut(app) else { return false };
        let before = app.secrets.len();
        app.secrets.retain(|kept| kept.id != secret);
        let deleted = app.secrets.len() < before;
        self.end_pairs(|token| token.secret == Some(secret));
        deleted
    }
}
