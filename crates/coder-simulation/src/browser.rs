//! Browsers: cookies, and what people do with them.

use std::sync::{Arc, MutexGuard};

use bytes::Bytes;
use coder_core::Lock;
use coder_testkit::PopupMessage;
use http::header::LOCATION;
use http::{Request, Response};
use serde_json::Value;
use url::Url;

use crate::names::{self, PORTAL};
use crate::person::{Owner, Person};
use crate::portal::{House, Route};
use crate::rules::{self, HandedOut};

pub(crate) const SESSION: &str = "__Host-coder-session";

/// One browser of the schedule.
pub(crate) struct Browser {
    pub(crate) number: usize,
    pub(crate) house: Arc<House>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    profile: coder_testkit::Browser,
    /// Requests under way that change the session.
    changes: usize,
    /// Two of them were under way at once.
    overlapped: bool,
    /// Nobody can say whether it is signed in: two changes overlapped, or an answer was lost.
    is_uncertain: bool,
    /// Session cookies it once had.
    former: Vec<String>,
    /// Identity tokens that it got, and whose sign-in they stand on, the oldest first.
    identity_tokens: Vec<(String, Owner)>,
}

/// How a change of the session ended.
#[derive(Clone, Copy)]
enum End {
    /// The change is done.
    Done,
    /// The session is what it was.
    Nothing,
    /// Nobody can say how it ended.
    Unknown,
}

impl Browser {
    pub(crate) fn new(number: usize, house: Arc<House>) -> Arc<Self> {
        Arc::new(Self { number, house, state: Lock::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(crate) fn session(&self) -> Option<String> {
        self.state().profile.cookies.get(SESSION).cloned()
    }

    pub(crate) fn is_uncertain(&self) -> bool {
        self.state().is_uncertain
    }

    pub(crate) fn former(&self) -> Vec<String> {
        self.state().former.clone()
    }

    pub(crate) fn identity_tokens(&self) -> Vec<(String, Owner)> {
        self.state().identity_tokens.clone()
    }

    pub(crate) fn name(&self) -> String {
        format!("browser {}", self.number)
    }

    fn tell(&self, line: impl FnOnce() -> String) {
        self.house.ledger.tell(|| format!("{}: {}", self.name(), line()));
    }

    /// Notes that a person uses the portal now.
    pub(crate) fn note_use(&self, person: Person) {
        let now = self.house.time.clock_of_portal().now();
        self.house.ledger.book().used_at.insert(person, now);
    }

    fn request(&self, method: &str, path: &str, session: Option<&str>) -> Option<Request<Bytes>> {
        let mut profile = self.state().profile.clone();
        if let Some(session) = session {
            profile.cookies.insert(SESSION.to_owned(), session.to_owned());
        }
        profile.script_request(method, path).body(Bytes::new()).ok()
    }

    fn keep(&self, response: &Response<Bytes>) {
        let mut state = self.state();
        let former = state.profile.cookies.get(SESSION).cloned();
        state.profile.keep(response);
        let is_over = former.as_ref() != state.profile.cookies.get(SESSION);
        state.former.extend(former.filter(|_| is_over));
    }

    /// Asks a replica and holds it to the time limit.
    pub(crate) async fn ask(
        &self,
        route: Route,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let asked_at = self.house.time.elapsed();
        self.house.ledger.book().asking += 1;
        let response = self.house.ask(self.number, route, request).await;
        self.house.ledger.book().asking -= 1;
        let took = self.house.time.elapsed().saturating_sub(asked_at);
        // After a refusal at Coder the route has spent time of its own before.
        if route != Route::CallRefused {
            rules::in_time(&self.house.ledger, &format!("{} at {route:?}", self.name()), took);
        }
        match &response {
            Some(response) => {
                self.tell(|| format!("{route:?} is answered {}", response.status()));
            }
            None => self.tell(|| format!("{route:?} gets no answer")),
        }
        response
    }

    fn begin_change(&self) {
        let mut state = self.state();
        state.changes += 1;
        state.overlapped |= state.changes > 1;
        state.is_uncertain |= state.overlapped;
    }

    fn end_change(&self, end: End) {
        let mut state = self.state();
        state.changes -= 1;
        match end {
            End::Done => state.is_uncertain = state.overlapped,
            End::Nothing => {}
            End::Unknown => state.is_uncertain = true,
        }
        state.overlapped &= state.changes > 0;
    }

    /// Signs in as `user`.
    pub(crate) async fn sign_in(&self, user: usize, environment: usize) {
        self.begin_change();
        let end = self.log_in(user, environment).await.unwrap_or(End::Unknown);
        self.end_change(end);
    }

    /// Signs in; `None` when nobody can say how it ended.
    async fn log_in(&self, user: usize, environment: usize) -> Option<End> {
        let (house, ledger) = (&self.house, &self.house.ledger);
        let (name, began) = (names::environment(environment), house.time.step());
        self.tell(|| format!("signs in as {} at {name}", names::user_name(user)));
        ledger.count("logins begun");
        self.note_use((user, house.coder_of(environment)));
        let start = self.request(
            "GET",
            &format!("/api/auth/coder/start?env={name}&origin={PORTAL}"),
            None,
        )?;
        let response = self.ask(Route::Start, start).await?;
        self.keep(&response);
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        // Nothing has happened yet.
        let Some(url) = location.and_then(|location| Url::parse(location).ok()) else {
            return Some(End::Nothing);
        };
        let coder = house.coder_of(environment);
        let (fake, person) = (house.coders.get(coder)?, house.user(coder, user)?);
        house.time.turn().await;
        let Ok(callback) = fake.approve(&url, person) else { return Some(End::Nothing) };
        let path = format!("{}?{}", callback.path(), callback.query().unwrap_or_default());
        let sent = self.session();
        let request = self.request("GET", &path, None)?;
        let response = self.ask(Route::Callback, request).await?;
        self.keep(&response);
        let page = String::from_utf8_lossy(response.body());
        let message = PopupMessage::from_page(&page)?.message;
        let Some(got) = message.get("response").and_then(handed_out) else {
            self.tell(|| format!("the login failed: {message}"));
            // The portal may have got as far as ending the former session.
            return None;
        };
        ledger.count("logins");
        let owner = Owner { user, environment, coder, began };
        self.note_use(owner.person());
        self.check(owner, &got);
        let session = self.session()?;
        let mut book = ledger.book();
        book.sessions.insert(session.clone(), owner);
        book.retired.extend(sent.filter(|sent| *sent != session));
        Some(End::Done)
    }

    /// Asks for the session of a page, and returns the status.
    pub(crate) async fn refresh(&self) -> Option<u16> {
        let session = self.session()?;
        self.refresh_with(session).await
    }

    /// Asks as somebody with this session cookie.
    pub(crate) async fn refresh_with(&self, session: String) -> Option<u16> {
        let ledger = &self.house.ledger;
        let (owner, was_retired) = {
            let book = ledger.book();
            (book.sessions.get(&session).copied(), book.retired.contains(&session))
        };
        // The answer that set this cookie has not been read yet.
        let owner = owner?;
        let name = names::environment(owner.environment);
        let path = format!("/api/auth/coder/refresh?optional&env={name}");
        let request = self.request("GET", &path, Some(&session))?;
        self.note_use(owner.person());
        let response = self.ask(Route::Refresh, request).await?;
        self.note_use(owner.person());
        let status = response.status().as_u16();
        ledger.count("refreshes");
        let json: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if status == 200
            && let Some(got) = handed_out(&json)
        {
            ledger.count("refreshes that handed out a token");
            rules::ended_stays_ended(ledger, &self.name(), was_retired);
            self.check(owner, &got);
        } else {
            self.tell(|| format!("is told {json}"));
        }
        Some(status)
    }

    /// Looks at what the person of this sign-in got, and keeps the identity token.
    fn check(&self, owner: Owner, got: &HandedOut) {
        let (house, who) = (&self.house, self.name());
        let email = format!("{}@example.com", names::user_name(owner.user));
        let entity = house.plan.entity_of(owner.environment, owner.user);
        rules::own_profile(&house.ledger, &who, owner, (&email, entity.as_deref()), got);
        rules::is_confirmed(&house.ledger, &who, house.time.elapsed(), &got.access);
        if let Some((_, token)) = &got.identity {
            house.ledger.count("identity tokens");
            self.state().identity_tokens.push((token.clone(), owner));
        }
    }

    /// Signs out of the portal.
    pub(crate) async fn log_out(&self) {
        let Some(session) = self.session() else { return };
        let ledger = &self.house.ledger;
        let owner = ledger.book().sessions.get(&session).copied();
        let Some(owner) = owner else { return };
        self.begin_change();
        let was_alone = self.state().changes == 1 && !self.state().is_uncertain;
        // What a logout of the grant ends: all sessions that there are now. One that has ended
        // already ends nothing.
        let (others, was_retired) = {
            let book = ledger.book();
            let same = |other: &&Owner| other.user == owner.user && other.coder == owner.coder;
            let others = book.sessions.iter().filter(|(_, other)| same(other));
            let others: Vec<String> = others.map(|(cookie, _)| cookie.clone()).collect();
            (others, book.retired.contains(&session) || book.may_have_ended(owner))
        };
        if self.house.plan.logout_ends_grant {
            *ledger.book().logging_out.entry(owner.person()).or_default() += 1;
        }
        let name = names::environment(owner.environment);
        let path = format!("/api/auth/coder/logout?env={name}");
        self.tell(|| "signs out".to_owned());
        let response = match self.request("POST", &path, None) {
            Some(request) => self.ask(Route::Logout, request).await,
            None => None,
        };
        let ended = response.as_ref().is_some_and(|response| response.status().is_success());
        if let Some(response) = &response {
            self.keep(response);
        }
        if ended {
            ledger.count("logouts");
            let mut book = ledger.book();
            let all = self.house.plan.logout_ends_grant && was_alone && !was_retired;
            book.retired.insert(session);
            if all {
                book.retired.extend(others);
            }
        }
        if ended && self.house.plan.logout_ends_grant {
            let mut book = ledger.book();
            book.logging_out.entry(owner.person()).and_modify(|logouts| *logouts -= 1);
            book.may_be_over(owner.person(), self.house.time.step());
        }
        let is_answered = response.is_some_and(|response| !response.status().is_server_error());
        self.end_change(if is_answered { End::Done } else { End::Unknown });
    }

    /// Closes the browser: whatever it waited for is dropped.
    pub(crate) fn close(&self) {
        self.tell(|| "is closed in the middle".to_owned());
        self.house.ledger.count("browsers closed");
        let number = self.number;
        self.house.time.kill(crate::scheduler::Kill::RequestsOf(number));
    }
}

/// Reads what a session answer holds.
fn handed_out(json: &Value) -> Option<HandedOut> {
    let text = |pointer: &str| json.pointer(pointer)?.as_str().map(str::to_owned);
    let identity =
        text("/backstageIdentity/identity/userEntityRef").zip(text("/backstageIdentity/token"));
    let (email, access) = (text("/profile/email")?, text("/providerInfo/accessToken")?);
    Some(HandedOut { email, access, identity })
}
