//! Linked tokens: by person and deployment, written by compare-and-swap.

use std::sync::Arc;

use coder_auth::store::{AuthStore, LinkKey, LinkRecord};

use super::{at_once, how_many, version};

fn key(holder: &str) -> LinkKey {
    let deployment = "https://coder.example.com/base".parse().unwrap();
    LinkKey { deployment, holder: holder.to_owned() }
}

fn link(key: &LinkKey, name: &str) -> LinkRecord {
    LinkRecord { key: key.clone(), version: version(name), sealed: name.into() }
}

/// Checks that another path of the same origin is another deployment.
pub async fn a_link_is_kept_by_person_and_deployment(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let alice = key("user:default/alice");
    let there = |url: &str| LinkKey { deployment: url.parse().unwrap(), ..alice.clone() };
    let long = format!("user:{0}/{0}", "n".repeat(250));
    let others = [
        there("https://coder.example.com"),
        there("https://coder.example.com/other"),
        key("user:default/bob"),
        key("user:default/o'dd %_\"é"),
        key("user:default/alice "),
        key(&long),
    ];
    for other in &others {
        store.put_link(link(other, &other.holder)).await.unwrap();
    }
    assert_eq!(store.link(&alice).await.unwrap(), None);
    store.delete_link(&alice).await.unwrap();
    store.put_link(link(&alice, "one")).await.unwrap();
    store.put_link(link(&alice, "two")).await.unwrap();
    assert_eq!(store.link(&alice).await.unwrap(), Some(link(&alice, "two")), "in its place");
    store.delete_link(&alice).await.unwrap();
    assert_eq!(store.link(&alice).await.unwrap(), None);
    for other in &others {
        assert_eq!(store.link(other).await.unwrap(), Some(link(other, &other.holder)));
    }
}

/// Checks that a link that was removed stays so, and that one that was linked anew is not taken for
/// the former one.
pub async fn a_link_is_updated_at_the_version_that_was_read_and_at_no_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = key("user:default/alice");
    assert!(!store.update_link(&key, version("one"), Some(link(&key, "two"))).await.unwrap());
    assert!(!store.update_link(&key, version("one"), None).await.unwrap());
    assert_eq!(store.link(&key).await.unwrap(), None, "an update makes no link");

    store.put_link(link(&key, "one")).await.unwrap();
    for update in [Some(link(&key, "late")), None] {
        assert!(!store.update_link(&key, version("other"), update).await.unwrap());
        assert_eq!(store.link(&key).await.unwrap(), Some(link(&key, "one")));
    }
    assert!(store.update_link(&key, version("one"), Some(link(&key, "two"))).await.unwrap());
    assert_eq!(store.link(&key).await.unwrap(), Some(link(&key, "two")));
    assert!(store.update_link(&key, version("two"), None).await.unwrap());
    assert_eq!(store.link(&key).await.unwrap(), None);
}

/// Checks that exactly one of several writers who have seen the same version writes or deletes.
pub async fn of_many_who_update_a_link_at_once_one_does(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    store.put_link(link(&key("alice"), "one")).await.unwrap();
    let answers = at_once(20, &open, |n, store| {
        let new = (n % 2 == 0).then(|| link(&key("alice"), &n.to_string()));
        Box::pin(
            async move { store.update_link(&key("alice"), version("one"), new).await.unwrap() },
        )
    });
    assert_eq!(how_many(&answers.await), 1);
}
