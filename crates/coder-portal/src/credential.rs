//! Connections that stay open no longer than their caller may use them.

use std::sync::Arc;
use std::time::Duration;

use coder_auth::{AuthError, Caller, CallerRights, CoderAuth};
use coder_core::Runtime;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::state::PortalState;

/// The time after which the caller of an open connection is identified anew: a session may have
/// ended elsewhere.
pub(crate) const IDENTIFY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The headers that identify a caller.
const IDENTIFYING: [HeaderName; 6] = [
    AUTHORIZATION,
    COOKIE,
    ORIGIN,
    HeaderName::from_static("coder-session-token"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-requested-with"),
];

/// A connection that stays open.
#[derive(Clone, Debug)]
pub(crate) enum Opened {
    /// A stream of the portal's own events, in this environment.
    Live(String),
    /// An answer of Coder that is a stream of events, at the deployment of these environments.
    Events(Vec<String>),
    /// A WebSocket at the deployment of these environments.
    WebSocket(Vec<String>),
}

/// The credential of a request that has opened a connection.
pub(crate) struct Credential {
    auth: CoderAuth,
    runtime: Arc<dyn Runtime>,
    opened: Opened,
    headers: HeaderMap,
    rights: CallerRights,
}

impl PortalState {
    /// Returns the credential with which a caller with these rights has opened a connection.
    pub(crate) fn credential(
        &self,
        opened: Opened,
        headers: &HeaderMap,
        rights: CallerRights,
    ) -> Credential {
        Credential {
            auth: self.auth.clone(),
            runtime: Arc::clone(&self.world.runtime),
            opened,
            headers: identifying(headers),
            rights,
        }
    }
}

impl Credential {
    /// Waits until the credential no longer opens the connection.
    pub(crate) async fn ended(self) {
        loop {
            self.runtime.sleep(IDENTIFY_AGAIN_AFTER).await;
            if !self.is_good().await {
                return;
            }
        }
    }

    /// Returns whether the credential still opens the connection. Without an answer it does: the next
    /// look tells.
    pub(crate) async fn is_good(&self) -> bool {
        match self.caller().await {
            Ok(caller) => caller.rights() == self.rights,
            Err(error) => error.is_transient(),
        }
    }

    async fn caller(&self) -> Result<Caller, AuthError> {
        let headers = &self.headers;
        match &self.opened {
            Opened::Live(environment) => self.auth.caller(headers, Some(environment)).await,
            Opened::Events(at) => self.auth.proxy_caller(headers, &borrowed(at)).await,
            Opened::WebSocket(at) => self.auth.web_socket_caller(headers, &borrowed(at)).await,
        }
    }
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Returns the headers that identify a caller, and nothing else of the request.
fn identifying(headers: &HeaderMap) -> HeaderMap {
    let kept = IDENTIFYING.into_iter().flat_map(|name| {
        let values = headers.get_all(&name).into_iter().filter_map(copied);
        values.map(move |value| (name.clone(), value)).collect::<Vec<_>>()
    });
    kept.collect()
}

/// Returns a value in memory of its own. As it arrives, it is a part of the buffer that the server has
/// read the whole head of the request into, and would keep that buffer for as long as the connection.
fn copied(value: &HeaderValue) -> Option<HeaderValue> {
    let mut copy = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    copy.set_sensitive(true);
    Some(copy)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::ACCEPT;

    use super::*;

    #[test]
    fn a_credential_keeps_nothing_of_the_request_but_copies_of_its_own() {
        let head = Bytes::from(b"cookie: a=b, accept: */*".to_vec());
        let mut headers = HeaderMap::new();
        for (name, part) in [(COOKIE, head.slice(8..11)), (ACCEPT, head.slice(21..24))] {
            headers.insert(name, HeaderValue::from_maybe_shared(part).unwrap());
        }
        let kept = identifying(&headers);
        assert_eq!((kept.len(), &kept[COOKIE]), (1, &"a=b".parse().unwrap()));
        drop(headers);
        assert!(head.is_unique(), "the head of the request is free");
    }
}
