//! A Coder newer than any that is known.

use coder_client::operations::{GetUser, GetWorkspace, ListWorkspaces};
use coder_client::{Client, Credential, WorkspaceFilter};
use coder_core::World;
use coder_testkit::FakeCoder;

#[tokio::test]
async fn the_client_takes_a_newer_coder_as_it_is() {
    let coder = FakeCoder::builder().from_the_future().build();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    let client = Client::new(&World::native(coder.clone()).unwrap(), coder.url().clone())
        .with_credential(Credential::SessionToken(alice.session_token.clone()));
    assert_eq!(client.send(&GetUser::me()).await.unwrap().username, "alice");
    let workspace = client.send(&GetWorkspace::new(dev)).await.unwrap();
    assert_eq!(workspace.latest_build.reason.as_str(), "from_the_future");
    assert_eq!(workspace.latest_build.status.as_str(), "running");
    let all = ListWorkspaces::new(WorkspaceFilter::new());
    assert_eq!(client.send(&all).await.unwrap().workspaces.len(), 1);
}
