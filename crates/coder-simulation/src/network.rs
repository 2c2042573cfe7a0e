//! The network between one process and the Coders, with faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind};
use coder_testkit::FakeCoder;
use http::{Request, Response, StatusCode};

use crate::ledger::{Ledger, Pair};
use crate::plan::NetworkFault;
use crate::scheduler::{Process, Time};

/// One process' way to the Coders.
pub(crate) struct Network {
    pub(crate) coders: Arc<Vec<FakeCoder>>,
    pub(crate) process: Process,
    pub(crate) time: Time,
    pub(crate) ledger: Ledger,
    /// By the number of the request.
    pub(crate) faults: Arc<dyn Fn() -> Option<NetworkFault> + Send + Sync>,
}

/// What a request is about.
struct About {
    coder: usize,
    path: String,
    session_token: Option<String>,
    revoked: Option<String>,
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).because("the simulation broke it")
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let about = self.about(&request)?;
        self.time.turn().await;
        let fault = if self.ledger.book().healed { None } else { (self.faults)() };
        if let Some(fault) = fault {
            self.ledger.tell(format!("p{}: {} meets {fault:?}", self.process, about.path));
            self.ledger.count(fault.name());
            self.note_fault(&about);
        }
        match fault {
            Some(NetworkFault::RequestLost) => return Err(broken()),
            Some(NetworkFault::BadGateway) => {
                let mut answer = Response::new(Body::empty());
                *answer.status_mut() = StatusCode::BAD_GATEWAY;
                return Ok(answer);
            }
            Some(NetworkFault::Hangs) => return std::future::pending().await,
            Some(NetworkFault::SlowRequest) => self.time.sleep(Duration::from_secs(12)).await,
            Some(NetworkFault::AnswerLost | NetworkFault::AnswerHangs) | None => {}
        }
        let coder = self.coders.get(about.coder).ok_or_else(broken)?;
        let asked_at = self.time.elapsed();
        let answer = coder.send(request).await?;
        let is_lost = matches!(fault, Some(NetworkFault::AnswerLost | NetworkFault::AnswerHangs));
        let answer = self.note(&about, answer, is_lost, asked_at).await?;
        self.time.turn().await;
        match fault {
            Some(NetworkFault::AnswerLost) => Err(broken()),
            Some(NetworkFault::AnswerHangs) => std::future::pending().await,
            _ => Ok(answer),
        }
    }
}

impl Network {
    fn about(&self, request: &Request<Bytes>) -> Result<About, TransportError> {
        let host = request.uri().host().unwrap_or_default();
        let coder = self
            .coders
            .iter()
            .position(|coder| coder.url().endpoint([]).host_str() == Some(host))
            .ok_or_else(broken)?;
        let path = request.uri().path().to_owned();
        let header = request.headers().get("coder-session-token");
        let session_token = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let revoked = (path == "/oauth2/revoke").then(|| {
            form_urlencoded::parse(request.body())
                .find(|(name, _)| name == "token")
                .map(|(_, token)| token.into_owned())
        });
        Ok(About { coder, path, session_token, revoked: revoked.flatten() })
    }

    fn note_fault(&self, about: &About) {
        if let Some(token) = &about.revoked {
            self.ledger.excuse(token, "its revocation failed");
        }
        if about.path == "/oauth2/tokens" {
            self.ledger.book().excused = true;
        }
        if let Some(token) = &about.session_token {
            let now = self.time.elapsed();
            self.ledger.book().unanswered.insert(token.clone(), now);
        }
    }

    /// Notes what the answer means, before the portal sees it.
    async fn note(
        &self,
        about: &About,
        answer: Response<Body>,
        is_lost: bool,
        asked_at: Duration,
    ) -> Result<Response<Body>, TransportError> {
        let (head, body) = answer.into_parts();
        let bytes = body.collect(1 << 20).await.map_err(|_| broken())?;
        let now = self.time.elapsed();
        self.ledger.tell(format!(
            "p{}: coder {} answers {} with {}",
            self.process, about.coder, about.path, head.status
        ));
        if about.path == "/oauth2/tokens" && head.status == StatusCode::OK {
            self.note_pair(about, &bytes, is_lost);
        }
        if about.path == "/oauth2/tokens" && head.status.is_server_error() {
            self.ledger.count("races lost at coder");
        }
        if about.path == "/api/v2/users/me"
            && !is_lost
            && let Some(token) = &about.session_token
        {
            let mut book = self.ledger.book();
            if head.status == StatusCode::OK {
                book.confirmed.insert(token.clone(), asked_at);
            }
            if head.status.is_server_error() {
                book.unanswered.insert(token.clone(), now);
            }
        }
        Ok(Response::from_parts(head, Body::from(bytes)))
    }

    fn note_pair(&self, about: &About, bytes: &Bytes, is_lost: bool) {
        let json: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |name: &str| {
            json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        let pair = Pair {
            coder: about.coder,
            access: text("access_token"),
            refresh: text("refresh_token"),
            process: self.process,
            is_stored: false,
            excuse: is_lost.then_some("its answer was lost"),
        };
        self.ledger.count("pairs issued");
        let mut book = self.ledger.book();
        book.excused |= is_lost;
        book.pairs.push(pair);
    }
}
