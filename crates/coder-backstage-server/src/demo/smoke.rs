//! `demo --smoke`: the main job, played through over real sockets by a browser made of code.

use coder_core::with_causes;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_testkit::{FakeUser, PopupMessage};
use http::Method;
use serde_json::Value;
use url::Url;

use super::browser::{Answer, Browser, Problem};
use super::report::{Failed, Report, print};
use super::scene::{self, ENVIRONMENT};
use super::setup::Demo;

/// The browser's cookie of a session; on https it would be called `__Host-coder-session`.
const SESSION_COOKIE: &str = "coder-session";

/// Plays every step, and stops at the first that fails.
pub(super) async fn run(demo: &Demo) -> Result<(), Failed> {
    let mut report = Report::default();
    let mut first = Visitor::new(demo);
    let mut second = Visitor::new(demo);
    let alice = &demo.scene.alice;

    report.step("configuration", configuration(demo))?;
    report.step("portal page", first.page().await)?;
    let coder = report.step("start", first.start().await)?;
    let callback = report.step("consent", first.consent(&coder, alice).await)?;
    report.step("callback", first.callback(&callback, alice).await)?;
    let session = report.step("refresh", first.refresh(alice).await)?;
    report.step("identity token", first.identity_token(&session).await)?;
    let entities = report.step("entities", first.entities().await)?;
    for entity in &entities {
        report.step("workspaces", first.workspaces(entity, alice).await)?;
    }
    report.step("second browser", second.sign_in(alice).await)?;
    report.step("first browser", first.is_still_signed_in(alice).await)?;
    report.step("logout there", second.log_out().await)?;
    report.step("refresh there", second.is_signed_out().await)?;
    let session = report.step("first browser", first.is_still_signed_in(alice).await)?;
    report.step("logout", first.log_out_for_good(&session).await)?;
    report.step("refresh", first.is_signed_out().await)?;

    print(&format!("all {} steps went well", report.steps()));
    Ok(())
}

/// Checks that the files were read, with what is in the environment put in.
fn configuration(demo: &Demo) -> Outcome<()> {
    let auth = &demo.config.auth;
    ensure(auth.environment == ENVIRONMENT, "the environment is another one")?;
    let environment = auth.environments.get(ENVIRONMENT).and_then(|ready| ready.as_ref().ok());
    let environment = environment.ok_or("the environment cannot be used")?;
    ensure(environment.client_id == demo.scene.app.client_id, "the client id is another one")?;
    let (at, deployment) = (environment.provenance.location(), &environment.deployment_url);
    Ok(((), format!("`{ENVIRONMENT}` at {at} signs in at {deployment}")))
}

/// A person's browser, at the portal of the demo.
struct Visitor<'a> {
    demo: &'a Demo,
    browser: Browser,
}

/// Result of a step, with the line to print.
type Outcome<T> = Result<(T, String), Problem>;

impl<'a> Visitor<'a> {
    fn new(demo: &'a Demo) -> Self {
        Self { demo, browser: Browser::new(Arc::clone(&demo.transport)) }
    }

    /// Checks that the portal page comes from the server, with a policy that lets no other script
    /// in.
    async fn page(&mut self) -> Outcome<()> {
        let page = self.browser.open(&self.demo.url).await?.expect(200)?;
        let policy = page.headers.get("content-security-policy").ok_or("it has no policy")?;
        let strict = policy.to_str().is_ok_and(|policy| policy.contains("script-src 'self'"));
        ensure(strict && page.text.contains("id=\"sign-in\""), "it is not the portal page")?;
        Ok(((), format!("{} kB of HTML, scripts of this server only", page.text.len() / 1024)))
    }

    /// Checks that the server sends the browser to Coder, with PKCE, and gives the browser a sealed
    /// attempt.
    async fn start(&mut self) -> Outcome<Url> {
        let origin = self.demo.url.origin().ascii_serialization();
        let mut url = self.portal("/api/auth/coder/start");
        url.query_pairs_mut().append_pair("origin", &origin).append_pair("flow", "popup");
        let answer = self.browser.open(&url).await?.expect(302)?;
        let coder = answer.location().ok_or("it leads nowhere")?;
        ensure(coder.origin() == self.demo.coder_url().origin(), "it does not lead to Coder")?;
        let query: BTreeMap<_, _> = coder.query_pairs().into_owned().collect();
        let has = |name: &str, value: &str| query.get(name).is_some_and(|found| found == value);
        ensure(has("response_type", "code"), "it asks for no code")?;
        ensure(has("code_challenge_method", "S256"), "it uses no PKCE with S256")?;
        let challenge = query.get("code_challenge").ok_or("it has no code challenge")?;
        ensure(challenge.len() == 43, "the code challenge is no SHA-256")?;
        ensure(query.contains_key("state"), "it has no state")?;
        let names: Vec<&str> = query.keys().map(String::as_str).collect();
        Ok((coder.clone(), format!("302 to {} with {}", coder.path(), names.join(", "))))
    }

    /// Signs the person in at Coder and presses "Allow".
    async fn consent(&mut self, coder: &Url, person: &FakeUser) -> Outcome<Url> {
        let login = self.browser.open(coder).await?.expect(200)?;
        ensure(login.text.contains("action=\"/login\""), "Coder shows no login page")?;
        let target = login.hidden_field("redirect").ok_or("the login page leads nowhere")?;
        let target = target.replace("&amp;", "&");
        let id = person.id.to_string();
        let login = self.demo.coder_url().join("/login").map_err(|error| with_causes(&error))?;
        let answer =
            self.browser.submit(&login, &[("redirect", target.as_str()), ("user", &id)]).await?;
        let page = answer.location().ok_or("nobody can sign in at Coder")?;
        self.allow(&page, person).await
    }

    async fn allow(&mut self, page: &Url, person: &FakeUser) -> Outcome<Url> {
        let consent = self.browser.open(page).await?.expect(200)?;
        let token = consent.hidden_field("csrf_token").ok_or("Coder shows no consent page")?;
        let token = token.to_owned();
        let answer = self.browser.submit(page, &[("csrf_token", &token)]).await?.expect(302)?;
        let callback = answer.location().ok_or("Coder sends the browser nowhere")?;
        ensure(callback.origin() == self.demo.url.origin(), "Coder sends the browser elsewhere")?;
        let names: Vec<_> = callback.query_pairs().map(|(name, _)| name.into_owned()).collect();
        ensure(names.iter().any(|name| name == "code"), "Coder gave no code")?;
        let said = format!(
            "{} allowed it; 302 to {} with {}",
            person.username,
            callback.path(),
            names.join(", ")
        );
        Ok((callback, said))
    }

    /// Checks that the server exchanges the code, keeps the tokens, and gives the browser a handle.
    async fn callback(&mut self, callback: &Url, person: &FakeUser) -> Outcome<()> {
        let page = self.browser.open(callback).await?.expect(200)?;
        let PopupMessage { message, origin, .. } = page.posted()?;
        refused(&message)?;
        let is_response = text(&message, "/type") == "authorization_response";
        ensure(is_response, "the message has another type")?;
        ensure(origin == self.demo.url.origin().ascii_serialization(), "it is for another origin")?;
        let email = text(&message, "/response/profile/email");
        ensure(email == person.email, "it is about somebody else")?;
        let cookie = page.set_cookie(SESSION_COOKIE).ok_or("no session cookie was set")?;
        ensure(cookie.contains("HttpOnly"), "scripts could read the session cookie")?;
        let refresh_token_in_a_cookie = page.set_cookie("coder-refresh-token").is_some();
        ensure(!refresh_token_in_a_cookie, "Coder's token went to the browser")?;
        Ok((
            (),
            format!("the popup tells {origin} that {email} is signed in; {SESSION_COOKIE} is set"),
        ))
    }

    /// Checks that a reloaded page finds its session.
    async fn refresh(&mut self, person: &FakeUser) -> Outcome<Value> {
        let session = self.session().await?.expect(200)?.json()?;
        let expected = format!("user:default/{}", person.username);
        let user = text(&session, "/backstageIdentity/identity/userEntityRef");
        ensure(user == expected, "the identity is another one")?;
        let groups = list(&session, "/backstageIdentity/identity/ownershipEntityRefs").len();
        ensure(groups > 1, "the catalog's groups are missing from the identity")?;
        let name = text(&session, "/profile/displayName").to_owned();
        let said = format!("{name} is {expected}, through {groups} entities");
        Ok((session, said))
    }

    /// Checks that other backends can verify the identity token, since its key is published.
    async fn identity_token(&mut self, session: &Value) -> Outcome<()> {
        let header =
            text(session, "/backstageIdentity/token").split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| "its header is unreadable")?;
        let header: Value =
            serde_json::from_slice(&header).map_err(|_| "its header is unreadable")?;
        let jwks = self.portal("/api/auth/.well-known/jwks.json");
        let jwks = self.browser.fetch(Method::GET, &jwks).await?.expect(200)?.json()?;
        let keys = list(&jwks, "/keys");
        let published = keys.iter().any(|key| text(key, "/kid") == text(&header, "/kid"));
        ensure(published, "its key is not published")?;
        let (kind, algorithm) = (text(&header, "/typ"), text(&header, "/alg"));
        Ok(((), format!("{kind}, {algorithm}, key published among {}", keys.len())))
    }

    async fn entities(&mut self) -> Outcome<Vec<String>> {
        let url = self.portal("/api/coder/v1/entities");
        let answer = self.browser.fetch(Method::GET, &url).await?.expect(200)?.json()?;
        let items = list(&answer, "/items");
        let names: Vec<_> = items.iter().map(|item| text(item, "/name").to_owned()).collect();
        let said = names.join(", ");
        ensure(names == scene::COMPONENTS, &format!("they are {said}"))?;
        Ok((names, said))
    }

    /// Checks that one search finds an entity's workspaces, whatever spelling of the URL they were
    /// made with.
    async fn workspaces(&mut self, name: &str, person: &FakeUser) -> Outcome<()> {
        let before = self.searches();
        let path = format!("/api/coder/v1/entities/component/default/{name}/workspaces");
        let url = self.portal(&path);
        let found = self.browser.fetch(Method::GET, &url).await?.expect(200)?.json()?;
        let searches = self.searches() - before;
        let has_repository = !text(&found, "/repositoryUrl").is_empty();
        ensure(searches == usize::from(has_repository), &format!("it took {searches} searches"))?;
        let workspaces = list(&found, "/workspaces");
        let mut names: Vec<&str> =
            workspaces.iter().map(|workspace| text(workspace, "/name")).collect();
        names.sort_unstable();
        let expected = scene::workspaces_of(&person.username, name);
        ensure(names == expected, &format!("of {name} there are {}", names.join(", ")))?;
        ensure(found.get("partial") == Some(&Value::Bool(false)), "workspaces may be missing")?;
        for workspace in workspaces {
            let link = text(workspace, "/links/dashboard");
            let leads_to_coder = link.starts_with(self.demo.coder_url().as_str());
            ensure(leads_to_coder, "a workspace's link leads elsewhere")?;
        }
        let states: Vec<String> = workspaces
            .iter()
            .map(|workspace| {
                format!("{} is {}", text(workspace, "/name"), text(workspace, "/availability"))
            })
            .collect();
        let creation = Url::parse(text(&found, "/creationUrl"));
        let creation = creation.map_err(|_| "no workspace can be created")?;
        let states = if states.is_empty() { "none yet".to_owned() } else { states.join(", ") };
        let notices = list(&found, "/notices").len();
        let counted = format!("searches: {searches}, notices: {notices}");
        Ok(((), format!("{name}: {states}; new at {} ({counted})", creation.path())))
    }

    /// Goes through the whole login at once.
    async fn sign_in(&mut self, person: &FakeUser) -> Outcome<()> {
        let (coder, _) = self.start().await?;
        let (callback, _) = self.consent(&coder, person).await?;
        self.callback(&callback, person).await?;
        self.refresh(person).await?;
        Ok(((), format!("{} signed in there, too", person.username)))
    }

    /// Checks that a browser is still signed in: Coder keeps one token pair per person and app, and
    /// the browsers share it.
    async fn is_still_signed_in(&mut self, person: &FakeUser) -> Outcome<Value> {
        let (session, _) = self.refresh(person).await?;
        self.workspaces("payments", person).await?;
        Ok((session, "still signed in, and sees its workspaces".to_owned()))
    }

    /// Leaves the cookie in the browser, as a thief would, so that what follows is up to the server.
    async fn log_out(&mut self) -> Outcome<()> {
        let cookies = self.browser.cookies();
        let url = self.portal("/api/auth/coder/logout");
        let answer = self.browser.fetch(Method::POST, &url).await?.expect(200)?;
        let cookie = answer.set_cookie(SESSION_COOKIE).ok_or("the session cookie stays")?;
        ensure(cookie.contains("Max-Age=0"), "the session cookie stays")?;
        self.browser.keep_cookies(cookies);
        Ok(((), "the session has ended".to_owned()))
    }

    /// Checks that Coder's tokens end with the last session.
    async fn log_out_for_good(&mut self, session: &Value) -> Outcome<()> {
        let token = text(session, "/providerInfo/accessToken");
        let coder = &self.demo.scene.coder;
        ensure(coder.is_live(token), "Coder's token was dead already")?;
        self.log_out().await?;
        ensure(!coder.is_live(token), "Coder's token still lives")?;
        Ok(((), "the session has ended, and Coder's tokens are revoked".to_owned()))
    }

    async fn is_signed_out(&mut self) -> Outcome<()> {
        let answer = self.session().await?.expect(401)?.json()?;
        Ok(((), format!("401: {}", text(&answer, "/error/message"))))
    }

    async fn session(&mut self) -> Result<Answer, Problem> {
        let url = self.portal("/api/auth/coder/refresh");
        self.browser.fetch(Method::GET, &url).await
    }

    /// Returns how often Coder was asked to search.
    fn searches(&self) -> usize {
        self.demo.scene.coder.count("GET", "/api/v2/workspaces")
    }

    /// Returns the URL of a route of the portal, for the demo's environment.
    fn portal(&self, path: &str) -> Url {
        let mut url = self.demo.url.clone();
        url.set_path(path);
        url.query_pairs_mut().append_pair("env", ENVIRONMENT);
        url
    }
}

/// Fails when the popup's message says that the login was refused.
fn refused(message: &Value) -> Result<(), Problem> {
    let reason = text(message, "/error/message");
    ensure(reason.is_empty(), &format!("the login was refused: {reason}"))
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Returns the text at a place of some JSON (RFC 6901); empty when there is none.
fn text<'v>(json: &'v Value, pointer: &str) -> &'v str {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the list at a place of some JSON; empty when there is none.
fn list<'v>(json: &'v Value, pointer: &str) -> &'v [Value] {
    json.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
