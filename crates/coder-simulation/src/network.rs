//! The network between one process and the Coders, with faults.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind};
use coder_testkit::{FakeCoder, FakeUser};
use http::{Method, Request, Response, StatusCode};

use crate::ledger::{Ledger, Pair, Place};
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
    /// How long a request, or an answer, takes.
    pub(crate) latency: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// How long Coder's answer to a rotation takes.
    pub(crate) rotation_takes: Duration,
    /// Coder can end one pair of a person and leave the others alone.
    pub(crate) revokes_pairs: bool,
    /// The users of each Coder.
    pub(crate) users: Arc<Vec<Vec<FakeUser>>>,
}

/// The subject of one request.
struct About {
    coder: usize,
    path: String,
    session_token: Option<String>,
    /// The refresh token that is to be rotated.
    rotated: Option<String>,
    /// All pairs of the person end.
    ends_all: bool,
}

/// A request that Coder has, until its answer is there.
struct Question<'a> {
    network: &'a Network,
    about: &'a About,
    is_answered: bool,
}

impl Question<'_> {
    async fn ask(
        mut self,
        coder: &FakeCoder,
        request: Request<Bytes>,
    ) -> Result<Response<Body>, TransportError> {
        let answer = coder.send(request).await;
        self.is_answered = true;
        answer
    }
}

impl Drop for Question<'_> {
    /// Notes that nobody waits any more: Coder may have done its work, for whomever.
    fn drop(&mut self) {
        if !self.is_answered && self.about.path == "/oauth2/tokens" {
            let users = self.network.users.get(self.about.coder).map_or(0, Vec::len);
            for user in 0..users {
                self.network.ledger.may_be_over((user, self.about.coder));
            }
        }
    }
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_reason("the simulation broke it")
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let about = self.about(&request)?;
        self.time.turn().await;
        let fault = if self.ledger.book().healed { None } else { (self.faults)() };
        if let Some(fault) = fault {
            self.ledger.tell(|| format!("p{}: {} meets {fault:?}", self.process, about.path));
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
        self.pass().await;
        let coder = self.coders.get(about.coder).ok_or_else(broken)?;
        let asked_at = self.time.elapsed();
        let question = Question { network: self, about: &about, is_answered: false };
        let answer = question.ask(coder, request).await?;
        let is_lost = matches!(fault, Some(NetworkFault::AnswerLost | NetworkFault::AnswerHangs));
        let answer = self.note(&about, answer, is_lost, asked_at).await?;
        self.pass().await;
        if about.rotated.is_some() && !self.ledger.book().healed {
            self.time.sleep(self.rotation_takes).await;
        }
        match fault {
            Some(NetworkFault::AnswerLost) => Err(broken()),
            Some(NetworkFault::AnswerHangs) => std::future::pending().await,
            Some(
                NetworkFault::RequestLost
                | NetworkFault::Hangs
                | NetworkFault::SlowRequest
                | NetworkFault::BadGateway,
            )
            | None => Ok(answer),
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
        let form: Vec<_> = match path.as_str() {
            "/oauth2/tokens" => form_urlencoded::parse(request.body()).collect(),
            _ => Vec::new(),
        };
        let rotated = form.into_iter().find(|(name, _)| name == "refresh_token");
        let rotated = rotated.map(|(_, token)| token.into_owned());
        let ends_all = path == "/oauth2/tokens" && request.method() == Method::DELETE;
        Ok(About { coder, path, session_token, rotated, ends_all })
    }

    fn note_fault(&self, about: &About) {
        if let Some(token) = &about.session_token {
            self.note_silence(token);
        }
    }

    /// Lets others go on, and time pass.
    async fn pass(&self) {
        let latency = if self.ledger.book().healed { Duration::ZERO } else { (self.latency)() };
        if latency.is_zero() {
            self.time.turn().await;
        } else {
            self.time.sleep(latency).await;
        }
    }

    /// Notes that Coder has not said whose this token is. A login cannot go on without, and gives
    /// its pair up; Coder has ended the former one.
    fn note_silence(&self, token: &str) {
        let (now, step) = (self.time.elapsed(), self.time.step());
        let mut book = self.ledger.book();
        book.unanswered.insert(token.to_owned(), now);
        let pair = book.pair(token).filter(|pair| pair.place != Place::Granted);
        if let Some((Some(user), coder)) = pair.map(|pair| (pair.user, pair.coder)) {
            book.may_be_over((user, coder), step);
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
        self.ledger.tell(|| {
            let (process, About { coder, path, .. }) = (self.process, about);
            format!("p{process}: coder {coder} answers {path} with {}", head.status)
        });
        if about.path == "/oauth2/tokens" && head.status == StatusCode::OK {
            self.note_pair(about, &bytes, is_lost);
        }
        if about.ends_all
            && let Some(token) = &about.session_token
        {
            self.ledger.count("people whose pairs all ended");
            let user = self.ledger.book().pair(token).and_then(|pair| pair.user);
            user.into_iter().for_each(|user| self.ledger.may_be_over((user, about.coder)));
        }
        if about.path == "/oauth2/tokens" && head.status.is_server_error() {
            self.ledger.count("races lost at coder");
        }
        if about.path == "/api/v2/users/me"
            && !is_lost
            && let Some(token) = &about.session_token
        {
            if head.status == StatusCode::OK {
                let mut book = self.ledger.book();
                book.confirmed.insert(token.clone(), asked_at);
                book.confirmed_person.insert(token.clone(), asked_at);
            }
            let user = self.ledger.book().pair(token).and_then(|pair| pair.user);
            let is_suspended = |user| self.ledger.book().suspended.contains(&user);
            if head.status.is_server_error() || user.is_some_and(is_suspended) {
                self.note_silence(token);
            }
        }
        Ok(Response::from_parts(head, Body::from(bytes)))
    }

    fn note_pair(&self, about: &About, bytes: &Bytes, is_lost: bool) {
        let json: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |name: &str| {
            json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        let access = text("access_token");
        let owner = self.coders.get(about.coder).and_then(|coder| coder.owner_of(&access));
        let users = self.users.get(about.coder);
        let user = users.and_then(|users| users.iter().position(|user| Some(user.id) == owner));
        let pair = Pair {
            coder: about.coder,
            user,
            access,
            refresh: text("refresh_token"),
            process: self.process,
            id: None,
            place: Place::Received,
            excuse: match (is_lost, self.revokes_pairs) {
                (true, _) => Some("its answer was lost"),
                (false, false) => Some("its release revokes no pair"),
                (false, true) => None,
            },
        };
        self.ledger.count("pairs issued");
        if let Some(user) = user.filter(|_| is_lost) {
            self.ledger.may_be_over((user, about.coder));
        }
        let mut book = self.ledger.book();
        // Coder has confirmed the person, if not yet these tokens.
        let former = about.rotated.as_ref().and_then(|token| book.pair(token));
        let confirmed =
            former.and_then(|former| book.confirmed_person.get(&former.access).copied());
        if let Some(at) = confirmed {
            book.confirmed_person.insert(pair.access.clone(), at);
        }
        book.pairs.push(pair);
    }
}
