//! Liveness and readiness: what orchestrators ask, as they ask Backstage.

use std::time::Duration;

use coder_auth::http::json;
use coder_core::{Body, timeout, with_causes};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::state::PortalState;

/// The time limit of the store's answer to a probe.
const STORE_LIMIT: Duration = Duration::from_secs(2);

/// The answer to a probe of readiness.
#[derive(Serialize)]
struct Readiness<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    store: &'static str,
    /// State of the deployment of each environment. It decides nothing.
    coder: std::collections::BTreeMap<&'a str, &'static str>,
}

/// Answers that the process serves.
pub(crate) fn liveness() -> Response<Body> {
    json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))
}

impl PortalState {
    /// Answers whether requests can be served now: the store answers, and the process goes on.
    ///
    /// A Coder that does not answer is a detail. Every replica has the same Coder, so that a load
    /// balancer would take all of them away, and with them the sessions that still work.
    pub(crate) async fn readiness(&self) -> Response<Body> {
        let asked = timeout(&*self.world.runtime, STORE_LIMIT, self.auth.ask_store()).await;
        let is_stored = match asked {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                tracing::warn!(error = with_causes(&error), "not ready: the store fails");
                false
            }
            None => {
                let seconds = STORE_LIMIT.as_secs();
                tracing::warn!(seconds, "not ready: the store does not answer in time");
                false
            }
        };
        let message = if self.draining.has_begun() {
            Some("the server is shutting down")
        } else {
            (!is_stored).then_some("the session store is not available")
        };
        let coder = self.auth.reached_deployments().map(|(environment, is_reached)| {
            let state = match is_reached {
                Some(true) => "ok",
                Some(false) => "unreachable",
                None => "unknown",
            };
            (environment, state)
        });
        let (status, word) = match message {
            None => (StatusCode::OK, "ok"),
            Some(_) => (StatusCode::SERVICE_UNAVAILABLE, "error"),
        };
        let store = if is_stored { "ok" } else { "error" };
        json(status, &Readiness { status: word, message, store, coder: coder.collect() })
    }
}
