//! Whatever happens while an index is read, it associates nothing wrongly, and is right in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, poll_fn};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::operations::{
    CreateWorkspaceBuild, GetUser, ListBuildParameters, ListWorkspaces, RenameWorkspace,
};
use coder_client::{BuildId, Client, Credential, WorkspaceFilter, WorkspaceId};
use coder_config::{Repository, ScmIntegrations};
use coder_core::{
    Body, BoxFuture, Lock, RetryPolicy, Runtime, Transport, TransportError, World as Surroundings,
};
use coder_testkit::{FakeCoder, FakeUser, Fault, MemoryIndexStore, SeededRandom};
use coder_workspaces::WorkspacesError;
use coder_workspaces::index::{
    IndexReader, IndexStep, IndexStore, IndexStoreError, RequestBudget, WorkspaceIndex,
};
use futures_util::FutureExt as _;
use http::{Request, Response, StatusCode, Uri};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// More than a page, so that a workspace is overlooked when the order is another one for each page.
const WORKSPACES: usize = 260;
const EVENTS: usize = 30;
/// More than it takes to ask for each workspace and for each of its builds.
const MAX_STEPS: usize = 2 * (WORKSPACES + EVENTS);
const REPOSITORIES: [&str; 3] =
    ["https://github.com/acme/a", "https://github.com/acme/b", "git@github.com:acme/c.git"];

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// The reader does so many steps, each to its end.
    Steps(usize),
    /// The step is dropped after it was polled so often. The program goes on with what it has, or
    /// begins anew with what was saved.
    Crash {
        polls: usize,
        is_restart: bool,
    },
    Add {
        repository: Index,
        is_running: bool,
    },
    Delete(Index),
    Start(Index),
    Stop(Index),
    Rename(Index, u16),
    Build(Index, Index),
    RateLimit,
    BadGateway(usize),
    LostAnswer,
    HalfPage,
    /// From now on, Coder has another order for each page, or its own one again.
    Shuffle(bool),
    /// The time of the next list of all comes.
    Later,
}

fn event() -> impl Strategy<Value = Event> {
    let any = any::<Index>;
    prop_oneof![
        12 => (1_usize..16).prop_map(Event::Steps),
        6 => (0_usize..12, proptest::bool::weighted(0.3))
            .prop_map(|(polls, is_restart)| Event::Crash { polls, is_restart }),
        1 => (any(), proptest::bool::ANY)
            .prop_map(|(repository, is_running)| Event::Add { repository, is_running }),
        1 => any().prop_map(Event::Delete),
        1 => any().prop_map(Event::Start),
        1 => any().prop_map(Event::Stop),
        1 => (any(), 0_u16..60_000).prop_map(|(at, name)| Event::Rename(at, name)),
        2 => (any(), any()).prop_map(|(at, repository)| Event::Build(at, repository)),
        1 => Just(Event::RateLimit),
        1 => (0_usize..5).prop_map(Event::BadGateway),
        1 => Just(Event::LostAnswer),
        1 => Just(Event::HalfPage),
        2 => proptest::bool::weighted(0.8).prop_map(Event::Shuffle),
        3 => Just(Event::Later),
    ]
}

/// Lets a caller drop the future here.
async fn pause() {
    let mut is_over = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Network that a step may be dropped in, before a request and after its answer, to a Coder whose order
/// may be another one for each page.
#[derive(Clone)]
struct Network {
    coder: FakeCoder,
    /// The number of the next order; 0 is Coder's own one, always.
    order: Arc<AtomicU64>,
}

impl Network {
    fn shuffle(&self, is_shuffled: bool) {
        self.order.store(u64::from(is_shuffled), Ordering::SeqCst);
    }

    /// Answers with a page of all workspaces in another order.
    async fn shuffled(
        &self,
        mut request: Request<Bytes>,
        order: u64,
    ) -> Result<Response<Body>, TransportError> {
        let (offset, limit) = ask_for_all(&mut request);
        let (head, body) = self.coder.send(request).await?.into_parts();
        if head.status != StatusCode::OK {
            return Ok(Response::from_parts(head, body));
        }
        let mut answer: Value = serde_json::from_slice(&body.collect(usize::MAX).await?).unwrap();
        let workspaces = answer["workspaces"].as_array_mut().unwrap();
        workspaces.sort_by_key(|workspace| {
            let mut hasher = DefaultHasher::new();
            (workspace["id"].as_str(), order).hash(&mut hasher);
            hasher.finish()
        });
        let page: Vec<Value> = workspaces.drain(..).skip(offset).take(limit).collect();
        *workspaces = page;
        let mut response = Response::new(Body::from(answer.to_string()));
        *response.headers_mut() = head.headers;
        response.headers_mut().remove("content-length");
        Ok(response)
    }
}

/// Takes the page out of a request for a list, and returns its offset and its limit.
fn ask_for_all(request: &mut Request<Bytes>) -> (usize, usize) {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let mut numbers = BTreeMap::new();
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, value)| {
        let is_place = matches!(&**name, "limit" | "offset");
        if is_place {
            numbers.insert(name.clone().into_owned(), value.parse::<usize>().unwrap());
        }
        !is_place
    });
    let mut all = form_urlencoded::Serializer::new(String::new());
    all.extend_pairs(pairs);
    let all = format!("{path}?{}", all.finish());
    let offset = numbers.get("offset").copied().unwrap_or_default();
    let limit = numbers.get("limit").copied().unwrap_or(usize::MAX);
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(all.parse().unwrap());
    *request.uri_mut() = Uri::from_parts(parts).unwrap();
    (offset, limit)
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        pause().await;
        let is_list = request.uri().path() == "/api/v2/workspaces";
        let order = self.order.load(Ordering::SeqCst);
        let answer = if is_list && order > 0 {
            self.order.fetch_add(1, Ordering::SeqCst);
            self.shuffled(request, order).await
        } else {
            self.coder.send(request).await
        };
        pause().await;
        answer
    }
}

/// Runtime on which no time passes, so that no request is late: the network answers each one.
struct Still;

impl Runtime for Still {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {
        panic!("nothing is spawned");
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }
}

/// Store that a step may be dropped in, before and after it has written.
struct Disk(MemoryIndexStore);

#[async_trait]
impl IndexStore for Disk {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        self.0.load().await
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        pause().await;
        self.0.save(index).await?;
        pause().await;
        Ok(())
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        self.0.lease(duration).await
    }
}

/// Which repositories each build names, as the index has ever said.
type Said = BTreeMap<BuildId, BTreeSet<Vec<String>>>;

struct World {
    coder: FakeCoder,
    root: FakeUser,
    network: Network,
    client: Client,
    living: Vec<WorkspaceId>,
    made: usize,
    disk: Arc<Disk>,
    index: Lock<WorkspaceIndex>,
    reader: IndexReader,
    said: Said,
    /// The workspaces that the index has had since the last restart.
    known: BTreeSet<WorkspaceId>,
}

impl World {
    fn new() -> Self {
        let coder = FakeCoder::builder().workspace_renames(true).build();
        let root = coder.add_owner("root");
        let network = Network { coder: coder.clone(), order: Arc::default() };
        let surroundings = Surroundings {
            transport: Arc::new(network.clone()),
            clock: coder.clock(),
            random: Arc::new(SeededRandom::new("index")),
            runtime: Arc::new(Still),
        };
        let client = Client::new(&surroundings, coder.url().clone())
            .with_credential(Credential::SessionToken(root.session_token.clone()))
            .with_retry(RetryPolicy::NEVER);
        let disk = Arc::new(Disk(MemoryIndexStore::default()));
        let mut world = Self {
            coder,
            root,
            network,
            living: Vec::new(),
            made: 0,
            index: Lock::new(empty()),
            reader: reader(&client, &disk),
            disk,
            client,
            said: Said::new(),
            known: BTreeSet::new(),
        };
        for number in 0..WORKSPACES {
            world.add(REPOSITORIES[number % REPOSITORIES.len()], number % 5 == 0);
        }
        world
    }

    fn add(&mut self, repository: &str, is_running: bool) {
        let new = self.coder.add_workspace(&self.root, &format!("ws-{}", self.made));
        let new = new.parameter("git_repo", repository);
        let new = if is_running { new.running() } else { new.stopped() };
        self.living.push(new.create());
        self.made += 1;
    }

    async fn happen(&mut self, event: Event) {
        let id = |at: Index| self.living[at.index(self.living.len())];
        match event {
            Event::Steps(steps) => {
                for _ in 0..steps {
                    let _ = self.step().await;
                }
            }
            Event::Crash { polls, is_restart } => {
                self.crash(polls).await;
                if is_restart {
                    self.restart().await;
                }
            }
            Event::Add { repository, is_running } => {
                self.add(REPOSITORIES[repository.index(REPOSITORIES.len())], is_running);
            }
            Event::Delete(at) => {
                let at = at.index(self.living.len());
                self.coder.delete(self.living.swap_remove(at));
            }
            Event::Start(at) => self.coder.start(id(at)),
            Event::Stop(at) => self.coder.stop(id(at)),
            Event::Rename(at, name) => {
                let name = format!("renamed-{name}").parse().unwrap();
                // The name may be taken.
                let _ = self.client.send(&RenameWorkspace::new(id(at), name)).await;
            }
            Event::Build(at, repository) => {
                let repository = REPOSITORIES[repository.index(REPOSITORIES.len())];
                let build = CreateWorkspaceBuild::start(id(at)).parameter("git_repo", repository);
                // One may be under way.
                let _ = self.client.send(&build).await;
            }
            Event::RateLimit => self.coder.fail_next(Fault::rate_limited(20)),
            Event::BadGateway(times) => self.coder.fail_next(Fault::bad_gateway().times(times)),
            Event::LostAnswer => self.coder.fail_next(Fault::answer_lost()),
            Event::HalfPage => self.coder.fail_next(Fault::body_cut()),
            Event::Shuffle(is_shuffled) => self.network.shuffle(is_shuffled),
            Event::Later => self.coder.advance(Duration::from_secs(1_000)),
        }
    }

    /// Lets the reader do a step, and lets the time pass that it wants to wait. Returns whether the index
    /// is up to date.
    async fn step(&mut self) -> Result<bool, WorkspacesError> {
        match self.reader.step(&self.index).await? {
            IndexStep::Working => Ok(false),
            IndexStep::UpToDate(_) => Ok(true),
            IndexStep::Paused(until) => {
                let pause = until.duration_since(self.coder.clock().now());
                self.coder.advance(pause.unsigned_abs());
                Ok(false)
            }
        }
    }

    /// Drops a step in the middle.
    async fn crash(&mut self, polls: usize) {
        let mut step = Box::pin(self.reader.step(&self.index));
        for _ in 0..polls {
            if (&mut step).now_or_never().is_some() {
                break;
            }
        }
    }

    /// Begins with what was saved, as a new process does.
    async fn restart(&mut self) {
        let saved = self.disk.load().await.unwrap();
        let index = saved.map(|json| {
            WorkspaceIndex::from_json(&json, ["git_repo"], ScmIntegrations::default()).unwrap()
        });
        self.index = Lock::new(index.unwrap_or_else(empty));
        self.reader = reader(&self.client, &self.disk);
        self.known.clear();
    }

    /// Checks what must be true at any moment.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let index = self.index.lock();
        let mut by_repository = BTreeMap::new();
        for entry in index.workspaces().filter(|entry| entry.unread.is_none()) {
            let values = entry.repositories.iter().map(|parameter| parameter.value.clone());
            let values: Vec<String> = values.collect();
            for value in &values {
                by_repository.entry(value.clone()).or_insert_with(BTreeSet::new).insert(entry.id);
            }
            self.said.entry(entry.build_id).or_default().insert(values);
        }
        for url in REPOSITORIES {
            let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
            let found = index.of_repository(&repository);
            let found: BTreeSet<WorkspaceId> = found.iter().map(|entry| entry.id).collect();
            let named = by_repository.remove(url).unwrap_or_default();
            prop_assert_eq!(found, named, "the tables of {}", url);
        }
        let waiting = index.to_be_read().map(|entry| entry.id);
        let present: BTreeSet<_> =
            index.workspaces().map(|entry| entry.id).chain(waiting).collect();
        let lost = |id: &&WorkspaceId| self.living.contains(id) && !present.contains(id);
        let lost = self.known.iter().find(lost).copied();
        prop_assert_eq!(lost, None, "a workspace is there, was known, and is not any more");
        self.known.extend(present);
        Ok(())
    }

    /// Waits until everything is read, while nothing happens any more.
    async fn settle(&mut self) -> Result<(), TestCaseError> {
        self.network.shuffle(false);
        // Faults that nobody has met yet.
        for _ in 0..EVENTS {
            let _ = self.client.send(&GetUser::me()).await;
        }
        for _ in 0..2 {
            self.coder.advance(Duration::from_secs(3_600));
            let mut steps = 0;
            while !self.step().await.unwrap() {
                steps += 1;
                prop_assert!(steps < MAX_STEPS, "the reader comes to no end");
            }
        }
        Ok(())
    }

    /// Returns the value of the parameter in a build, as Coder tells it.
    async fn value(&self, build: BuildId) -> Vec<String> {
        let parameters = self.client.send(&ListBuildParameters::new(build)).await.unwrap();
        let ours = parameters.iter().filter(|parameter| parameter.name == "git_repo");
        ours.map(|parameter| parameter.value.clone()).collect()
    }

    /// Compares all that the index has ever said of a build with what Coder says.
    async fn compare_builds(&self) -> Result<(), TestCaseError> {
        for (build, values) in &self.said {
            prop_assert_eq!(values.len(), 1, "parameters of a build never change");
            prop_assert!(values.contains(&self.value(*build).await), "{}", build);
        }
        Ok(())
    }

    async fn compare(&self) -> Result<(), TestCaseError> {
        let all = self.client.send(&ListWorkspaces::new(WorkspaceFilter::new())).await.unwrap();
        let index = self.index.lock();
        prop_assert!(index.is_complete(), "{:?}", index.problems());
        prop_assert_eq!(index.len(), all.workspaces.len());
        for workspace in &all.workspaces {
            let entry = index.get(workspace.id);
            prop_assert!(entry.is_some(), "{} is missing", workspace.name);
            let entry = entry.unwrap();
            let build = &workspace.latest_build;
            prop_assert_eq!((&entry.name, entry.build_id), (&workspace.name, build.id));
            prop_assert_eq!(&entry.status, &build.status);
        }
        Ok(())
    }
}

fn empty() -> WorkspaceIndex {
    WorkspaceIndex::new(["git_repo"], ScmIntegrations::default())
}

fn reader(client: &Client, disk: &Arc<Disk>) -> IndexReader {
    let store: Arc<dyn IndexStore> = disk.clone();
    IndexReader::new(client, RequestBudget::new(10_000)).store(store)
}

async fn live(events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut world = World::new();
    for event in events {
        world.happen(event).await;
        world.check()?;
    }
    world.settle().await?;
    world.check()?;
    world.compare_builds().await?;
    world.compare().await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_meanwhile_leaves_a_wrong_association(
        events in prop::collection::vec(event(), EVENTS)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(live(events))?;
    }
}
