//! How long an entity takes from its file to its workspaces, and what a big list costs.
//!
//! `cargo bench -p coder-workspaces` prints one line each: the best of several runs, per item, and
//! how that compares with the line above of the same group.

use std::future::Future;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::Client;
use coder_client::models::Workspace;
use coder_config::{Entity, Repository, ScmIntegrations, WorkspacesConfig, parse_entities};
use coder_core::{Body, BoxFuture, RetryPolicy, Runtime, Transport, TransportError, World};
use coder_testkit::{SeededRandom, TestClock};
use coder_workspaces::{
    Availability, DeploymentHosts, EntityWorkspacesConfig, Owner, WorkspaceLinks, find_workspaces,
    poll_after,
};
use http::{Request, Response};
use serde_json::json;

const RUNS: usize = 11;
const ENTITIES: usize = 1_000;
const WORKSPACES: usize = 10_000;

/// The example of the original plugin's documentation.
const CATALOG_INFO: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: python-project
  annotations:
    backstage.io/source-location: url:https://github.com/zombo/com/tree/main/services/pay/
spec:
  type: other
  lifecycle: unknown
  owner: pms
  coder:
    templateName: 'devcontainers'
    mode: 'auto'
    params:
      repo: 'custom'
      region: 'us-pittsburgh'
";

fn main() -> io::Result<()> {
    let config = config(&["custom_repo", "repo_url"]);
    let integrations = ScmIntegrations::default();
    let read = || parse_entities("catalog-info.yaml", CATALOG_INFO).remove(0);
    let entity = read().map_err(io::Error::other)?;

    let mut group = Group::new("an entity, to its creation link", ENTITIES);
    group.measure("reading catalog-info.yaml", || {
        (0..ENTITIES).all(|_| black_box(read()).is_ok())
    })?;
    group.measure("compiling", || {
        (0..ENTITIES).all(|_| compiled(&config, &entity, &integrations).creation_url.is_some())
    })?;
    group.measure("reading and compiling", || {
        (0..ENTITIES).all(|_| {
            read().is_ok_and(|entity| {
                compiled(&config, &entity, &integrations).creation_url.is_some()
            })
        })
    })?;

    let client = client();
    let repository = Repository::from_url("https://github.com/acme/pay", &integrations);
    let repository = repository.map_err(io::Error::other)?;
    let mut group = Group::new("a search, built, asked and answered with nothing", ENTITIES);
    for keys in [&["repo"][..], &["repo", "git_repo"], &["a", "b", "c", "d", "e"]] {
        let compiled =
            EntityWorkspacesConfig::resolve(&self::config(keys), None, Some(&repository));
        let name =
            format!("{} parameters, {} spellings each", keys.len(), repository.spellings().len());
        group.measure(&name, || {
            (0..ENTITIES).all(|_| now(find_workspaces(&client, &compiled, Owner::Me)).is_some())
        })?;
    }

    let text = json!(vec![fixture(); WORKSPACES]).to_string();
    let workspaces: Vec<Workspace> = serde_json::from_str(&text)?;
    let places = DeploymentHosts::new(config.access_url.clone());
    let moment = "2026-08-20T10:00:00Z".parse().map_err(io::Error::other)?;
    let mut group = Group::new("a list of 10,000 workspaces", WORKSPACES);
    group.measure("reading Coder's answer", || {
        serde_json::from_str::<Vec<Workspace>>(&text).is_ok_and(|list| list.len() == WORKSPACES)
    })?;
    group.measure("availability, and when to look again", || {
        let all: Vec<_> =
            workspaces.iter().map(|workspace| Availability::new(workspace, moment)).collect();
        poll_after(Some(&all)) > Duration::ZERO
    })?;
    group.measure("every link", || {
        workspaces
            .iter()
            .all(|workspace| !WorkspaceLinks::new(workspace, &places).agents.is_empty())
    })
}

fn config(keys: &[&str]) -> WorkspacesConfig {
    #[expect(clippy::unwrap_used, reason = "it is a URL")]
    let mut config = WorkspacesConfig::new("https://coder.example.com".parse().unwrap());
    config.repo_url_param_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    config
}

fn compiled(
    config: &WorkspacesConfig,
    entity: &Entity,
    integrations: &ScmIntegrations,
) -> EntityWorkspacesConfig {
    let repository = entity.repository(integrations).ok();
    EntityWorkspacesConfig::resolve(config, entity.coder_spec().as_ref(), repository.as_ref())
}

fn fixture() -> serde_json::Value {
    serde_json::from_str(include_str!("../tests/fixtures/workspace_running.json"))
        .unwrap_or_default()
}

/// Lines that are compared with the first of them.
struct Group {
    items: usize,
    first: Option<Duration>,
}

impl Group {
    fn new(title: &str, items: usize) -> Self {
        let _ = writeln!(io::stdout(), "\n{title}");
        Self { items, first: None }
    }

    fn measure(&mut self, name: &str, run: impl Fn() -> bool) -> io::Result<()> {
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let start = Instant::now();
            if !black_box(run()) {
                return Err(io::Error::other(format!("{name}: not as expected")));
            }
            best = best.min(start.elapsed());
        }
        let each = best / u32::try_from(self.items).unwrap_or(u32::MAX);
        let first = *self.first.get_or_insert(best);
        let ratio = best.as_secs_f64() / first.as_secs_f64();
        writeln!(io::stdout(), "  {name:40} {best:>12.3?} {each:>12.3?} each {ratio:>8.3}×")
    }
}

/// A future that waits for nothing.
fn now<T, E>(future: impl Future<Output = Result<T, E>>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.ok(),
        Poll::Pending => None,
    }
}

/// A Coder without workspaces.
struct Nothing;

#[async_trait]
impl Transport for Nothing {
    async fn send(&self, _request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let mut answer = Response::new(Body::from(r#"{"workspaces":[],"count":0}"#.to_owned()));
        let json = http::HeaderValue::from_static("application/json");
        answer.headers_mut().insert("content-type", json);
        Ok(answer)
    }
}

impl Runtime for Nothing {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {}

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn client() -> Client {
    let world = World {
        transport: Arc::new(Nothing),
        clock: Arc::new(TestClock::default()),
        random: Arc::new(SeededRandom::new("bench")),
        runtime: Arc::new(Nothing),
    };
    Client::new(&world, config(&[]).access_url).with_retry(RetryPolicy::NEVER)
}
