//! Tests code of your own against a Coder that is none: no network, no container, no sleep.
//!
//! ```sh
//! cargo test -p coder-backstage-examples
//! ```

use coder_client::models::WorkspaceStatus;
use coder_client::operations::ListWorkspaces;
use coder_client::{Client, ClientError, WorkspaceFilter};
use coder_testkit::{FakeCoder, Fault};

/// Counts how many of a person's workspaces run: the code under test.
async fn running(client: &Client) -> Result<usize, ClientError> {
    let mine = ListWorkspaces::new(WorkspaceFilter::new().mine());
    let workspaces = client.send(&mine).await?.workspaces;
    let is_running = |status: &WorkspaceStatus| *status == WorkspaceStatus::Running;
    Ok(workspaces.iter().filter(|workspace| is_running(&workspace.latest_build.status)).count())
}

#[tokio::test]
async fn only_running_workspaces_of_ones_own_are_counted() {
    let coder = FakeCoder::new();
    let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
    coder.add_workspace(&alice, "dev").running().create();
    coder.add_workspace(&alice, "old").stopped().create();
    coder.add_workspace(&bob, "dev").running().create();

    assert_eq!(running(&coder.client(&alice)).await.unwrap(), 1);
    assert_eq!(coder.count("GET", "/api/v2/workspaces"), 1);
}

// tokio's paused time turns the pause before the second try into none.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.fail_next(Fault::answer_lost());

    assert_eq!(running(&coder.client(&alice)).await.unwrap(), 0);
    assert_eq!(coder.count("GET", "/api/v2/workspaces"), 2);
}

#[tokio::test]
async fn a_suspended_user_is_told_apart_from_an_outage() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.suspend(&alice);

    let error = running(&coder.client(&alice)).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_transient(), "{error}");
}
