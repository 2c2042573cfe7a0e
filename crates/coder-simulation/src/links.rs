//! What people do besides signing in: linked tokens, and the other routes of the portal.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderName, Request, Response};
use serde_json::{Value, json};

use crate::browser::{Browser, SESSION};
use crate::names;
use crate::person::Owner;
use crate::plan::{Credential, Use};
use crate::portal::Route;
use crate::rules;

/// A header that says whose a request is, and whose that is.
struct Claim {
    header: (HeaderName, String),
    owner: Owner,
    /// The session has ended.
    was_retired: bool,
}

impl Browser {
    /// Uses the portal as the person of this credential.
    pub(crate) async fn use_portal(&self, by: Credential, environment: usize, what: Use) {
        let Some(claim) = self.claim(by) else { return };
        self.note_use(claim.owner.person());
        match what {
            Use::Call => self.call(&claim, environment, Route::Call).await,
            Use::CallRefused => self.call(&claim, environment, Route::CallRefused).await,
            Use::ShowLink => {
                self.show_link(&claim, environment).await;
            }
            Use::Unlink => self.unlink(&claim, environment).await,
            Use::Link { user } => self.link(&claim, environment, user).await,
        }
    }

    /// Asks what is linked for the person who is signed in here: it is what was linked last.
    pub(crate) async fn look_at_links(&self) {
        let Some(claim) = self.claim(Credential::Cookie) else { return };
        for environment in 0..self.house.plan.environments {
            let place = self.house.link_place(claim.owner, environment);
            let expected = self.house.ledger.book().links.certain(place);
            let shown = self.show_link(&claim, environment).await;
            if let (Some(expected), Some(shown)) = (expected, shown) {
                rules::still_linked(&self.house.ledger, &self.name(), expected, shown);
            }
        }
    }

    fn claim(&self, by: Credential) -> Option<Claim> {
        let tokens = self.identity_tokens();
        let (token, owner) = match by {
            Credential::Cookie => {
                let session = self.session()?;
                let book = self.house.ledger.book();
                let owner = *book.sessions.get(&session)?;
                let was_retired = book.retired.contains(&session);
                let header = (COOKIE, format!("{SESSION}={session}"));
                return Some(Claim { header, owner, was_retired });
            }
            Credential::Token => tokens.last()?.clone(),
            Credential::OldToken => tokens.first()?.clone(),
        };
        let header = (AUTHORIZATION, format!("Bearer {token}"));
        Some(Claim { header, owner, was_retired: false })
    }

    /// Asks any other route of the portal, which would ask Coder as this person.
    async fn call(&self, claim: &Claim, environment: usize, route: Route) {
        let (owner, ledger) = (claim.owner, &self.house.ledger);
        let place = self.house.link_place(owner, environment);
        let path = format!("/api/coder/v1/workspaces?env={}", names::environment(environment));
        ledger.book().links.begin(place);
        let response = self.ask_as(claim, "GET", &path, route, Bytes::new()).await;
        if let Some(token) = response.as_ref().and_then(success) {
            ledger.count("calls of other routes");
            let used = self.house.person_of(token);
            let is_own = environment == owner.environment && used == Some(owner.person());
            let is_linked = used.is_some_and(|(user, coder)| {
                coder == place.coder && ledger.book().links.may_be(place, user)
            });
            rules::ended_stays_ended(ledger, &self.name(), claim.was_retired);
            rules::own_caller(ledger, &self.name(), owner, used, is_own || is_linked);
            rules::is_confirmed(ledger, &self.name(), self.house.time.elapsed(), token);
            if !is_own {
                ledger.count("calls with a linked token");
            }
        }
        ledger.book().links.end(place, None);
    }

    /// Gives the user whose token is linked. `None` when the portal does not say.
    async fn show_link(&self, claim: &Claim, environment: usize) -> Option<Option<usize>> {
        let ledger = &self.house.ledger;
        let place = self.house.link_place(claim.owner, environment);
        ledger.book().links.begin(place);
        let path = link_path(environment);
        let response = self.ask_as(claim, "GET", &path, Route::ShowLink, Bytes::new()).await;
        let shown = response.as_ref().and_then(success).map(|text| {
            let answer: Value = serde_json::from_str(text).unwrap_or_default();
            let name = answer.get("username").and_then(Value::as_str);
            name.and_then(names::user_named)
        });
        if let Some(Some(user)) = shown {
            ledger.count("links shown");
            let is_own = ledger.book().links.may_be(place, user);
            rules::own_link(ledger, &self.name(), claim.owner, user, is_own);
        }
        ledger.book().links.end(place, None);
        shown
    }

    async fn unlink(&self, claim: &Claim, environment: usize) {
        let ledger = &self.house.ledger;
        let place = self.house.link_place(claim.owner, environment);
        ledger.book().links.begin_change(place, None);
        let path = link_path(environment);
        let response = self.ask_as(claim, "DELETE", &path, Route::Unlink, Bytes::new()).await;
        let is_done = response.as_ref().and_then(success).is_some();
        if is_done {
            ledger.count("links removed");
        }
        ledger.book().links.end(place, is_done.then_some(None));
    }

    async fn link(&self, claim: &Claim, environment: usize, user: usize) {
        let (owner, ledger) = (claim.owner, &self.house.ledger);
        let place = self.house.link_place(owner, environment);
        let Some(account) = self.house.user(place.coder, user) else { return };
        let body = json!({ "token": account.session_token.expose() }).to_string();
        ledger.book().links.begin_change(place, Some(user));
        let path = link_path(environment);
        let response = self.ask_as(claim, "POST", &path, Route::Link, body.into()).await;
        let is_done = response.as_ref().and_then(success).is_some();
        if is_done {
            ledger.count("tokens linked");
            let is_own = self.house.may_link(owner, environment, user);
            rules::own_link(ledger, &self.name(), owner, user, is_own);
        }
        ledger.book().links.end(place, is_done.then_some(Some(user)));
    }

    async fn ask_as(
        &self,
        claim: &Claim,
        method: &str,
        path: &str,
        route: Route,
        body: Bytes,
    ) -> Option<Response<Bytes>> {
        let (name, value) = &claim.header;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", names::PORTAL)
            .header(CONTENT_TYPE, "application/json")
            .header(name, value);
        self.ask(route, request.body(body).ok()?).await
    }
}

fn link_path(environment: usize) -> String {
    format!("/api/coder/v1/link?env={}", names::environment(environment))
}

/// Returns the body of an answer that is not a refusal.
fn success(response: &Response<Bytes>) -> Option<&str> {
    let is_success = response.status().is_success();
    std::str::from_utf8(response.body()).ok().filter(|_| is_success)
}
