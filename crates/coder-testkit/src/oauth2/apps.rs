//! Registered OAuth2 applications.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::model::{App, AppSecret, ClientType, NewApp};
use crate::store::Deployment;

impl App {
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
