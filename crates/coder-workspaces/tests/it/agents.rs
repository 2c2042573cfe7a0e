//! The engine beside the fake's agents, in each state that they can be in, and as they change.

use std::time::Duration;

use coder_client::WorkspaceId;
use coder_client::models::AgentLifecycle;
use coder_testkit::{FakeCoder, FakeUser, NewWorkspace, Pace, Version};
use coder_workspaces::{
    ManageWorkspace, NotReady, OpenOutcome, OpenWorkspace, Progress, WorkspacesError,
};
use jiff::SignedDuration;

use crate::async_test;
use crate::expectations::expected;
use crate::fake::{client, client_with};
use crate::open::{PAY, entity};
use crate::states::holds;

struct Scene {
    coder: FakeCoder,
    alice: FakeUser,
}

/// Sets a scene in which every step takes ten seconds.
fn scene() -> Scene {
    let pace = Pace::every(Duration::from_secs(10));
    let coder = FakeCoder::builder().version(Version::V2_36).pace(pace).build();
    let alice = coder.add_user("alice");
    Scene { coder, alice }
}

impl Scene {
    fn workspace(&self) -> NewWorkspace {
        let workspace = self.coder.add_workspace(&self.alice, "dev").parameter("repo", PAY);
        workspace.startup_blocks_login()
    }

    fn plain(&self) -> NewWorkspace {
        self.coder.add_workspace(&self.alice, "dev").parameter("repo", PAY)
    }

    fn wait(&self, seconds: u64) {
        self.coder.advance(Duration::from_secs(seconds));
    }

    fn after(&self, seconds: u64, workspace: WorkspaceId) -> WorkspaceId {
        self.wait(seconds);
        workspace
    }
}

/// Brings a workspace of the fake to a state of the table.
type Bring = fn(&Scene) -> WorkspaceId;

/// The states that the fake can be in.
const STATES: [(&str, Bring); 25] = [
    ("apps-connecting", |scene| scene.plain().connecting().create()),
    ("connecting", |scene| scene.workspace().connecting().create()),
    ("created", |scene| scene.after(10, scene.workspace().connecting().create())),
    ("created-not-blocking", |scene| scene.after(10, scene.plain().connecting().create())),
    ("starting", |scene| scene.after(20, scene.workspace().connecting().create())),
    ("noblock", |scene| scene.after(20, scene.plain().connecting().create())),
    ("ready", |scene| scene.workspace().create()),
    ("pending", |scene| scene.workspace().starting().create()),
    ("deleted", |scene| scene.workspace().deleted().create()),
    ("stopped", |scene| scene.workspace().stopped().create()),
    ("outdated", |scene| scene.workspace().outdated().create()),
    ("dormant", |scene| scene.workspace().dormant().create()),
    ("timeout", |scene| scene.workspace().agents_never_connect().create()),
    ("start-error", |scene| scene.workspace().startup_failed().create()),
    ("start-error-not-blocking", |scene| scene.plain().startup_failed().create()),
    ("start-timeout", |scene| scene.workspace().startup_timed_out().create()),
    ("pipes-left-open", |scene| scene.workspace().startup_leaves_output_open().create()),
    ("disconnected", |scene| {
        let dev = scene.workspace().create();
        scene.coder.lose_agents(dev);
        dev
    }),
    ("reconnected", |scene| {
        let dev = scene.workspace().create();
        scene.coder.lose_agents(dev);
        scene.wait(10);
        scene.coder.bring_agents_back(dev);
        scene.after(10, dev)
    }),
    ("leaving", |scene| scene.workspace().agents_shutting_down().create()),
    ("off", |scene| {
        scene.after(10, scene.workspace().shutdown_script().agents_shutting_down().create())
    }),
    ("shutdown-error", |scene| {
        scene.after(10, scene.workspace().shutdown_fails().agents_shutting_down().create())
    }),
    ("sub-agent-lost", |scene| {
        let dev = scene.workspace().sub_agent("app").create();
        scene.coder.lose_agent(dev, "app");
        dev
    }),
    ("two-agents-one-failed-one-starting", |scene| {
        let dev = scene.workspace().agents(&["a", "b"]).agent_startup_failed("a").create();
        scene.coder.lose_agent(dev, "b");
        scene.coder.bring_agent_back(dev, "b");
        scene.after(10, dev)
    }),
    ("two-agents-one-missing", |scene| {
        scene.workspace().agents(&["a", "b"]).agent_never_connects("b").create()
    }),
];

#[async_test]
async fn each_state_of_the_fake_is_answered_as_the_table_says() {
    for (state, bring) in STATES {
        let scene = scene();
        let workspace = bring(&scene);
        let workspace = serde_json::to_value(scene.coder.workspace(workspace)).unwrap();
        let [at_once, later] = expected(state);
        let now = scene.coder.clock().now();
        holds(state, &workspace, now, at_once).await;
        holds(state, &workspace, now + SignedDuration::from_hours(1), later).await;
    }
}

async fn opened(scene: &Scene) -> Result<(OpenOutcome, AgentLifecycle), WorkspacesError> {
    let entity = entity();
    let wish = OpenWorkspace::new(&entity).wait_limit(Duration::from_secs(90));
    let opened = wish.run(&client(&scene.coder, &scene.alice), |_| {}).await?;
    let agent = opened.workspace.latest_build.resources[0].agents.last().unwrap().clone();
    Ok((opened.outcome, agent.lifecycle_state))
}

#[async_test]
async fn what_blocks_is_waited_for_before_it_has_begun() {
    for bring in [NewWorkspace::stopped, NewWorkspace::starting, NewWorkspace::connecting] {
        let scene = scene();
        bring(scene.workspace()).create();
        assert_eq!(opened(&scene).await.unwrap().1, AgentLifecycle::Ready);
    }
    // Nothing blocks: people can work while the script runs.
    let scene = scene();
    scene.plain().connecting().create();
    assert_eq!(opened(&scene).await.unwrap().1, AgentLifecycle::Created);
}

#[async_test]
async fn a_script_that_failed_does_not_hide_one_that_still_runs() {
    let scene = scene();
    let dev = scene.workspace().agents(&["a", "b"]).agent_startup_failed("a").create();
    scene.coder.lose_agent(dev, "b");
    scene.coder.bring_agent_back(dev, "b");
    scene.wait(10);
    assert_eq!(opened(&scene).await.unwrap(), (OpenOutcome::Joined, AgentLifecycle::Ready));
}

#[async_test]
async fn who_shuts_down_is_not_ready() {
    let scene = scene();
    let dev = scene.workspace().shutdown_script().agents_shutting_down().create();
    let unusable = |outcome: Result<String, WorkspacesError>| match outcome.unwrap_err() {
        WorkspacesError::NotReady { problem: NotReady::Unusable(reason), .. } => reason,
        error => panic!("{error}"),
    };
    let reason = unusable(opened(&scene).await.map(|_| String::new()));
    assert_eq!(reason, "`main`: agent is shutting down");
    let client = client(&scene.coder, &scene.alice);
    let started = ManageWorkspace::new(&client, dev).start(|_| {}).await;
    assert_eq!(unusable(started.map(|_| String::new())), "`main`: agent is shutting down");
}

#[async_test]
async fn a_connection_that_comes_back_was_not_lost() {
    let scene = scene();
    let dev = scene.workspace().create();
    scene.coder.lose_agents(dev);
    let looks = std::sync::atomic::AtomicU32::new(0);
    let coder = scene.coder.clone();
    let entity = entity();
    let opened = OpenWorkspace::new(&entity)
        .run(&client(&scene.coder, &scene.alice), |progress| {
            let waits = matches!(progress, Progress::Waiting(..));
            // After a few seconds it is there again.
            if waits && looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
                coder.bring_agents_back(dev);
            }
        })
        .await
        .unwrap();
    assert_eq!(opened.outcome, OpenOutcome::Joined);
    assert!(opened.workspace.health.healthy);
}

#[async_test]
async fn a_connection_that_does_not_come_back_is_lost_after_a_while() {
    let scene = scene();
    let dev = scene.workspace().create();
    let client = client_with(&scene.coder, &scene.alice, "GET", move |coder| {
        coder.lose_agents(dev);
    });
    let began = scene.coder.clock().now();
    let lost = OpenWorkspace::new(&entity()).run(&client, |_| {}).await;
    assert!(matches!(lost, Err(WorkspacesError::NotReady { problem: NotReady::Unusable(_), .. })));
    let waited = scene.coder.clock().now().duration_since(began).as_secs();
    assert!((20..60).contains(&waited), "{waited} s");
}
