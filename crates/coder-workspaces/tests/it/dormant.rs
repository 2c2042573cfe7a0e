//! Dormant workspaces: by going dormant none stops, and older releases do not wake one that is started.

use coder_client::operations::GetWorkspace;
use coder_testkit::{FakeCoder, Version};
use coder_workspaces::{ManageWorkspace, OpenOutcome, OpenWorkspace};

use crate::async_test;
use crate::fake::client;
use crate::open::{PAY, Scene, entity, scene};

#[async_test]
async fn one_that_still_runs_is_woken_and_used_as_it_is() {
    let Scene { coder, alice, client } = scene();
    let id = coder.add_workspace(&alice, "dev").parameter("repo", PAY).dormant().create();
    let opened = OpenWorkspace::new(&entity()).run(&client, |_| {}).await.unwrap();
    assert_eq!((opened.workspace.id, opened.outcome), (id, OpenOutcome::Found));
    assert_eq!(opened.workspace.dormant_at, None);
    assert_eq!(coder.count("POST", &format!("/api/v2/workspaces/{id}/builds")), 0);

    let other = coder.add_workspace(&alice, "other").dormant().create();
    let started = ManageWorkspace::new(&client, other).start(|_| {}).await.unwrap();
    assert_eq!(started.dormant_at, None);
    assert_eq!(coder.count("POST", &format!("/api/v2/workspaces/{other}/builds")), 0);
}

#[async_test]
async fn one_that_is_stopped_is_woken_before_it_is_started_on_every_release() {
    for version in Version::ALL {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        let client = client(&coder, &alice);
        let dev = coder.add_workspace(&alice, "dev").parameter("repo", PAY);
        let dev = dev.stopped().dormant().create();
        let opened = OpenWorkspace::new(&entity()).run(&client, |_| {}).await;
        let opened = opened.unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!((opened.workspace.id, opened.outcome), (dev, OpenOutcome::Started), "{version}");

        let asleep = coder.add_workspace(&alice, "asleep").stopped().dormant().create();
        let started = ManageWorkspace::new(&client, asleep).start(|_| {}).await;
        assert_eq!(started.unwrap().dormant_at, None, "{version}");
    }
}

#[async_test]
async fn one_that_is_stopped_or_deleted_is_not_woken_for_that() {
    let Scene { coder, alice, client } = scene();
    let dev = coder.add_workspace(&alice, "dev").parameter("repo", PAY).dormant().create();
    let manage = ManageWorkspace::new(&client, dev);
    manage.stop(|_| {}).await.unwrap();
    assert!(client.send(&GetWorkspace::new(dev)).await.unwrap().dormant_at.is_some());
    manage.delete(|_| {}).await.unwrap();
    assert_eq!(coder.count("PUT", &format!("/api/v2/workspaces/{dev}/dormant")), 0);
}
