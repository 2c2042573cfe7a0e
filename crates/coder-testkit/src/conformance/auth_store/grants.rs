//! Grants are written by compare-and-swap of their generation.

use std::sync::Arc;

use coder_auth::GrantKey;
use coder_auth::store::AuthStore;
use coder_client::UserId;
use uuid::Uuid;

use super::{at_once, grant, grant_key, how_many};

/// `None` is expected by a first writer only; bytes come back as they were.
pub async fn a_grant_is_first_written_where_there_is_none(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert!(!store.replace_grant(grant(&key, 2, b"replaced"), Some(1)).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), None, "nothing was there to replace");

    // Every byte there is, so that nothing is taken for text.
    let content: Vec<u8> = (0..=u8::MAX).cycle().take(5000).collect();
    let first = grant(&key, 1, &content);
    assert!(store.replace_grant(first.clone(), None).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), Some(first.clone()));
    assert!(!store.replace_grant(grant(&key, 1, b"again"), None).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), Some(first));
}

/// A writer who has seen another generation, or none, changes nothing.
pub async fn a_grant_is_replaced_at_the_generation_that_was_read_and_at_no_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    store.replace_grant(grant(&key, 1, b"first"), None).await.unwrap();
    let last = grant(&key, u64::MAX, b"second");
    assert!(store.replace_grant(last.clone(), Some(1)).await.unwrap());
    for expected in [None, Some(0), Some(1), Some(2), Some(u64::MAX / 2), Some(u64::MAX - 1)] {
        let replaced = store.replace_grant(grant(&key, 3, b"late"), expected).await.unwrap();
        assert!(!replaced, "{expected:?}");
        assert_eq!(store.grant(&key).await.unwrap(), Some(last.clone()), "{expected:?}");
    }
    assert!(store.replace_grant(grant(&key, 4, b"fourth"), Some(u64::MAX)).await.unwrap());
}

/// A grant that was written again is not deleted by someone who has not seen it.
pub async fn a_grant_is_deleted_at_its_generation_and_at_no_other(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let store = open().await;
    let key = grant_key(1);
    assert!(!store.delete_grant(&key, 1).await.unwrap(), "there is none");
    store.replace_grant(grant(&key, 2, b""), None).await.unwrap();
    assert!(!store.delete_grant(&key, 1).await.unwrap());
    assert!(store.grant(&key).await.unwrap().is_some());
    assert!(store.delete_grant(&key, 2).await.unwrap());
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert!(!store.delete_grant(&key, 2).await.unwrap(), "it is gone");
    assert!(store.replace_grant(grant(&key, 1, b"anew"), None).await.unwrap());
}

/// Deployment, client and user each make another grant.
pub async fn grants_differ_in_every_part_of_their_key(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = grant_key(1);
    let others = [
        GrantKey::new("https://coder.example.com:8443".parse().unwrap(), "client", key.user),
        GrantKey::new(key.deployment.clone(), "Client", key.user),
        grant_key(2),
    ];
    for other in &others {
        assert!(store.replace_grant(grant(other, 1, b"another"), None).await.unwrap(), "{other:?}");
    }
    assert_eq!(store.grant(&key).await.unwrap(), None);
    assert!(!store.delete_grant(&key, 1).await.unwrap());
    for other in &others {
        assert_eq!(store.grant(other).await.unwrap(), Some(grant(other, 1, b"another")));
    }
}

/// Of writers who have seen the same, exactly one writes: the first time and later.
pub async fn of_many_who_replace_a_grant_at_once_one_does(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let key = grant_key(1);
    for generation in 1..=3_u8 {
        let key = key.clone();
        let answers = at_once(20, &open, move |n, store| {
            let content = [generation, u8::try_from(n).unwrap()];
            let record = grant(&key, generation.into(), &content);
            let expected = (generation > 1).then(|| u64::from(generation) - 1);
            Box::pin(async move { store.replace_grant(record, expected).await.unwrap() })
        })
        .await;
        assert_eq!(how_many(&answers), 1, "{answers:?}");
        let winner = answers.iter().position(|won| *won).unwrap();
        let stored = open().await.grant(&grant_key(1)).await.unwrap().unwrap();
        assert_eq!(stored.sealed, [generation, u8::try_from(winner).unwrap()]);
    }
}

/// A token that somebody has linked is a grant whose key holds who that is, and no user of Coder.
pub async fn a_linked_token_is_kept_like_a_grant(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    let key = |person: &str| {
        let deployment = "https://coder.example.com".parse().unwrap();
        let client = format!("link https://backstage.example.com/api/auth {person}");
        GrantKey::new(deployment, client, UserId::from(Uuid::nil()))
    };
    let long = format!("user:{0}/{0}", "n".repeat(250));
    for person in ["user:default/alice", "user:default/bob", "user:default/o'dd %_\"é", &long] {
        let linked = grant(&key(person), 1, person.as_bytes());
        assert!(store.replace_grant(linked.clone(), None).await.unwrap(), "{person}");
        assert_eq!(store.grant(&key(person)).await.unwrap(), Some(linked));
    }
    assert_eq!(store.grant(&key("user:default/alic")).await.unwrap(), None);
    assert_eq!(store.grant(&key("user:default/alice ")).await.unwrap(), None);
    assert!(store.delete_grant(&key("user:default/alice"), 1).await.unwrap());
    assert_eq!(store.grant(&key("user:default/alice")).await.unwrap(), None);
    assert!(store.grant(&key("user:default/bob")).await.unwrap().is_some());
}

/// Writers who read and try again until they succeed all leave their mark.
pub async fn no_write_is_lost_among_writers_who_compare_and_swap(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    at_once(20, &open, |_, store| Box::pin(async move { add_one(&*store).await })).await;
    let stored = open().await.grant(&grant_key(1)).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.sealed), (20, vec![20]));
}

/// Adds one to the number that is the grant's content, however often others come first.
async fn add_one(store: &dyn AuthStore) {
    let key = grant_key(1);
    loop {
        let read = store.grant(&key).await.unwrap();
        let expected = read.as_ref().map(|record| record.generation);
        let number = read.and_then(|record| record.sealed.first().copied()).unwrap_or_default() + 1;
        let record = grant(&key, expected.unwrap_or_default() + 1, &[number]);
        if store.replace_grant(record, expected).await.unwrap() {
            return;
        }
    }
}
