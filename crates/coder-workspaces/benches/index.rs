//! What an index of a whole company costs: its tables, its answers and its memory.
//!
//! `cargo bench -p coder-workspaces --bench index` prints one line for each size: the time to build
//! all tables from a saved index (reading its JSON included), the memory that they take, and the time
//! of one answer for an entity, of one for an owner and of a whole report.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{OwnershipReport, WorkspaceIndex};
use jiff::{SignedDuration, Timestamp};
use peak_alloc::PeakAlloc;
use serde_json::json;
use uuid::Uuid;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const KEYS: [&str; 2] = ["repo", "git_repo"];
/// How many workspaces there are for each entity.
const EACH: usize = 10;
const RUNS: usize = 5;

fn main() -> io::Result<()> {
    let now = "2026-08-20T10:00:00Z".parse().map_err(io::Error::other)?;
    writeln!(
        io::stdout(),
        "{:>10} {:>9} {:>10} {:>12} {:>9} {:>10} {:>10} {:>11}",
        "workspaces",
        "entities",
        "build",
        "each",
        "memory",
        "of entity",
        "of owner",
        "report"
    )?;
    for size in [1_000, 10_000, 100_000] {
        measure(size, now)?;
    }
    Ok(())
}

fn measure(size: usize, now: Timestamp) -> io::Result<()> {
    let saved = saved(size);
    let entities = entities(size / EACH)?;
    let mut build = Duration::MAX;
    let mut index = None;
    let mut memory = 0;
    for _ in 0..RUNS {
        drop(index.take());
        let (before, start) = (MEMORY.current_usage(), Instant::now());
        let loaded = WorkspaceIndex::from_json(&saved, KEYS, ScmIntegrations::default());
        build = build.min(start.elapsed());
        memory = MEMORY.current_usage().saturating_sub(before);
        index = Some(loaded.map_err(io::Error::other)?);
    }
    let index = index.ok_or_else(|| io::Error::other("no run"))?;
    let of_entity = fastest(entities.len(), || {
        entities.iter().all(|(_, entity)| index.of(entity).is_ok_and(|found| found.len() == EACH))
    })?;
    let owners: Vec<_> = index.workspaces().map(|workspace| workspace.owner_id).collect();
    let of_owner = fastest(owners.len(), || {
        owners.iter().all(|owner| index.of_owner(*owner).next().is_some())
    })?;
    let named = || entities.iter().map(|(name, entity)| (name.as_str(), entity));
    let report = fastest(1, || {
        let report = OwnershipReport::new(&index, named(), now, SignedDuration::from_hours(720));
        report.workspaces_without_entity.is_empty()
    })?;
    let each = build / u32::try_from(size).unwrap_or(u32::MAX);
    let memory = format!("{} MB", memory / 1_000_000);
    writeln!(
        io::stdout(),
        "{size:>10} {:>9} {build:>10.2?} {each:>12.2?} {memory:>9} {of_entity:>10.2?} {of_owner:>10.2?} {report:>11.2?}",
        entities.len(),
    )
}

/// Returns the best of several runs, divided by the number of items.
fn fastest(items: usize, run: impl Fn() -> bool) -> io::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        if !black_box(run()) {
            return Err(io::Error::other("not as expected"));
        }
        best = best.min(start.elapsed());
    }
    Ok(best / u32::try_from(items).unwrap_or(u32::MAX))
}

fn repository(number: usize) -> String {
    format!("https://github.com/acme/service-{number}")
}

/// Renders a saved index with this many workspaces, each owner having ten of them.
fn saved(size: usize) -> Vec<u8> {
    let entities = size / EACH;
    let id = |number: usize| Uuid::from_u128(number as u128 + 1);
    let workspaces = (0..size).map(|at| {
        json!({
            "id": id(at), "name": format!("workspace-{at}"),
            "ownerId": id(at / EACH), "ownerName": format!("user-{}", at / EACH),
            "organizationId": id(0), "organizationName": "coder",
            "templateId": id(at % 7), "templateName": format!("template-{}", at % 7),
            "buildId": id(at), "buildNumber": 3, "status": "running",
            "lastUsedAt": format!("2026-08-20T09:{:02}:00Z", at * 7 % 60), "dormantAt": null,
            "listedAt": "2026-08-20T10:00:00Z",
            "repositories": [{ "name": "git_repo", "value": repository(at % entities) }],
            "unread": null,
        })
    });
    let workspaces: Vec<_> = workspaces.collect();
    let listed_at = "2026-08-20T10:00:00Z";
    let saved = json!({
        "version": 1, "keys": ["git_repo", "repo"], "listed_at": listed_at,
        "workspaces": workspaces,
    });
    saved.to_string().into_bytes()
}

fn entities(number: usize) -> io::Result<Vec<(String, EntityWorkspacesConfig)>> {
    let url = "https://coder.example.com".parse().map_err(io::Error::other)?;
    let mut config = WorkspacesConfig::new(url);
    config.repo_url_param_keys = KEYS.map(str::to_owned).to_vec();
    let integrations = ScmIntegrations::default();
    let entities = (0..number).map(|at| {
        let repository = Repository::from_url(&repository(at), &integrations);
        let repository = repository.map_err(io::Error::other)?;
        let entity = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));
        Ok((format!("component:default/service-{at}"), entity))
    });
    entities.collect()
}
