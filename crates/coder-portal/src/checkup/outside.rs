//! The public URL: whether what browsers and backends ask there arrives at this portal.

use bytes::Bytes;
use coder_core::{cleaned, join_path, quoted, timeout, with_causes};
use http::header::{ACCEPT, LOCATION};
use http::{HeaderMap, Method, Request, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{Checkup, Finding, Question, REQUEST_TIMEOUT, Verdict};
use crate::routes::AUTH_PATH;

/// The path of the key set.
pub(super) const KEY_SET: &str = "api/auth/.well-known/jwks.json";
/// The path of what other backends ask about a user.
pub(super) const USER_INFO: &str = "api/auth/v1/userinfo";
/// The path of a route for pages.
pub(super) const ENTITIES: &str = "api/coder/v1/entities";
/// The greatest length of an answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// The head and the body of an answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// An error in Backstage's shape, as far as it is read.
#[derive(Deserialize)]
struct BackstageError {
    error: Message,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

/// A JSON Web Key Set (RFC 7517 §5), as far as it is read.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kid: Option<String>,
}

impl Checkup<'_> {
    /// Asks the portal at `base`, in place of `backend.baseUrl`.
    pub(super) async fn outside(&self, base: &Url) -> Vec<Finding> {
        let mut findings = Vec::new();
        let written = &self.config.backend.base_url;
        if base.as_str().trim_end_matches('/') != written.as_str().trim_end_matches('/') {
            let text = format!("{base} is asked, and `backend.baseUrl` is {written}");
            let remedy = "callback URLs and identity tokens name the latter: it must be the URL \
                          that browsers use";
            findings.push(Finding::new(Question::Outside, Verdict::Notice, text).remedy(remedy));
        }
        findings.push(self.start_outside(base).await);
        let arrivals = self.arrivals(base).await;
        if self.environments().any(|(_, it)| !it.sign_in_resolvers.is_empty()) {
            if !arrivals.is_elsewhere(KEY_SET) {
                findings.push(self.keys_outside(base).await);
            }
            if !arrivals.is_elsewhere(USER_INFO) {
                findings.push(self.guarded(base, USER_INFO).await);
            }
        }
        if !arrivals.is_elsewhere(ENTITIES) {
            findings.push(self.guarded(base, ENTITIES).await);
        }
        findings.extend(arrivals.findings);
        findings
    }

    /// Begins a login, which shows the client id and the callback URL of whoever answers.
    async fn start_outside(&self, base: &Url) -> Finding {
        let own = &self.config.auth.environment;
        let mut url = join_path(base, &format!("{AUTH_PATH}/coder/start"));
        url.query_pairs_mut().append_pair("env", own.as_str());
        let answer = match self.get(&url).await {
            Ok(answer) => answer,
            Err(finding) => return *finding,
        };
        let Some(environment) =
            self.config.auth.environments.get(own.as_str()).and_then(|it| it.as_ref().ok())
        else {
            return answer.unexpected(&url);
        };
        if answer.status != StatusCode::FOUND {
            return answer.unexpected(&url);
        }
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(to) = location.and_then(|text| Url::parse(text).ok()) else {
            return answer.unexpected(&url);
        };
        if !environment.deployment_url.owns(&to) {
            let host = quoted(to.host_str().unwrap_or_default());
            let text = format!("{url} redirects to {host}, and not to Coder");
            return wrong(text).remedy("let `/api/auth/coder/*` past the single sign-on");
        }
        let parameter = |name: &str| {
            to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if parameter("client_id").as_deref() != Some(&*environment.client_id) {
            let text = format!("at {url} another portal answers, or one with an older `clientId`");
            return wrong(text).remedy("restart the server, or correct the route of the proxy");
        }
        let expected = self.portal.auth().redirect_uris().find(|(name, _)| *name == own.as_str());
        let redirect_uri = parameter("redirect_uri");
        if let Some((_, expected)) = expected
            && redirect_uri.as_deref() != Some(expected.as_str())
        {
            let found = quoted(&redirect_uri.unwrap_or_default());
            let text = format!(
                "at {url} a portal answers with the callback URL {found}, and this \
                                configuration has {expected}"
            );
            return wrong(text).remedy("start the server with this configuration");
        }
        let text = format!("{url} begins a login at Coder, with this client id and callback URL");
        Finding::new(Question::Outside, Verdict::Good, text)
    }

    /// Compares the published keys with those of the store.
    async fn keys_outside(&self, base: &Url) -> Finding {
        let url = join_path(base, KEY_SET);
        let answer = match self.get(&url).await {
            Ok(answer) => answer,
            Err(finding) => return *finding,
        };
        let keys = serde_json::from_slice::<KeySet>(&answer.body);
        let (StatusCode::OK, Ok(KeySet { keys })) = (answer.status, keys) else {
            return answer.unexpected(&url);
        };
        let stored = match &self.store {
            Some(store) => store.signing_keys().await.unwrap_or_default(),
            None => Vec::new(),
        };
        let Some(newest) = stored.last() else {
            let text = format!(
                "{url} is a key set; nothing is stored to tell by whether it is the \
                                portal's"
            );
            return Finding::new(Question::Outside, Verdict::Unchecked, text);
        };
        if keys.iter().any(|key| key.kid.as_deref() == Some(&*newest.id)) {
            let text = format!("{url} is the key set of this portal");
            return Finding::new(Question::Outside, Verdict::Good, text);
        }
        wrong(format!("{url} is the key set of somebody else, so backends refuse this portal's \
                       identity tokens"))
        .remedy(
            "route `/api/auth/.well-known/*` and `/api/auth/v1/userinfo` to this server, or let the \
             backends ask it by `discovery.endpoints`",
        )
    }

    /// Asks a route that refuses everybody without a credential.
    async fn guarded(&self, base: &Url, path: &str) -> Finding {
        let url = join_path(base, path);
        match self.get(&url).await {
            Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                let text = format!("{url} answers, and asks for a credential");
                Finding::new(Question::Outside, Verdict::Good, text)
            }
            Ok(answer) => answer.unexpected(&url),
            Err(finding) => *finding,
        }
    }

    async fn get(&self, url: &Url) -> Result<Answer, Box<Finding>> {
        let unreached = |text: String| {
            let text = format!("{} gives no answer: {text}", without_query(url));
            let remedy = "see that the proxy is up, and that this machine reaches it";
            Box::new(wrong(text).remedy(remedy))
        };
        let request = Request::builder().method(Method::GET).uri(url.as_str());
        let request = request.header(ACCEPT, "application/json").body(Bytes::new());
        let request = request.map_err(|error| unreached(with_causes(&error)))?;
        let answer = async {
            let (head, body) = self.world().transport.send(request).await?.into_parts();
            let body = body.collect(MAX_ANSWER).await?;
            Ok::<_, coder_core::TransportError>(Answer {
                status: head.status,
                headers: head.headers,
                body,
            })
        };
        match timeout(&*self.world().runtime, REQUEST_TIMEOUT, answer).await {
            Some(answer) => answer.map_err(|error| unreached(with_causes(&error))),
            None => Err(unreached("no answer in time".to_owned())),
        }
    }
}

impl Answer {
    /// Returns the finding for an answer that this portal would not have given.
    fn unexpected(&self, url: &Url) -> Finding {
        let (status, url) = (self.status, without_query(url));
        let error = serde_json::from_slice::<BackstageError>(&self.body);
        let message = error.map(|error| error.error.message).unwrap_or_default();
        if let Some(arrived) = message.strip_prefix("no route GET ") {
            let arrived = cleaned(arrived);
            let text = format!("{url} arrives at a portal as {arrived}, where it has no route");
            return wrong(text).remedy(
                "let the proxy strip the prefix of `backend.baseUrl`, and nothing else: the routes \
                 begin with `/api/`",
            );
        }
        if status == StatusCode::NOT_FOUND {
            let text = format!("{url} is not found: it does not arrive at this portal");
            return wrong(text).remedy("route the path to this server (see docs/operating.md)");
        }
        if status.is_redirection() {
            let text = format!("{url} is redirected ({status}) by something in front");
            return wrong(text).remedy("let this path past the single sign-on");
        }
        let said =
            if message.is_empty() { String::new() } else { format!(": {}", cleaned(&message)) };
        let text = format!("{url} answers {status}{said}");
        let finding = if status.is_server_error() {
            wrong(text)
        } else {
            Finding::new(Question::Outside, Verdict::Unchecked, text)
        };
        finding.remedy("compare with what the portal's log says")
    }
}

pub(super) fn wrong(text: String) -> Finding {
    Finding::new(Question::Outside, Verdict::Wrong, text)
}

pub(super) fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url
}
