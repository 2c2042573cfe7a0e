//! Whatever happens while an index is read, it associates nothing wrongly, and is right in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coder_client::operations::{
    CreateWorkspaceBuild, ListBuildParameters, ListWorkspaces, RenameWorkspace,
};
use coder_client::{BuildId, Client, WorkspaceFilter, WorkspaceId};
use coder_config::ScmIntegrations;
use coder_core::{Lock, random_bytes};
use coder_testkit::{FakeCoder, FakeUser, Fault, SeededRandom};
use coder_workspaces::index::{IndexReader, IndexStep, RequestBudget, WorkspaceIndex};

use crate::async_test;
use crate::fake::client;

const WORLDS: usize = if cfg!(target_family = "wasm") { 1 } else { 2 };
const STEPS: usize = 60;
const REPOSITORIES: [&str; 3] =
    ["https://github.com/acme/a", "https://github.com/acme/b", "git@github.com:acme/c.git"];

struct World {
    coder: FakeCoder,
    root: FakeUser,
    client: Client,
    dice: SeededRandom,
    living: Vec<WorkspaceId>,
    made: usize,
}

impl World {
    fn new(seed: usize) -> Self {
        let coder = FakeCoder::builder().workspace_renames(true).build();
        let root = coder.add_owner("root");
        let client = client(&coder, &root);
        let dice = SeededRandom::new(format!("index {seed}"));
        let mut world = Self { coder, root, client, dice, living: Vec::new(), made: 0 };
        // More than a page.
        (0..230).for_each(|_| world.add());
        world
    }

    fn below(&self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes(random_bytes(&self.dice).unwrap())) % limit
    }

    fn add(&mut self) {
        let new = self.coder.add_workspace(&self.root, &format!("ws-{}", self.made));
        let new = new.parameter("git_repo", REPOSITORIES[self.below(REPOSITORIES.len())]);
        let new = if self.below(2) == 0 { new.running() } else { new.stopped() };
        self.living.push(new.create());
        self.made += 1;
    }

    /// Lets somebody do something, or something go wrong.
    async fn happen(&mut self) {
        let at = self.below(self.living.len());
        let id = self.living[at];
        match self.below(12) {
            0 => self.add(),
            1 => {
                self.coder.delete(id);
                self.living.swap_remove(at);
            }
            2 => self.coder.start(id),
            3 => self.coder.stop(id),
            4 => {
                let name = format!("renamed-{}-{at}", self.below(60_000));
                // The name may be taken.
                let _ = self.client.send(&RenameWorkspace::new(id, name.parse().unwrap())).await;
            }
            5 | 6 => {
                let repository = REPOSITORIES[self.below(REPOSITORIES.len())];
                let build = CreateWorkspaceBuild::start(id);
                let _ = self.client.send(&build.parameter("git_repo", repository)).await;
            }
            7 => self.coder.fail_next(Fault::rate_limited(20)),
            8 => self.coder.fail_next(Fault::bad_gateway().times(self.below(5))),
            9 => self.coder.fail_next(Fault::answer_lost()),
            10 => self.coder.fail_next(Fault::body_cut()),
            _ => self.coder.advance(Duration::from_secs(600)),
        }
    }

    /// Returns the value of the parameter in a build, as Coder tells it.
    async fn value(&self, build: BuildId) -> Vec<String> {
        let parameters = self.client.send(&ListBuildParameters::new(build)).await.unwrap();
        let ours = parameters.iter().filter(|parameter| parameter.name == "git_repo");
        ours.map(|parameter| parameter.value.clone()).collect()
    }
}

/// Which repositories each build names, as the index has ever said.
type Said = BTreeMap<BuildId, BTreeSet<Vec<String>>>;

fn note(index: &Lock<WorkspaceIndex>, said: &mut Said) {
    for entry in index.lock().workspaces().filter(|entry| entry.unread.is_none()) {
        let values = entry.repositories.iter().map(|parameter| parameter.value.clone()).collect();
        said.entry(entry.build_id).or_default().insert(values);
    }
}

#[async_test]
async fn nothing_that_happens_meanwhile_leaves_a_wrong_association() {
    for seed in 0..WORLDS {
        let mut world = World::new(seed);
        let index = Lock::new(WorkspaceIndex::new(["git_repo"], ScmIntegrations::default()));
        let mut reader = IndexReader::new(&world.client, RequestBudget::new(10_000));
        let mut said = Said::new();
        for _ in 0..STEPS {
            world.happen().await;
            if let Ok(IndexStep::Paused(until)) = reader.step(&index).await {
                let pause = until.duration_since(world.coder.clock().now());
                world.coder.advance(pause.unsigned_abs());
            }
            note(&index, &mut said);
            if world.below(20) == 0 {
                // A crash: the index is as good as what was saved of it.
                let json = index.lock().to_json().unwrap();
                let integrations = ScmIntegrations::default();
                *index.lock() =
                    WorkspaceIndex::from_json(&json, ["git_repo"], integrations).unwrap();
                reader = IndexReader::new(&world.client, RequestBudget::new(10_000));
            }
        }
        settle(&world, &mut reader, &index).await;
        note(&index, &mut said);
        for (build, values) in said {
            assert_eq!(values.len(), 1, "parameters of a build never change");
            assert!(values.contains(&world.value(build).await), "world {seed}: {build}");
        }
        compare(&world, &index, seed).await;
    }
}

/// Waits until everything is read, while nothing happens any more.
async fn settle(world: &World, reader: &mut IndexReader, index: &Lock<WorkspaceIndex>) {
    // Faults that nobody has met yet.
    for _ in 0..STEPS {
        let _ = world.client.send(&ListWorkspaces::new(WorkspaceFilter::new()).limit(1)).await;
    }
    for _ in 0..2 {
        world.coder.advance(Duration::from_secs(3_600));
        reader.read_all(index).await.unwrap();
    }
}

async fn compare(world: &World, index: &Lock<WorkspaceIndex>, seed: usize) {
    let all = world.client.send(&ListWorkspaces::new(WorkspaceFilter::new())).await.unwrap();
    let index = index.lock();
    assert!(index.is_complete(), "world {seed}: {:?}", index.problems());
    assert_eq!(index.len(), all.workspaces.len(), "world {seed}");
    for workspace in &all.workspaces {
        let entry = index.get(workspace.id).unwrap();
        let build = &workspace.latest_build;
        assert_eq!((&entry.name, entry.build_id), (&workspace.name, build.id), "world {seed}");
        assert_eq!(entry.status, build.status, "world {seed}");
    }
}
