//! A clock that differs from Coder's by minutes changes nothing.

use std::time::Duration;

use coder_client::models::AgentLifecycle;
use coder_client::operations::GetWorkspace;
use coder_testkit::{FakeCoder, FakeUser, Pace};
use coder_workspaces::{
    Availability, AvailabilityState, NotReady, OpenOutcome, OpenWorkspace, OpenedWorkspace,
    WorkspacesError,
};

use crate::async_test;
use crate::fake::client_ahead;
use crate::open::{PAY, entity};

/// How far the own clock may be ahead of Coder's, in seconds.
const AHEAD: [i64; 5] = [-300, -40, 0, 40, 300];

fn scene() -> (FakeCoder, FakeUser) {
    let coder = FakeCoder::builder().pace(Pace::every(Duration::from_secs(10))).build();
    let alice = coder.add_user("alice");
    (coder, alice)
}

/// Opens a workspace by a clock that is this far ahead, and tells how long it took, in seconds.
async fn opened(
    coder: &FakeCoder,
    alice: &FakeUser,
    ahead: i64,
) -> (Result<OpenedWorkspace, WorkspacesError>, i64) {
    let began = coder.clock().now();
    let client = client_ahead(coder, alice, ahead);
    let opened = OpenWorkspace::new(&entity()).run(&client, |_| {}).await;
    (opened, coder.clock().now().duration_since(began).as_secs())
}

#[async_test]
async fn what_blocks_is_waited_for() {
    for ahead in AHEAD {
        let (coder, alice) = scene();
        let dev = coder.add_workspace(&alice, "dev").parameter("repo", PAY);
        dev.startup_blocks_login().stopped().create();
        let opened = opened(&coder, &alice, ahead).await.0.unwrap();
        let agent = &opened.workspace.latest_build.resources[0].agents[0];
        assert_eq!(agent.lifecycle_state, AgentLifecycle::Ready, "{ahead}");
    }
}

#[async_test]
async fn a_lost_connection_is_waited_for_as_long_as_ever() {
    for ahead in AHEAD {
        let (coder, alice) = scene();
        let dev = coder.add_workspace(&alice, "dev").parameter("repo", PAY).create();
        coder.lose_agents(dev);
        let (lost, waited) = opened(&coder, &alice, ahead).await;
        let Err(WorkspacesError::NotReady { problem: NotReady::Unusable(_), .. }) = lost else {
            panic!("{ahead}: {lost:?}")
        };
        assert!((20..60).contains(&waited), "{ahead}: {waited} s");
    }
}

#[async_test]
async fn what_was_lost_long_ago_is_told_at_once() {
    for ahead in AHEAD {
        let (coder, alice) = scene();
        let dev = coder.add_workspace(&alice, "dev").parameter("repo", PAY).create();
        coder.lose_agents(dev);
        coder.advance(Duration::from_secs(3600));
        let (lost, waited) = opened(&coder, &alice, ahead).await;
        assert!(lost.is_err() && waited == 0, "{ahead}: {waited} s");
    }
}

#[async_test]
async fn a_single_look_counts_by_coders_clock() {
    for ahead in AHEAD {
        let (coder, alice) = scene();
        let dev = coder.add_workspace(&alice, "dev").create();
        coder.lose_agents(dev);
        let client = client_ahead(&coder, &alice, ahead);
        let mut states = Vec::new();
        for _ in 0..2 {
            coder.advance(Duration::from_secs(20));
            let workspace = client.send(&GetWorkspace::new(dev)).await.unwrap();
            states.push(Availability::new(&workspace, client.now()).state);
        }
        use AvailabilityState::{Pending, Unhealthy};
        assert_eq!(states, [Pending, Unhealthy], "{ahead}");
    }
}

#[async_test]
async fn what_runs_is_used_at_once() {
    for ahead in AHEAD {
        let (coder, alice) = scene();
        coder.add_workspace(&alice, "dev").parameter("repo", PAY).create();
        let (opened, waited) = opened(&coder, &alice, ahead).await;
        assert_eq!((opened.unwrap().outcome, waited), (OpenOutcome::Found, 0), "{ahead}");
    }
}
