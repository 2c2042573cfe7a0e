//! Opening and ensuring on every release, for oneself and for others, with both kinds of parameters.

use coder_client::Client;
use coder_client::operations::GetWorkspace;
use coder_testkit::{FakeCoder, FakeUser, Version};
use coder_workspaces::{
    EnsureWorkspace, NotCreatable, OpenOutcome, OpenWorkspace, WorkspacesError,
};

use crate::async_test;
use crate::fake::client;
use crate::open::entity;

struct Scene {
    coder: FakeCoder,
    root: FakeUser,
    alice: FakeUser,
    bob: FakeUser,
}

fn scene(version: Version, classic: bool) -> Scene {
    let coder = FakeCoder::builder().version(version).build();
    let template = coder.add_template("devcontainers").classic_parameters(classic);
    template.required_parameter("repo").parameter("region", "eu");
    let (root, alice) = (coder.add_owner("root"), coder.add_user("alice"));
    let bob = coder.add_user("bob");
    Scene { coder, root, alice, bob }
}

/// Makes a scene for every release with every kind of template.
fn scenes() -> impl Iterator<Item = (String, Scene)> {
    let kinds = [("dynamic", false), ("classic", true)];
    let all = Version::ALL.into_iter().flat_map(move |version| kinds.map(|kind| (version, kind)));
    all.map(|(version, (kind, classic))| (format!("{version}, {kind}"), scene(version, classic)))
}

async fn opened(client: &Client, owner: Option<&str>, told: &str) -> (String, OpenOutcome) {
    let entity = entity();
    let wish = OpenWorkspace::new(&entity);
    let wish = match owner {
        Some(owner) => wish.owner(owner),
        None => wish,
    };
    let opened = wish.run(client, |_| {}).await.unwrap_or_else(|error| panic!("{told}: {error}"));
    (opened.workspace.owner_name, opened.outcome)
}

async fn ensured(client: &Client, owner: Option<&str>, told: &str) -> (String, bool) {
    let entity = entity();
    let wish = EnsureWorkspace::new(&entity, "payments".parse().unwrap());
    let wish = match owner {
        Some(owner) => wish.owner(owner),
        None => wish,
    };
    let ensured = wish.run(client).await.unwrap_or_else(|error| panic!("{told}: {error}"));
    let again = wish.run(client).await.unwrap_or_else(|error| panic!("{told}: {error}"));
    assert_eq!((again.workspace.id, again.created), (ensured.workspace.id, false), "{told}");
    let workspace = client.send(&GetWorkspace::new(ensured.workspace.id)).await.unwrap();
    (workspace.owner_name, ensured.created)
}

#[async_test]
async fn everybody_opens_and_ensures_for_themselves() {
    for (told, Scene { coder, root, alice, .. }) in scenes() {
        for user in [&root, &alice] {
            let client = client(&coder, user);
            let me = user.username.as_str();
            assert_eq!(
                opened(&client, None, &told).await,
                (me.to_owned(), OpenOutcome::Created),
                "{told}"
            );
            let again = opened(&client, Some(me), &told).await;
            assert_eq!(again, (me.to_owned(), OpenOutcome::Found), "{told}");
            assert_eq!(ensured(&client, None, &told).await, (me.to_owned(), true), "{told}");
            assert_eq!(ensured(&client, Some(me), &told).await, (me.to_owned(), false), "{told}");
        }
    }
}

#[async_test]
async fn an_owner_opens_and_ensures_for_others() {
    for (told, Scene { coder, root, alice, bob }) in scenes() {
        let client = client(&coder, &root);
        // Workspaces of others for the same entity are not hers.
        coder.add_workspace(&bob, "dev").parameter("repo", crate::open::PAY).create();
        let hers = ("alice".to_owned(), OpenOutcome::Created);
        assert_eq!(opened(&client, Some("alice"), &told).await, hers, "{told}");
        let found = opened(&client, Some("alice"), &told).await;
        assert_eq!(found, ("alice".to_owned(), OpenOutcome::Found), "{told}");
        assert_eq!(ensured(&client, Some("alice"), &told).await, ("alice".to_owned(), true));
        let by_id = EnsureWorkspace::new(&entity(), "by-id".parse().unwrap())
            .owner(alice.id)
            .run(&client)
            .await;
        assert!(by_id.unwrap().created, "{told}");
    }
}

#[async_test]
async fn a_member_who_asks_for_somebody_else_is_told_why_not() {
    for (told, Scene { coder, alice, .. }) in scenes() {
        let client = client(&coder, &alice);
        let entity = entity();
        let open = OpenWorkspace::new(&entity).owner("bob").run(&client, |_| {}).await;
        let ensure = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).owner("bob");
        for refused in [open.unwrap_err(), ensure.run(&client).await.unwrap_err()] {
            let reason = "there is no user `bob` that you may create workspaces for; workspaces \
                          for others need the rights of an owner at Coder";
            assert_eq!(refused.to_string(), reason, "{told}");
            assert!(matches!(
                refused,
                WorkspacesError::NotCreatable(NotCreatable::OwnerNotFound(_))
            ));
        }
        assert_eq!(coder.count("POST", "/api/v2/users/bob/workspaces"), 0, "{told}");
    }
}

#[async_test]
async fn nobody_makes_a_workspace_for_somebody_who_is_suspended() {
    for (told, Scene { coder, root, bob, .. }) in scenes() {
        coder.suspend(&bob);
        let client = client(&coder, &root);
        let entity = entity();
        let open = OpenWorkspace::new(&entity).owner("bob").run(&client, |_| {}).await;
        let ensure = EnsureWorkspace::new(&entity, "payments".parse().unwrap()).owner("bob");
        for refused in [open.unwrap_err(), ensure.run(&client).await.unwrap_err()] {
            let reason = "the user `bob` is suspended at Coder; have an owner activate the account \
                          first";
            assert_eq!(refused.to_string(), reason, "{told}");
        }
        assert_eq!(coder.count("POST", "/api/v2/users/bob/workspaces"), 0, "{told}");
    }
}

#[async_test]
async fn an_owner_s_own_accounts_do_not_keep_her_from_making_one_for_somebody_else() {
    for version in Version::ALL {
        let Scene { coder, root, alice, .. } = scene(version, false);
        coder.add_template("devcontainers").external_auth("github", "GitHub");
        coder.link_external_auth(&alice, "github");
        let made = ensured(&client(&coder, &root), Some("alice"), &version.to_string()).await;
        assert_eq!(made, ("alice".to_owned(), true), "{version}");
    }
}
