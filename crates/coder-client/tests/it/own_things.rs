//! What Coder keeps for each user: the SSH key, secrets and messages.

use std::future::poll_fn;
use std::task::Poll;

use crate::async_test;
use crate::door::Door;
use coder_client::Client;
use coder_client::operations::*;
use coder_client::subscriptions::WatchInbox;
use coder_testkit::{FakeCoder, FakeUser, Version};
use futures_util::TryStreamExt as _;

async fn opened() -> (Door, Client, FakeUser) {
    let door = Door::to(FakeCoder::builder()).await;
    let alice = door.coder.add_user("alice");
    let client = door.client(&alice);
    (door, client, alice)
}

#[async_test]
async fn a_user_has_one_ssh_key_until_another_one_is_made() {
    let (door, hers, alice) = opened().await;
    let key = hers.send(&GetGitSshKey::new("me")).await.unwrap();
    assert!(key.public_key.starts_with("ssh-ed25519 AAAA"), "{}", key.public_key);
    assert_eq!(hers.send(&GetGitSshKey::new("me")).await.unwrap(), key);
    let owner = door.client(&door.coder.add_owner("root"));
    assert_eq!(owner.send(&GetGitSshKey::new(alice.id)).await.unwrap(), key);
    let new = hers.send(&RegenerateGitSshKey::new("me")).await.unwrap();
    assert_ne!(new.public_key, key.public_key);
    assert_eq!(hers.send(&GetGitSshKey::new("me")).await.unwrap(), new);
    let others = door.client(&door.coder.add_user("bob"));
    assert!(others.send(&GetGitSshKey::new("alice")).await.unwrap_err().is_not_found());
}

#[async_test]
async fn a_secret_is_changed_field_by_field_and_deleted_by_its_name() {
    let (_door, hers, _) = opened().await;
    let create = CreateUserSecret::new("me", "npm", "s3cr3t-value").env_name("NPM_TOKEN");
    let created = hers.send(&create).await.unwrap();
    assert_eq!((created.env_name.as_str(), created.enabled), ("NPM_TOKEN", Some(true)));
    let update = UpdateUserSecret::new("me", "npm").file_path("~/.npmrc").enabled(false);
    let updated = hers.send(&update).await.unwrap();
    assert_eq!((updated.env_name.as_str(), updated.file_path.as_str()), ("NPM_TOKEN", "~/.npmrc"));
    assert_eq!(updated.enabled, Some(false));
    assert_eq!(*hers.send(&ListUserSecrets::new("me")).await.unwrap(), [updated]);
    hers.send(&DeleteUserSecret::new("me", "npm")).await.unwrap();
    let gone = hers.send(&GetUserSecret::new("me", "npm")).await.unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
}

#[async_test]
async fn two_secrets_of_a_user_share_neither_name_nor_variable() {
    let (door, hers, alice) = opened().await;
    let create = |name: &str, variable: &str| {
        CreateUserSecret::new("me", name, "s3cr3t-value").env_name(variable)
    };
    hers.send(&create("npm", "NPM_TOKEN")).await.unwrap();
    for (name, variable) in [("npm", "OTHER"), ("other", "NPM_TOKEN")] {
        let taken = hers.send(&create(name, variable)).await.unwrap_err();
        assert!(taken.is_conflict(), "{taken}");
    }
    let owner = door.client(&door.coder.add_owner("root"));
    let refused = owner.send(&ListUserSecrets::new(alice.id)).await.unwrap_err();
    assert!(refused.is_forbidden(), "{refused}");
    owner.send(&create("npm", "NPM_TOKEN")).await.unwrap();
}

#[async_test]
async fn older_releases_have_no_secrets_of_users() {
    let door = Door::to(FakeCoder::builder().version(Version::V2_31)).await;
    let hers = door.client(&door.coder.add_user("alice"));
    assert!(hers.send(&ListUserSecrets::new("me")).await.is_err());
}

#[async_test]
async fn the_inbox_has_the_newest_message_first_and_knows_what_was_read() {
    let (door, hers, alice) = opened().await;
    let first = door.coder.add_notification(&alice, "Workspace deleted", "`dev` is gone.");
    let second = door.coder.add_notification(&alice, "Template deprecated", "");
    let bob = door.coder.add_user("bob");
    door.coder.add_notification(&bob, "For Bob", "");
    let inbox = hers.send(&ListInbox::new()).await.unwrap();
    let ids: Vec<_> = inbox.notifications.iter().map(|message| message.id).collect();
    assert_eq!((ids, inbox.unread_count), (vec![second, first], 2));
    let marked = hers.send(&MarkNotification::new(first, true)).await.unwrap();
    assert_eq!(marked.unread_count, 1);
    let unread = hers.send(&ListInbox::new().read_status("unread")).await.unwrap();
    assert_eq!(unread.notifications[0].title, "Template deprecated");
    let before = hers.send(&ListInbox::new().starting_before(second)).await.unwrap();
    assert_eq!(before.notifications[0].content, "`dev` is gone.");
    hers.send(&MarkAllNotificationsRead).await.unwrap();
    assert_eq!(hers.send(&ListInbox::new()).await.unwrap().unread_count, 0);
    let his = door.client(&bob);
    assert!(his.send(&MarkNotification::new(first, false)).await.is_err(), "it is not his");
}

#[async_test]
async fn a_message_that_somebody_sends_to_themselves_arrives_in_the_watched_inbox() {
    let (door, hers, alice) = opened().await;
    door.coder.add_notification(&alice, "Old", "");
    let mut arriving = hers.subscribe(WatchInbox::new());
    let send = async {
        // What is sent before the connection stands is in the inbox, and does not arrive.
        while door.coder.count("GET", "/api/v2/notifications/inbox/watch") == 0 {
            yield_once().await;
        }
        hers.send(&SendCustomNotification::new("Deployed", "**1.2** is out")).await
    };
    let (arrived, sent) = futures_util::future::join(arriving.try_next(), send).await;
    sent.unwrap();
    let arrived = arrived.unwrap().unwrap();
    assert_eq!((arrived.title.as_str(), arrived.content.as_str()), ("Deployed", "**1.2** is out"));
}

/// Lets others go on.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut has_yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
