//! The portal's replicas, the Coders, and the store they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::store::AuthStore;
use coder_auth::{
    AllowedOrigins, AuthOptions, BackstageIdentity, CoderAuth, EnvironmentOptions, GrantKey,
    LogoutScope, OAuth2App, SealingKeys, SessionOptions, SignIn, resolver_fn, testing,
};
use coder_core::{Body, Lock, Secret, World};
use coder_testkit::{FakeApp, FakeCoder, FakeUser, SeededRandom};
use futures_channel::oneshot;
use http::{Request, Response};
use url::Url;

use crate::choices::{Choices, SimulatedRandom};
use crate::ledger::Ledger;
use crate::link_book::LinkPlace;
use crate::names::{ENVIRONMENTS, PORTAL, USERS};
use crate::network::Network;
use crate::person::{Owner, Person};
use crate::plan::{Identities, Plan};
use crate::scheduler::{Kill, OUTSIDE, Process, ProcessRuntime, Tag, Time, Work};
use crate::store::Steps;

/// How long what is under way may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(25);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Where grants and sessions are kept.
#[derive(Clone)]
pub(crate) struct Storage {
    pub(crate) store: Arc<dyn AuthStore>,
    /// Runs the calls of a database.
    pub(crate) tokio: Option<Arc<tokio::runtime::Runtime>>,
}

/// Why a schedule cannot be set up.
#[derive(Debug)]
pub struct SetupError(pub String);

impl<E: std::error::Error> From<E> for SetupError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// A route of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Start,
    Callback,
    Refresh,
    Logout,
    ShowLink,
    Link,
    Unlink,
    /// Any other route, which asks who calls.
    Call,
    /// The same, and then Coder refuses the caller's token.
    CallRefused,
}

struct Replica {
    process: Process,
    /// `None` while it stops.
    auth: Option<CoderAuth>,
    runtime: Arc<ProcessRuntime>,
}

/// Everything but the browsers.
pub(crate) struct House {
    pub(crate) plan: Plan,
    pub(crate) time: Time,
    pub(crate) ledger: Ledger,
    pub(crate) coders: Arc<Vec<FakeCoder>>,
    pub(crate) users: Arc<Vec<Vec<FakeUser>>>,
    apps: Vec<FakeApp>,
    keys: SealingKeys,
    storage: Storage,
    replicas: Lock<Vec<Replica>>,
    processes: AtomicUsize,
    requests: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

impl House {
    pub(crate) fn new(
        plan: Plan,
        time: Time,
        ledger: Ledger,
        storage: Storage,
    ) -> Result<Arc<Self>, SetupError> {
        let coders: Vec<FakeCoder> = (0..plan.deployments)
            .map(|number| {
                let builder = FakeCoder::builder()
                    .version(plan.release)
                    .url(&format!("https://coder{number}.test"))
                    .clock(time.clock_of_coder())
                    .random(Arc::new(SeededRandom::new(format!("coder {number} {}", plan.seed))))
                    .session_lifetime(Duration::from_secs(plan.session_lifetime));
                if plan.races { builder.races(plan.seed) } else { builder }.build()
            })
            .collect();
        let apps = coders
            .iter()
            .enumerate()
            .map(|(number, coder)| coder.add_oauth2_app("portal", &plan.callback_of(number)))
            .collect();
        let users: Vec<Vec<FakeUser>> = coders
            .iter()
            .map(|coder| USERS.iter().map(|name| coder.add_user(name)).collect())
            .collect();
        let house = Arc::new(Self {
            keys: SealingKeys::from_secrets(&[Secret::new("k".repeat(32))])?,
            replicas: Lock::default(),
            processes: AtomicUsize::new(1),
            requests: Arc::default(),
            calls: Arc::default(),
            coders: Arc::new(coders),
            plan,
            time,
            ledger,
            users: Arc::new(users),
            apps,
            storage,
        });
        for _ in 0..house.plan.replicas {
            let replica = house.boot()?;
            house.replicas().push(replica);
        }
        Ok(house)
    }

    fn replicas(&self) -> std::sync::MutexGuard<'_, Vec<Replica>> {
        self.replicas.lock()
    }

    /// Starts a new process on the same store.
    fn boot(&self) -> Result<Replica, SetupError> {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        let process = Process::try_from(number)?;
        let faults = self.plan.network.clone();
        let requests = self.requests.clone();
        let latency = Lock::new(Choices::new(self.plan.seed, 2000 + u64::from(process)));
        let is_slow = self.plan.is_slow;
        let network = Network {
            coders: self.coders.clone(),
            process,
            time: self.time.clone(),
            ledger: self.ledger.clone(),
            users: self.users.clone(),
            revokes_pairs: self.plan.revokes_pairs(),
            rotation_takes: Duration::from_secs(self.plan.rotation_takes),
            latency: Arc::new(move || {
                let mut choices = latency.lock();
                let seconds = if is_slow { choices.one_of(&[0, 0, 0, 1, 3], 0) } else { 0 };
                Duration::from_secs(seconds)
            }),
            faults: Arc::new(move || {
                let number = requests.fetch_add(1, Ordering::Relaxed);
                faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault)
            }),
        };
        let faults = self.plan.store.clone();
        let calls = self.calls.clone();
        let store = Steps {
            inner: self.storage.store.clone(),
            tokio: self.storage.tokio.clone(),
            process,
            keys: self.keys.clone(),
            coders: self.coders.clone(),
            time: self.time.clone(),
            ledger: self.ledger.clone(),
            faults: Arc::new(move || {
                let number = calls.fetch_add(1, Ordering::Relaxed);
                faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault)
            }),
        };
        let random = SimulatedRandom::new(Choices::new(self.plan.seed, 1000 + u64::from(process)));
        let runtime = Arc::new(ProcessRuntime::new(self.time.clone(), process));
        let world = World {
            transport: Arc::new(network),
            clock: self.time.clock_of_portal(),
            random: Arc::new(random),
            runtime: runtime.clone(),
        };
        let auth = CoderAuth::new(&world, Arc::new(store), self.keys.clone(), self.options()?);
        Ok(Replica { process, auth: Some(auth), runtime })
    }

    fn options(&self) -> Result<AuthOptions, SetupError> {
        let origins = AllowedOrigins::new(PORTAL.parse()?, []);
        let scope =
            if self.plan.logout_ends_grant { LogoutScope::Grant } else { LogoutScope::Session };
        let mut options = AuthOptions::new(Url::parse(&format!("{PORTAL}/api/auth"))?, origins)
            .session(SessionOptions::default().logout(scope));
        for (number, name) in ENVIRONMENTS.iter().take(self.plan.environments).enumerate() {
            let coder = self.coder_of(number);
            let (Some(fake), Some(app)) = (self.coders.get(coder), self.apps.get(coder)) else {
                continue;
            };
            let environment = EnvironmentOptions::new(
                fake.url().clone(),
                &*app.client_id,
                app.client_secret.clone(),
            );
            let environment = match self.plan.identities_of(number) {
                Identities::None => environment,
                identities => environment.sign_in(sign_in(identities)),
            };
            options = options.environment(*name, environment);
        }
        Ok(options)
    }

    /// Returns the deployment of an environment.
    pub(crate) fn coder_of(&self, environment: usize) -> usize {
        self.plan.coder_of(environment)
    }

    pub(crate) fn user(&self, coder: usize, user: usize) -> Option<&FakeUser> {
        self.users.get(coder)?.get(user)
    }

    /// Returns where the token is kept that the person of this sign-in links in an environment.
    pub(crate) fn link_place(&self, owner: Owner, environment: usize) -> LinkPlace {
        let (holder, coder) = (owner.person(), self.coder_of(environment));
        LinkPlace { holder, environment: owner.environment, coder }
    }

    /// Tells whether a token of this user is the person's own, as far as the portal can tell.
    pub(crate) fn may_link(&self, owner: Owner, environment: usize, user: usize) -> bool {
        if self.coder_of(environment) == owner.coder {
            return user == owner.user;
        }
        let known = self.plan.entity_of(environment, user);
        known
            .is_none_or(|entity| Some(entity) == self.plan.entity_of(owner.environment, owner.user))
    }

    /// Returns the person whose token it is.
    pub(crate) fn person_of(&self, token: &str) -> Option<Person> {
        if let Some(pair) = self.ledger.book().pair(token) {
            return Some((pair.user?, pair.coder));
        }
        self.users.iter().enumerate().find_map(|(coder, users)| {
            let has = |user: &FakeUser| user.session_token.expose() == token;
            Some((users.iter().position(has)?, coder))
        })
    }

    /// Sends a request to some replica, which answers it in a task of its own. `None`: no replica
    /// takes requests, or the connection broke.
    pub(crate) async fn ask(
        &self,
        browser: usize,
        route: Route,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        self.time.turn().await;
        let (process, auth) = self.pick(browser)?;
        let (give, receive) = oneshot::channel();
        let task = async move {
            let response = match route {
                Route::Start => auth.start(&request).await,
                Route::Callback => auth.callback(&request).await,
                Route::Refresh => auth.refresh(&request).await,
                Route::Logout => auth.logout(&request).await,
                Route::ShowLink => auth.show_link(&request).await,
                Route::Link => auth.link(&request).await,
                Route::Unlink => auth.unlink(&request).await,
                Route::Call => call(&auth, &request, false).await,
                Route::CallRefused => call(&auth, &request, true).await,
            };
            // A browser that is gone hears nothing.
            drop(give.send(whole(response).await));
        };
        let tag = Tag { process, work: Work::Request { browser } };
        self.time.spawn(tag, Box::pin(task));
        receive.await.ok()
    }

    /// Picks a replica that takes requests, another one each time.
    fn pick(&self, browser: usize) -> Option<(Process, CoderAuth)> {
        let replicas = self.replicas();
        let open: Vec<_> = replicas
            .iter()
            .filter_map(|replica| Some((replica.process, replica.auth.clone()?)))
            .collect();
        let turn = usize::try_from(self.time.step()).unwrap_or_default() + browser;
        open.get(turn.checked_rem(open.len())?).cloned()
    }

    /// Sweeps on one replica, in a task of that process.
    pub(crate) fn sweep(&self, replica: usize) {
        let replicas = self.replicas();
        let Some(replica) = replicas.get(replica) else { return };
        let Some(auth) = replica.auth.clone() else { return };
        let tag = Tag { process: replica.process, work: Work::Sweep };
        self.ledger.count("sweeps");
        self.time.spawn(
            tag,
            Box::pin(async move {
                // What is left over is found the next time.
                drop(auth.sweep().await);
            }),
        );
    }

    /// Ends a process at this very point and starts another one.
    pub(crate) fn crash(&self, replica: usize) {
        let Ok(booted) = self.boot() else { return };
        let mut replicas = self.replicas();
        let Some(slot) = replicas.get_mut(replica) else { return };
        let dead = std::mem::replace(slot, booted);
        drop(replicas);
        self.ledger.tell(|| format!("p{} crashes", dead.process));
        self.ledger.count("crashes");
        self.ledger.crashed(dead.process);
        self.time.kill(Kill::Process(dead.process));
    }

    /// Stops a process as the server does at SIGTERM: it takes no more requests, those under way
    /// end, then the sweeper, then the work that outlives its callers; after the time of grace it
    /// is cut off.
    pub(crate) async fn stop(self: Arc<Self>, replica: usize) {
        let (process, runtime) = {
            let mut replicas = self.replicas();
            let Some(slot) = replicas.get_mut(replica) else { return };
            if slot.auth.take().is_none() {
                return;
            }
            (slot.process, slot.runtime.clone())
        };
        self.ledger.tell(|| format!("p{process} gets SIGTERM"));
        self.ledger.count("graceful stops");
        let cut_off_at = self.time.elapsed() + GRACE;
        let is_request = |work| matches!(work, Work::Request { .. });
        while self.time.is_busy(process, is_request) && self.time.elapsed() < cut_off_at {
            self.time.sleep(LOOK_EVERY).await;
        }
        self.time.kill(Kill::Sweeps(process));
        while self.plan.awaits_detached_work
            && runtime.unfinished() > 0
            && self.time.elapsed() < cut_off_at
        {
            self.time.sleep(LOOK_EVERY).await;
        }
        if runtime.unfinished() > 0 {
            self.ledger.count("work cut off at a stop");
        }
        self.ledger.tell(|| format!("p{process} has stopped"));
        self.time.kill(Kill::Process(process));
        let Ok(booted) = self.boot() else { return };
        let mut replicas = self.replicas();
        if let Some(slot) = replicas.get_mut(replica).filter(|slot| slot.process == process) {
            *slot = booted;
        }
    }

    /// Returns the access tokens that grants hold.
    pub(crate) async fn held(&self) -> std::collections::BTreeSet<String> {
        let mut held = std::collections::BTreeSet::new();
        for (number, coder) in self.coders.iter().enumerate() {
            let (Some(users), Some(app)) = (self.users.get(number), self.apps.get(number)) else {
                continue;
            };
            for user in users {
                let of = OAuth2App::new(coder.url().clone(), &*app.client_id);
                let key = GrantKey::new(of, user.id);
                let read = self.storage.store.grant(&key);
                let read = match &self.storage.tokio {
                    Some(runtime) => runtime.block_on(read),
                    None => read.await,
                };
                let record = read.ok().flatten();
                let token =
                    record.and_then(|record| testing::access_token_of(&self.keys, &record.pair));
                held.extend(token.map(|token| token.expose().to_owned()));
            }
        }
        held
    }

    pub(crate) fn delete_secrets(&self) {
        for (coder, app) in self.coders.iter().zip(&self.apps) {
            coder.delete_app_secret(app);
        }
    }

    /// Revokes the application's access at Coder, as the administrator or the person does.
    pub(crate) fn revoke_all(&self, user: usize) {
        for (number, (coder, app)) in self.coders.iter().zip(&self.apps).enumerate() {
            let Some(user) = self.user(number, user) else { continue };
            let target = format!("/oauth2/tokens?client_id={}", app.client_id);
            let request = Request::delete(target)
                .header("coder-session-token", user.session_token.expose())
                .body(Bytes::new());
            if let Ok(request) = request {
                drop(coder.respond(request));
            }
        }
    }

    pub(crate) fn outside() -> Tag {
        Tag { process: OUTSIDE, work: Work::Outside }
    }
}

/// Answers any other route of the portal: the token with which it would ask Coder.
async fn call(auth: &CoderAuth, request: &Request<Bytes>, is_refused: bool) -> Response<Body> {
    let query = request.uri().query().unwrap_or_default();
    let environment = query.strip_prefix("env=");
    let caller = match auth.caller(request.headers(), environment).await {
        Ok(caller) if is_refused => auth.renew(&caller).await,
        caller => caller,
    };
    match caller {
        Ok(caller) => Response::new(Body::from(testing::token_of(&caller).expose().to_owned())),
        Err(error) => {
            let mut refused = Response::new(Body::from(error.to_string()));
            *refused.status_mut() = error.status();
            refused
        }
    }
}

/// Makes the resolver of these identities.
fn sign_in(identities: Identities) -> SignIn {
    SignIn::new(Arc::new(MemoryCatalog::default())).resolver(resolver_fn(move |user, _| {
        Box::pin(async move {
            let name = match identities {
                Identities::Shared => "everyone",
                Identities::Own | Identities::None => &user.username,
            };
            let user = format!("user:default/{name}").parse()?;
            Ok(BackstageIdentity::outside_the_catalog(user))
        })
    }))
}

/// Reads the body of a response, which these routes have at hand.
async fn whole(response: Response<Body>) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    Response::from_parts(head, body.collect(1 << 20).await.unwrap_or_default())
}
