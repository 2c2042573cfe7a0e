//! A Coder, as a run asks it: requests are named, and their answers kept with placeholders.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coder_core::with_causes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::answer::{self, Answer, BodyKind, Request};
use crate::placeholders::{Placeholders, UNKNOWN_ID};
use crate::world::{Kind, Seed, SeedUser};

/// No answer takes longer, on a machine that has much else to do either.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Makes six letters and digits that are part of every name of a run. There is a letter among them,
/// so that the name in upper case is another one.
pub fn run_name(number: u32) -> String {
    format!("r{:05x}", number & 0xf_ffff)
}

/// A Coder that is asked.
#[derive(Debug)]
pub struct Server {
    seed: Seed,
    http: reqwest::Client,
    placeholders: Placeholders,
    run: String,
    answers: IndexMap<String, Answer>,
    /// How to delete what was made, newest last.
    made: Vec<Made>,
    /// The things that a Coder keeps of this run.
    kept: Vec<String>,
}

/// Something that the run made, with the session token of the person who can delete it.
#[derive(Debug)]
enum Made {
    /// Deleted by `DELETE path`.
    Thing { path: String, token: String },
    /// Deleted by a build.
    Workspace { id: String, token: String },
    /// Ended by `POST /api/v2/users/logout`.
    Session { token: String },
}

/// The answer to one request, as a section goes on with it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// 0 when there was no answer.
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// Prepares a run on the server that a seed file describes. Signs in to a real Coder.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made, the server does not answer as a Coder does, a person cannot
    /// sign in, or the server refuses a token of the seed file.
    pub async fn new(seed: Seed, run: &str) -> Result<Self, ServerError> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(ServerError::Client)?;
        let base = seed.base.trim_end_matches('/').to_owned();
        let mut server = Self {
            placeholders: Placeholders::new(&base, run),
            seed: Seed { base, ..seed },
            http,
            run: run.to_owned(),
            answers: IndexMap::new(),
            made: Vec::new(),
            kept: Vec::new(),
        };
        server.release().await?;
        match server.seed.kind {
            Kind::Real => server.sign_everybody_in().await?,
            Kind::Fake => server.check_tokens().await?,
        }
        server.name_the_world();
        Ok(server)
    }

    /// Returns the release of the server, such as `2.36.0`: `GET /api/v2/buildinfo`.
    ///
    /// # Errors
    ///
    /// When the server does not answer as a Coder does.
    pub async fn release(&self) -> Result<String, ServerError> {
        let base = &self.seed.base;
        let reply = exchange(&self.http, base, "GET", "/api/v2/buildinfo", Vec::new(), None).await;
        let reply = reply.map_err(|source| ServerError::NoAnswer {
            base: base.clone(),
            reason: with_causes(&source),
        })?;
        let json = reply.json();
        let version = json.get("version").and_then(Value::as_str);
        let version = version.ok_or_else(|| ServerError::NotACoder(base.clone()))?;
        let number = version.trim_start_matches('v').split(['+', '-']).next();
        Ok(number.unwrap_or_default().to_owned())
    }

    async fn check_tokens(&mut self) -> Result<(), ServerError> {
        let users: Vec<(String, String)> =
            self.seed.users.iter().map(|(name, user)| (name.clone(), user.token.clone())).collect();
        for (name, token) in users {
            let reply = self.quietly("GET", "/api/v2/users/me").token(&token).send().await;
            if reply.status != 200 {
                return Err(ServerError::TokenRefused { name, status: reply.status });
            }
        }
        Ok(())
    }

    async fn sign_everybody_in(&mut self) -> Result<(), ServerError> {
        let names: Vec<String> = self.seed.users.keys().cloned().collect();
        for name in names {
            let token = self.password_login(&format!("{name}@example.com")).await;
            let token = token.ok_or_else(|| ServerError::NoLogin(name.clone()))?;
            if let Some(user) = self.seed.users.get_mut(&name) {
                user.token = token;
            }
        }
        Ok(())
    }

    async fn password_login(&mut self, email: &str) -> Option<String> {
        let body = json!({ "email": email, "password": self.seed.password });
        let reply = self.quietly("POST", "/api/v2/users/login").json(&body).send().await;
        Some(reply.json().get("session_token")?.as_str()?.to_owned())
    }

    fn name_the_world(&mut self) {
        let seed = self.seed.clone();
        for (name, user) in &seed.users {
            self.name(&user.id, &format!("{{{name}.id}}"));
            self.name(&user.token, &format!("{{{name}.token}}"));
        }
        for (kind, ids) in [
            ("template", &seed.templates),
            ("version", &seed.versions),
            ("workspace", &seed.workspaces),
            ("build", &seed.builds),
        ] {
            for (name, id) in ids {
                self.name(id, &format!("{{{kind}.{name}}}"));
            }
        }
        self.name(&seed.org, "{org.id}");
    }

    /// Returns the seed: what the server is and where its world is.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Returns a text that is part of every name this run makes.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Returns the answers so far, by the label of their request.
    pub fn answers(&self) -> &IndexMap<String, Answer> {
        &self.answers
    }

    /// Changes an answer that was kept: for bodies of which only a part is compared.
    pub(crate) fn change(&mut self, label: &str, change: impl FnOnce(&mut Answer)) {
        if let Some(answer) = self.answers.get_mut(label) {
            change(answer);
        }
    }

    /// Keeps an answer that no request of [`Server::ask`] gave.
    pub(crate) fn keep(&mut self, answer: Answer) {
        self.answers.insert(answer.label.clone(), answer);
    }

    /// Shows a value as this placeholder from now on.
    pub(crate) fn name(&mut self, value: &str, placeholder: &str) {
        self.placeholders.name(value, placeholder);
    }

    /// Puts values in the place of `{ada.id}`, `{workspace.vm}`, `{run}` and so on; `{unknown}` is
    /// [`UNKNOWN_ID`].
    pub(crate) fn fill(&self, text: &str) -> String {
        self.placeholders.fill(&text.replace("{unknown}", UNKNOWN_ID))
    }

    pub(crate) fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    /// Returns the session token of a user of the world.
    pub(crate) fn token(&self, user: &str) -> String {
        self.seed.users.get(user).map(|user| user.token.clone()).unwrap_or_default()
    }

    /// Returns the id of a user of the world.
    pub(crate) fn user_id(&self, user: &str) -> String {
        self.seed.users.get(user).map(|user| user.id.clone()).unwrap_or_default()
    }

    /// Begins a request whose answer is kept under this label.
    pub(crate) fn ask(&mut self, label: &str, method: &str, path: &str) -> Ask<'_> {
        Ask::new(self, Some(label.to_owned()), method, path)
    }

    /// Begins a request whose answer is not kept.
    pub(crate) fn quietly(&mut self, method: &str, path: &str) -> Ask<'_> {
        Ask::new(self, None, method, path)
    }

    /// Remembers how to delete what was made: `DELETE path`, as the person of this token.
    pub(crate) fn made(&mut self, path: &str, token: &str) {
        self.made.push(Made::Thing { path: path.to_owned(), token: token.to_owned() });
    }

    /// Remembers to delete a workspace, which a build does.
    pub(crate) fn made_workspace(&mut self, id: &str, token: &str) {
        self.made.push(Made::Workspace { id: id.to_owned(), token: token.to_owned() });
    }

    /// Remembers to end a session.
    pub(crate) fn made_session(&mut self, token: &str) {
        self.made.push(Made::Session { token: token.to_owned() });
    }

    /// Remembers something that a Coder keeps after the run.
    pub(crate) fn keeps(&mut self, what: &str) {
        self.kept.push(what.to_owned());
    }

    /// Deletes what was made, newest first, and returns what the server keeps.
    pub async fn clean_up(&mut self) -> Vec<String> {
        while let Some(made) = self.made.pop() {
            self.delete(&made).await;
        }
        std::mem::take(&mut self.kept)
    }
}

/// Deleting what was made.
impl Server {
    async fn delete(&mut self, made: &Made) {
        let (what, reply) = match made {
            Made::Thing { path, token } => {
                (path.clone(), self.quietly("DELETE", path).token(token).send().await)
            }
            Made::Workspace { id, token } => {
                if is_deleted(&self.wait(id, token).await) {
                    return;
                }
                let path = format!("/api/v2/workspaces/{id}/builds");
                let body = json!({ "transition": "delete" });
                let reply = self.quietly("POST", &path).token(token).json(&body).send().await;
                (format!("the workspace {id}"), reply)
            }
            Made::Session { token } => {
                let logout = self.quietly("POST", "/api/v2/users/logout").token(token);
                ("a session".to_owned(), logout.send().await)
            }
        };
        if !matches!(reply.status, 200..300 | 404) {
            self.kept.push(format!("{what} (deleting it answered {})", reply.status));
        }
    }
}

fn is_deleted(workspace: &Value) -> bool {
    let transition = workspace.pointer("/latest_build/transition").and_then(Value::as_str);
    let status = workspace.pointer("/latest_build/job/status").and_then(Value::as_str);
    transition == Some("delete") && status == Some("succeeded")
}

/// Things of a Coder that sections need.
impl Server {
    /// Adds a person, who is shown as `{name.id}` and `{name.token}`.
    pub(crate) async fn add_user(&mut self, name: &str) -> SeedUser {
        let user = match self.seed.kind {
            Kind::Fake => {
                let answer = self.control(&format!("add {name}")).await;
                serde_json::from_value(answer).unwrap_or_else(|_| no_user())
            }
            Kind::Real => self.create_user(name).await.unwrap_or_else(no_user),
        };
        self.name(&user.id, &format!("{{{name}.id}}"));
        self.name(&user.token, &format!("{{{name}.token}}"));
        user
    }

    async fn create_user(&mut self, name: &str) -> Option<SeedUser> {
        let username = format!("{name}-{}", self.run);
        let email = format!("{username}@example.com");
        let owner = self.token("ada");
        let body = json!({
            "email": email, "username": username, "password": self.seed.password,
            "login_type": "password", "organization_ids": [self.seed.org],
        });
        let made = self.quietly("POST", "/api/v2/users").token(&owner).json(&body).send().await;
        let id = made.json().get("id")?.as_str()?.to_owned();
        self.made(&format!("/api/v2/users/{id}"), &owner);
        self.keeps(&format!("the deleted user {username}"));
        let token = self.password_login(&email).await?;
        self.name(&username, name);
        Some(SeedUser { id, token })
    }

    /// Suspends (`suspend`) or activates (`activate`) a person.
    pub(crate) async fn set_status(&mut self, name: &str, user: &SeedUser, status: &str) {
        match self.seed.kind {
            Kind::Fake => {
                self.control(&format!("{status} {name}")).await;
            }
            Kind::Real => {
                let owner = self.token("ada");
                let path = format!("/api/v2/users/{}/status/{status}", user.id);
                self.quietly("PUT", &path).token(&owner).send().await;
            }
        }
    }

    /// Says a line to the control door of a fake.
    pub(crate) async fn control(&self, line: &str) -> Value {
        let talk = async {
            let mut stream = BufReader::new(TcpStream::connect(self.door()?).await.ok()?);
            stream.write_all(format!("{line}\n").as_bytes()).await.ok()?;
            let mut answer = String::new();
            stream.read_line(&mut answer).await.ok()?;
            serde_json::from_str(&answer).ok()
        };
        talk.await.unwrap_or_default()
    }

    /// Returns the address of the control door of a fake.
    fn door(&self) -> Option<SocketAddr> {
        if self.seed.control.is_some() {
            return self.seed.control;
        }
        let address: SocketAddr = self.placeholders.host().parse().ok()?;
        Some(SocketAddr::new(address.ip(), address.port().checked_add(1000)?))
    }

    /// Waits until no build of a workspace is under way; the workspace.
    pub(crate) async fn wait(&mut self, workspace: &str, token: &str) -> Value {
        let begun = Instant::now();
        let path = format!("/api/v2/workspaces/{workspace}?include_deleted=true");
        loop {
            let reply = self.quietly("GET", &path).token(token).send().await;
            let found = reply.json();
            let status = found.pointer("/latest_build/job/status").and_then(Value::as_str);
            let busy = matches!(status, Some("pending" | "running" | "canceling"));
            if !busy || begun.elapsed() > REQUEST_TIMEOUT {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
}

fn no_user() -> SeedUser {
    SeedUser { id: String::new(), token: String::new() }
}

/// A request that is about to be sent.
#[must_use = "a request is sent by `send`"]
pub(crate) struct Ask<'a> {
    server: &'a mut Server,
    label: Option<String>,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Ask<'a> {
    fn new(server: &'a mut Server, label: Option<String>, method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { server, label, method, path, headers: Vec::new(), body: None }
    }

    /// Adds a header to the request.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a header that is not there yet.
    fn default_header(self, name: &str, value: &str) -> Self {
        let there = self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if there { self } else { self.header(name, value) }
    }

    /// Asks with the header `Coder-Session-Token`.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("coder-session-token", token)
    }

    /// Asks with `Authorization: Bearer`.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Asks with HTTP Basic authentication.
    pub(crate) fn basic(self, user: &str, password: &str) -> Self {
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {encoded}"))
    }

    /// Asks with these cookies.
    pub(crate) fn cookies(self, cookies: &[(&str, &str)]) -> Self {
        let cookies: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.header("cookie", &cookies.join("; "))
    }

    /// Adds parameters to the query.
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        if !pairs.is_empty() {
            self.path.push(if self.path.contains('?') { '&' } else { '?' });
            self.path.push_str(&encoded(pairs));
        }
        self
    }

    /// Sends a body of JSON.
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.default_header("content-type", "application/json")
    }

    /// Sends the fields of a form.
    pub(crate) fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.body = Some(encoded(pairs).into_bytes());
        self.default_header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sends these bytes as the body.
    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends the request, and keeps the answer if it has a label.
    pub(crate) async fn send(self) -> Reply {
        let Self { server, label, method, path, headers, body } = self;
        let reply = exchange(&server.http, &server.seed.base, &method, &path, headers, body).await;
        let reply = reply.unwrap_or_else(|_| Reply {
            status: 0,
            headers: HeaderMap::new(),
            body: Vec::new(),
        });
        if let Some(label) = label {
            let answer = server.shown(label, &method, &path, &reply);
            server.keep(answer);
        }
        reply
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn exchange(
    http: &reqwest::Client,
    base: &str,
    method: &str,
    path: &str,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
) -> Result<Reply, ServerError> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| ServerError::Request)?;
    // As most clients say; Coder repeats it in an answer.
    let request = http.request(method, format!("{base}{path}"));
    let mut request = request.header("connection", "keep-alive");
    for (name, value) in headers {
        let name: HeaderName = name.parse().map_err(|_| ServerError::Request)?;
        let value = HeaderValue::from_str(&value).map_err(|_| ServerError::Request)?;
        request = request.header(name, value);
    }
    if let Some(body) = body {
        request = request.body(body);
    }
    let response = request.send().await.map_err(ServerError::Client)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(ServerError::Client)?.to_vec();
    Ok(Reply { status, headers, body })
}

impl Server {
    /// Shows a reply with placeholders.
    pub(crate) fn shown(&self, label: String, method: &str, path: &str, reply: &Reply) -> Answer {
        let content_type = reply.header("content-type").unwrap_or_default();
        let (kind, body) = if reply.status == 0 {
            (BodyKind::Broken, Value::Null)
        } else {
            answer::body(&reply.body, content_type, &self.placeholders)
        };
        Answer {
            label,
            status: reply.status,
            headers: answer::headers(&reply.headers, &self.placeholders),
            kind,
            body,
            request: Request { method: method.to_owned(), path: self.placeholders.text(path) },
        }
    }
}

impl Reply {
    /// Returns the body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns a text of the body, by its JSON pointer; empty when it is not there.
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the parameters of the URL that the reply redirects to.
    pub(crate) fn location_parameters(&self) -> BTreeMap<String, String> {
        let location = self.header(header::LOCATION.as_str()).unwrap_or_default();
        let query = location.split_once('?').map_or("", |(_, query)| query);
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}

/// Why a run cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The HTTP client failed.
    #[error("the HTTP client failed")]
    Client(#[source] reqwest::Error),
    /// A request cannot be written.
    #[error("the request cannot be written as HTTP")]
    Request,
    /// The server does not answer.
    #[error("`{base}` does not answer: {reason}; check `base` in the seed file")]
    NoAnswer {
        /// URL of the server.
        base: String,
        /// Reason with its causes.
        reason: String,
    },
    /// The server answers `/api/v2/buildinfo` in another way than Coder does.
    #[error(
        "`{0}` is not a Coder: it tells no version at `/api/v2/buildinfo`; check `base` in the seed file"
    )]
    NotACoder(String),
    /// The server refuses a token of the seed file.
    #[error(
        "the server refuses the token of `{name}` in the seed file ({status}); write the file anew"
    )]
    TokenRefused {
        /// Name of the person.
        name: String,
        /// Status of the answer.
        status: u16,
    },
    /// A person of the seed file cannot sign in.
    #[error("`{0}` cannot sign in with the password of the seed file")]
    NoLogin(String),
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Ask({} {})", self.method, self.server.placeholders.text(&self.path))
    }
}
