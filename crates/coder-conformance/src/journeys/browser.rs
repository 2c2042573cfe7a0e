//! A portal in this process, and the browser of a person who uses it and Coder's consent page.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use coder_auth::{
    AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, MemoryAuthStore, SealingKeys,
};
use coder_core::{Body, Clock, Secret, World};
use coder_testkit::PopupMessage;
use http::header::{LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::{Stage, Trouble, ensure};
use crate::page;
use crate::placeholders::UNKNOWN_ID;
use crate::sections::provider::{App, UNKNOWN_SECRET};
use crate::server::Reply;

const PORTAL: &str = "http://localhost:7007";

/// The clock of the portal: the system's, turned forward. Coder's own clock goes on as it is.
struct PortalClock {
    system: Arc<dyn Clock>,
    ahead: AtomicI64,
}

impl Clock for PortalClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        self.system.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }
}

/// A portal with one environment, in this process.
pub(super) struct Portal {
    pub(super) auth: CoderAuth,
    pub(super) app: App,
    clock: Arc<PortalClock>,
}

impl Portal {
    /// Registers an application at Coder and configures a portal with it.
    pub(super) async fn open(stage: &mut Stage) -> Result<Self, Trouble> {
        let callback = format!("{PORTAL}/api/auth/coder/handler/frame");
        let app = stage.server.add_app("journey", &callback).await;
        // Where nothing can be registered, the portal has to say why nobody can sign in.
        let app = if app.secret.is_empty() {
            App { id: UNKNOWN_ID.to_owned(), secret: UNKNOWN_SECRET.to_owned(), ..app }
        } else {
            app
        };
        let system = Arc::clone(&stage.world.clock);
        let clock = Arc::new(PortalClock { system, ahead: AtomicI64::new(0) });
        let world = World { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..stage.world.clone() };
        let origins = AllowedOrigins::new(PORTAL.parse()?, []);
        let deployment = stage.server.seed().base.parse()?;
        let environment =
            EnvironmentOptions::new(deployment, app.id.as_str(), Secret::new(app.secret.clone()));
        let options = AuthOptions::new(Url::parse(&format!("{PORTAL}/api/auth"))?, origins)
            .environment("development", environment);
        let keys = SealingKeys::ephemeral(&*world.random)?;
        let auth = CoderAuth::new(&world, Arc::new(MemoryAuthStore::new()), keys, options);
        Ok(Self { auth, app, clock })
    }

    /// Turns the portal's clock forward, by seconds.
    pub(super) fn advance(&self, seconds: i64) {
        self.clock.ahead.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// The browser of one person.
#[derive(Clone, Debug)]
pub(super) struct Browser(coder_testkit::Browser);

impl Default for Browser {
    fn default() -> Self {
        Self(coder_testkit::Browser::new().origin(PORTAL))
    }
}

/// The choice of a person at the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allow,
    Cancel,
}

impl Browser {
    /// Signs in to the portal as the person of this session at Coder.
    pub(super) async fn sign_in(
        &mut self,
        stage: &mut Stage,
        portal: &Portal,
        token: &str,
    ) -> Result<(), Trouble> {
        let message = self.log_in(stage, portal, token, Decision::Allow).await?;
        let error = message.pointer("/error/message").and_then(Value::as_str);
        ensure!(error.is_none(), "the portal says: {}", error.unwrap_or_default());
        Ok(())
    }

    /// Goes through a whole login, and returns the message that the popup posts.
    pub(super) async fn log_in(
        &mut self,
        stage: &mut Stage,
        portal: &Portal,
        token: &str,
        decision: Decision,
    ) -> Result<Value, Trouble> {
        let path = format!("/api/auth/coder/start?env=development&origin={PORTAL}");
        let response = whole(portal.auth.start(&self.request("GET", &path)?).await).await?;
        self.0.keep(&response);
        if response.status() != StatusCode::FOUND {
            return message(&response);
        }
        let authorize = location(response.headers().get(LOCATION))?;
        let callback = at_coder(stage, &authorize, token, decision).await?;
        let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
        let response = whole(portal.auth.callback(&self.request("GET", &path)?).await).await?;
        self.0.keep(&response);
        message(&response)
    }

    /// Refreshes; status and JSON.
    pub(super) async fn refresh(&self, portal: &Portal) -> Result<(StatusCode, Value), Trouble> {
        let path = "/api/auth/coder/refresh?optional&env=development";
        let response = whole(portal.auth.refresh(&self.request("GET", path)?).await).await?;
        Ok((response.status(), serde_json::from_slice(response.body()).unwrap_or_default()))
    }

    /// Refreshes and expects an access token.
    pub(super) async fn access_token(&self, portal: &Portal) -> Result<String, Trouble> {
        let (status, json) = self.refresh(portal).await?;
        let token = json.pointer("/providerInfo/accessToken").and_then(Value::as_str);
        match token {
            Some(token) => Ok(token.to_owned()),
            None => Err(Trouble::new(format!("refresh answers {status}: {}", reason(&json)))),
        }
    }

    /// Signs out of the portal.
    pub(super) async fn log_out(&mut self, portal: &Portal) -> Result<StatusCode, Trouble> {
        let path = "/api/auth/coder/logout?env=development";
        let response = whole(portal.auth.logout(&self.request("POST", path)?).await).await?;
        self.0.keep(&response);
        Ok(response.status())
    }

    fn request(&self, method: &str, path: &str) -> Result<Request<Bytes>, Trouble> {
        Ok(self.0.script_request(method, path).body(Bytes::new())?)
    }
}

/// Returns the message of an error answer.
pub(super) fn reason(json: &Value) -> &str {
    json.pointer("/error/message").and_then(Value::as_str).unwrap_or_default()
}

/// Opens the consent page with a session and decides; where Coder sends the browser.
async fn at_coder(
    stage: &mut Stage,
    authorize: &Url,
    token: &str,
    decision: Decision,
) -> Result<Url, Trouble> {
    let server = &mut stage.server;
    let path = format!("{}?{}", authorize.path(), authorize.query().unwrap_or_default());
    let page_reply =
        server.quietly("GET", &path).cookies(&[("coder_session_token", token)]).send().await;
    ensure!(page_reply.status == 200, "the consent page answers {}", told(&page_reply));
    let html = String::from_utf8_lossy(&page_reply.body).into_owned();
    if decision == Decision::Cancel {
        let callback = redirect_uri(authorize);
        let link = page::links(&html).into_iter().find(|link| link.starts_with(&callback));
        let link = link.ok_or_else(|| Trouble::new("the consent page has no way to cancel"))?;
        return Ok(Url::parse(&link)?);
    }
    let csrf = page::read(&html).csrf_token;
    let set: Vec<(String, String)> = page_reply
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut cookies = vec![("coder_session_token", token)];
    cookies.extend(set.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let base = server.seed().base.clone();
    let mut form = Vec::new();
    if let Some(csrf) = &csrf {
        form.push(("csrf_token", csrf.as_str()));
    }
    let answer = server
        .quietly("POST", &path)
        .cookies(&cookies)
        .header("origin", &base)
        .header("sec-fetch-site", "same-origin")
        .form(&form)
        .send()
        .await;
    ensure!(matches!(answer.status, 302 | 303 | 307), "consent answers {}", told(&answer));
    location(answer.headers.get(LOCATION))
}

fn redirect_uri(authorize: &Url) -> String {
    let sent = authorize.query_pairs().find(|(name, _)| name == "redirect_uri");
    sent.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn told(reply: &Reply) -> String {
    let text: String = String::from_utf8_lossy(&reply.body).chars().take(200).collect();
    format!("{}: {text}", reply.status)
}

/// Reads the body of a response, which these routes have at hand.
async fn whole(response: Response<Body>) -> Result<Response<Bytes>, Trouble> {
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect(1 << 20).await?))
}

fn location(header: Option<&http::HeaderValue>) -> Result<Url, Trouble> {
    let text = header.and_then(|value| value.to_str().ok());
    let text = text.ok_or_else(|| Trouble::new("there is no Location"))?;
    Ok(Url::parse(text)?)
}

/// Returns the message in the popup's page, or the error of a JSON answer.
fn message(response: &Response<Bytes>) -> Result<Value, Trouble> {
    let text = String::from_utf8_lossy(response.body());
    if let Ok(json) = serde_json::from_str(&text) {
        return Ok(json);
    }
    let posted = PopupMessage::from_page(&text);
    Ok(posted.ok_or_else(|| Trouble::new("the popup's page has no message"))?.message)
}
