//! Connections that stay open no longer than their caller may use them.

use std::sync::Arc;
use std::time::Duration;

use coder_auth::{AuthError, Caller, CallerRights, CoderAuth};
use coder_core::Runtime;
use http::{HeaderMap, StatusCode};

use super::endpoint::Endpoint;
use crate::state::PortalState;

/// The time after which the caller of an open connection is identified anew: a session may have
/// ended.
const IDENTIFY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// A connection that stays open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Opened {
    /// An answer that is a stream of events.
    Events,
    WebSocket,
}

/// The credential of a request that has opened a connection.
pub(super) struct Credential {
    auth: CoderAuth,
    runtime: Arc<dyn Runtime>,
    opened: Opened,
    headers: HeaderMap,
    environments: Vec<String>,
    rights: CallerRights,
}

impl PortalState {
    /// Returns the credential with which this caller has opened a connection.
    pub(super) fn credential(
        &self,
        opened: Opened,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        rights: CallerRights,
    ) -> Credential {
        Credential {
            auth: self.auth.clone(),
            runtime: Arc::clone(&self.world.runtime),
            opened,
            headers: headers.clone(),
            environments: endpoint.environments().into_iter().map(str::to_owned).collect(),
            rights,
        }
    }
}

impl Credential {
    /// Waits until the credential no longer opens the connection.
    pub(super) async fn ended(self) {
        loop {
            self.runtime.sleep(IDENTIFY_AGAIN_AFTER).await;
            if !self.is_good().await {
                return;
            }
        }
    }

    /// Returns whether the credential still opens the connection. Without an answer it does: the next
    /// look tells.
    async fn is_good(&self) -> bool {
        match self.caller().await {
            Ok(caller) => caller.rights() == self.rights,
            Err(error) => error.status() == StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    async fn caller(&self) -> Result<Caller, AuthError> {
        let environments: Vec<&str> = self.environments.iter().map(String::as_str).collect();
        match self.opened {
            Opened::Events => self.auth.proxy_caller(&self.headers, &environments).await,
            Opened::WebSocket => self.auth.web_socket_caller(&self.headers, &environments).await,
        }
    }
}
