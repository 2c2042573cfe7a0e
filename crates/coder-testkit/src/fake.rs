//! The fake deployment, as a test sees it.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use coder_client::{NotificationId, UserId};
use coder_core::{Body, Clock, DeploymentUrl};
use futures_util::StreamExt as _;
use http::{Request, Response};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Version;
use crate::clock::TestClock;
use crate::misuse::misuse;
use crate::model::{ClientType, FakeApp, FakeUser, KeyKind, NewApp, Seen, User, UserStatus};
use crate::router;
use crate::rules::live::{Next, live};
use crate::rules::scopes;
use crate::store::{Deployment, Settings, Shared, State};
use crate::wire::call::Call;
use crate::wire::fault::{self, Fault, Outcome};
use crate::wire::recorded::RecordedRequest;

const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A fake Coder deployment: requests in, responses out, everything else in memory.
///
/// Clones are the same deployment. It has no socket and never sleeps; see the crate's
/// documentation for its doors.
#[derive(Clone)]
pub struct FakeCoder {
    shared: Shared,
    test_clock: Option<TestClock>,
}

impl FakeCoder {
    pub(crate) fn from_parts(
        settings: Settings,
        state: State,
        test_clock: Option<TestClock>,
    ) -> Self {
        let shared = Shared::new(settings, state, |deployment| deployment.begin_successors());
        Self { shared, test_clock }
    }

    /// Returns the deployment's access URL.
    pub fn url(&self) -> &DeploymentUrl {
        &self.settings().url
    }

    /// Returns the release of Coder that the fake follows.
    pub fn version(&self) -> Version {
        self.settings().version
    }

    /// Returns the clock of the fake. Give the same clock to the code under test.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.settings().clock)
    }

    /// Turns the fake's own clock forward.
    ///
    /// # Panics
    ///
    /// When the fake was built with a clock of yours: turn that one.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        match &self.test_clock {
            Some(clock) => clock.advance(duration),
            None => misuse("this fake lives by a clock of yours: turn that one"),
        }
        self.look_at_the_clock();
    }

    /// Returns `true` if the fake lives by a clock of its own, which [`advance`](Self::advance) turns.
    #[cfg(all(feature = "native", not(target_family = "wasm")))]
    pub(crate) fn has_own_clock(&self) -> bool {
        self.test_clock.is_some()
    }

    /// Wakes streams that wait for a change, after a clock of yours was turned.
    pub fn look_at_the_clock(&self) {
        self.with(|_| ());
    }

    /// Answers a request as Coder would; faults are not consulted.
    ///
    /// The URI may be absolute or a path. This is the pure logic below every door.
    pub fn respond(&self, request: Request<Bytes>) -> Response<Body> {
        let call = self.record(request);
        let reply = self.with(|deployment| {
            deployment.state.begin_answer(None);
            router::respond(deployment, &call)
        });
        reply.into_response()
    }

    /// Answers as a client sees it: with Coder's answer, or what a fault made of it.
    #[cfg(feature = "wiremock")]
    pub(crate) fn exchange(&self, request: Request<Bytes>) -> Outcome {
        self.answer(&self.record(request), None)
    }

    /// Answers a request at a door where requests may overlap.
    pub(crate) async fn exchange_in_turn(&self, request: Request<Bytes>) -> Outcome {
        let call = self.record(request);
        let Some(arrival) = self.shared.peek(|deployment| deployment.arrive(&call)) else {
            if self.settings().overlaps {
                next_turn().await;
            }
            return self.answer(&call, None);
        };
        for _ in 0..arrival.turns {
            next_turn().await;
        }
        self.answer(&call, arrival.seen)
    }

    /// Ends when the clock has gone on by `delay`, or the server was restarted.
    pub(crate) async fn pass(&self, delay: Duration) {
        let mut until = None;
        let mut passed = live(self.shared.clone(), move |deployment| {
            let until = *until
                .get_or_insert_with(|| deployment.now.checked_add(delay).unwrap_or(Timestamp::MAX));
            if deployment.now < until { Next::Later } else { Next::Now(()) }
        });
        passed.next().await;
    }

    fn answer(&self, call: &Call, seen: Option<Seen>) -> Outcome {
        self.with(|deployment| {
            deployment.state.begin_answer(seen);
            match fault::strike(&mut deployment.state.faults, call) {
                Some(kind) => kind.outcome(|| router::respond(deployment, call)),
                None => Outcome::Answered(router::respond(deployment, call)),
            }
        })
    }

    fn record(&self, request: Request<Bytes>) -> Call {
        let base = self.settings().url.endpoint([]).path().trim_end_matches('/').to_owned();
        let mut call = Call::read(request, &base);
        let mut state = self.lock();
        call.arrived = state.next_moment();
        state.requests.push(RecordedRequest::from_call(&call));
        call
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// Runs `work` on the deployment at this moment, and lets streams look at the result.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Deployment<'_>) -> T) -> T {
        self.shared.with(work)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }
}

/// Adds and changes people and applications.
impl FakeCoder {
    /// Adds a member, `<username>@example.com`. Asking for the same name again gives the same
    /// user.
    pub fn add_user(&self, username: &str) -> FakeUser {
        self.add_user_with_email(username, &format!("{username}@example.com"))
    }

    /// Adds a member with an email address of their own.
    pub fn add_user_with_email(&self, username: &str, email: &str) -> FakeUser {
        self.with(|deployment| add_user(deployment, username, email, false))
    }

    /// Adds a user who may do everything, such as registering applications.
    pub fn add_owner(&self, username: &str) -> FakeUser {
        let email = format!("{username}@example.com");
        self.with(|deployment| add_user(deployment, username, &email, true))
    }

    /// Suspends a user: all their tokens answer 401 until they are activated again.
    pub fn suspend(&self, user: &FakeUser) {
        self.set_status(user, UserStatus::Suspended);
    }

    /// Makes a suspended user active again.
    pub fn activate(&self, user: &FakeUser) {
        self.set_status(user, UserStatus::Active);
    }

    /// Deletes a user with everything of theirs: sessions and tokens, workspaces, linked accounts.
    /// Another user of the same name can be added then.
    pub fn delete_user(&self, user: &FakeUser) {
        let id = user.id.as_uuid();
        self.with(|deployment| {
            deployment.state.workspaces.retain(|_, workspace| workspace.owner != id);
            deployment.state.external_auth.retain(|(owner, _)| *owner != id);
            deployment.state.delete_user(id);
        });
    }

    /// Puts a message into a user's inbox (`GET /api/v2/notifications/inbox`), and returns its id.
    ///
    /// # Panics
    ///
    /// When the fake has no such user.
    #[track_caller]
    pub fn add_notification(&self, user: &FakeUser, title: &str, content: &str) -> NotificationId {
        let id = self.with(|deployment| {
            let user = deployment.state.users.get(&user.id.as_uuid())?.clone();
            Some(deployment.notify(&user, title, content))
        });
        let Some(id) = id else { misuse("the fake has no such user") };
        id.into()
    }

    fn set_status(&self, user: &FakeUser, status: UserStatus) {
        if let Some(user) = self.lock().users.get_mut(&user.id.as_uuid()) {
            user.status = status;
        }
    }

    /// Registers an OAuth2 application and makes a secret for it. Nothing is checked: neither
    /// the name nor the callback URL has to be one that this release accepts from an owner.
    pub fn add_oauth2_app(&self, name: &str, callback_url: &str) -> FakeApp {
        self.with(|deployment| {
            let app = deployment.add_app(NewApp {
                name: name.to_owned(),
                redirect_uris: vec![callback_url.to_owned()],
                icon: String::new(),
                scope: None,
                client_type: ClientType::Confidential,
                dynamically_registered: false,
            });
            let secret = deployment.add_app_secret(app.id);
            let text = secret.map(|secret| secret.parts.as_prefixed()).unwrap_or_default();
            FakeApp { client_id: app.id.to_string(), client_secret: text.into() }
        })
    }

    /// Limits what an application may ask for (a list of scopes separated by spaces). Releases
    /// before 2.38 do not know such a limit.
    pub fn set_app_scope(&self, app: &FakeApp, scope: &str) {
        let mut state = self.lock();
        if let Some(stored) = app_id(app).and_then(|id| state.app_mut(id)) {
            stored.scope = (!scope.is_empty()).then(|| scope.to_owned());
        }
    }

    /// Deletes an application, and with it all codes and tokens issued to it.
    pub fn delete_app(&self, app: &FakeApp) {
        if let Some(id) = app_id(app) {
            self.lock().delete_app(id);
        }
    }

    /// Deletes the application's secret, and with it all tokens issued under it.
    pub fn delete_app_secret(&self, app: &FakeApp) {
        let Some(id) = app_id(app) else { return };
        let mut state = self.lock();
        let secret = state.app(id).and_then(|stored| {
            let given = app.client_secret.expose();
            stored.secrets.iter().find(|secret| secret.parts.as_prefixed() == given)
        });
        if let Some(secret) = secret.map(|secret| secret.id) {
            state.delete_app_secret(id, secret);
        }
    }

    /// Links an external provider to a user's account.
    pub fn link_external_auth(&self, user: &FakeUser, provider: &str) {
        self.lock().external_auth.push((user.id.as_uuid(), provider.to_owned()));
    }

    /// Sets how long sessions and access tokens live that are made from now on.
    pub fn set_session_lifetime(&self, lifetime: Duration) {
        self.lock().session_lifetime = lifetime;
    }

    /// Switches the OAuth2 provider off or on. Tokens issued before keep working.
    pub fn set_oauth2_provider(&self, on: bool) {
        self.lock().provider_off = !on;
    }

    /// Returns `true` if an access token, session token or refresh token would be accepted now.
    /// The user's status is not considered.
    pub fn is_live(&self, token: &str) -> bool {
        self.with(|deployment| {
            deployment.purge_expired();
            deployment.is_live_key(token) || deployment.is_live_refresh_token(token)
        })
    }

    /// Counts the token pairs of this user, of all applications, that would be accepted now.
    pub fn count_pairs(&self, user: &FakeUser) -> usize {
        let user = user.id;
        self.with(|deployment| {
            deployment.purge_expired();
            let tokens = deployment.state.refresh_tokens.values();
            tokens
                .filter(|token| {
                    UserId::from(token.user) == user && token.expires_at > deployment.now
                })
                .count()
        })
    }

    /// Returns the user of an access or session token that would be accepted now.
    pub fn owner_of(&self, token: &str) -> Option<UserId> {
        self.with(|deployment| deployment.owner_of(token))
    }
}

/// Lets requests go wrong, and tells which ones were sent.
impl FakeCoder {
    /// Lets something go wrong with the next request that matches.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Returns every request that came, oldest first, faults included.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().requests.clone()
    }

    /// Returns how many requests with `method` went to exactly `path`.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.lock().requests.iter().filter(|request| request.is(method, path)).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.lock().requests.clear();
    }
}

/// Lets the executor do something else once.
async fn next_turn() {
    let mut is_over = false;
    poll_fn(|context| {
        if is_over {
            return Poll::Ready(());
        }
        is_over = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn app_id(app: &FakeApp) -> Option<Uuid> {
    Uuid::try_parse(&app.client_id).ok()
}

fn add_user(deployment: &mut Deployment<'_>, username: &str, email: &str, owner: bool) -> FakeUser {
    let stored = deployment.state.user_named(username).cloned();
    let user = stored.unwrap_or_else(|| User { owner, ..deployment.new_user(username, email) });
    deployment.state.users.insert(user.id, user.clone());
    let key =
        deployment.mint_key(user.id, KeyKind::Session, TEN_YEARS, vec![scopes::ALL.to_owned()]);
    FakeUser {
        id: user.id.into(),
        username: user.username,
        email: user.email,
        session_token: key.parts.as_key().into(),
    }
}

impl fmt::Debug for FakeCoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FakeCoder({} at {})", self.version(), self.url())
    }
}

impl FakeCoder {
    /// Restarts the server, as an administrator would: everything it knows stays, and every
    /// stream that is open ends as it does when Coder goes down in peace: WebSockets with code
    /// 1000, event streams without an error. A log may end so although its build goes on.
    pub fn restart(&self) {
        self.with(|deployment| deployment.state.restarts += 1);
    }
}

impl FakeCoder {
    /// Gives a user a full name, like `Grace Hopper`.
    pub fn set_full_name(&self, user: &FakeUser, name: &str) {
        self.change_user(user, |stored| name.clone_into(&mut stored.name));
    }

    /// Gives a user a password for `POST /api/v2/users/login`.
    pub fn set_password(&self, user: &FakeUser, password: &str) {
        self.change_user(user, |stored| stored.password = Some(password.into()));
    }

    fn change_user(&self, user: &FakeUser, change: impl FnOnce(&mut User)) {
        self.with(|deployment| {
            if let Some(stored) = deployment.state.users.get_mut(&user.id.as_uuid()) {
                change(stored);
            }
        });
    }
}
