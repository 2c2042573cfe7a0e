//! The rules of [`IndexStore`], for stores that several processes share.
//!
//! Every function wants a function that opens one place, which is empty at first, as one process after
//! the other would.
#![expect(clippy::unwrap_used, reason = "a store that fails has failed the test")]

use std::sync::Arc;

use coder_workspaces::index::IndexStore;
use jiff::SignedDuration;

const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// Makes one test of each rule of [`IndexStore`](coder_workspaces::index::IndexStore), for a store that
/// several processes share.
///
/// The arguments are the attributes that make a test, an arrow, and an expression, evaluated in each
/// test, that gives an `AsyncFn() -> Arc<dyn IndexStore>`. Its first call opens an empty place; every
/// further one opens the same place as another process would.
///
/// ```
/// use std::sync::Arc;
/// use coder_testkit::MemoryIndexStore;
/// use coder_workspaces::index::IndexStore;
///
/// mod memory {
///     # use super::*;
///     coder_testkit::index_store_tests!(tokio::test => {
///         let store = MemoryIndexStore::default();
///         async move || Arc::new(store.other_process()) as Arc<dyn IndexStore>
///     });
/// }
/// # fn main() {}
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "workspaces")))]
#[macro_export]
macro_rules! index_store_tests {
    ($($attribute:meta),+ => $open:expr) => {
        $crate::index_store_tests! {
            @each [$(#[$attribute])+], $open;
            every_process_loads_what_one_has_saved_last
            one_process_has_the_lease_and_keeps_it
            a_lease_is_nothing_that_is_loaded
            a_process_without_the_lease_saves_nothing
            a_lease_that_is_given_back_is_the_next_one_s
            of_many_who_want_the_lease_at_once_one_gets_it
        }
    };
    (@each $attributes:tt, $open:expr; $($case:ident)+) => {
        $($crate::index_store_tests! { @one $attributes, $open, $case })+
    };
    (@one [$($attribute:tt)+], $open:expr, $case:ident) => {
        $($attribute)+
        async fn $case() {
            let open = $open;
            $crate::conformance::index_store::$case(open).await;
        }
    };
}

/// Checks that what is saved takes the place of what was there, for all.
pub async fn every_process_loads_what_one_has_saved_last(
    open: impl AsyncFn() -> Arc<dyn IndexStore>,
) {
    let (one, two) = (open().await, open().await);
    assert_eq!(two.load().await.unwrap(), None);
    one.save(b"first".to_vec()).await.unwrap();
    one.save(b"second".to_vec()).await.unwrap();
    assert_eq!(two.load().await.unwrap().as_deref(), Some(&b"second"[..]));
    two.save(Vec::new()).await.unwrap();
    assert_eq!(one.load().await.unwrap().as_deref(), Some(&b""[..]), "empty is not nothing");
}

/// Checks that the holder is told so again, and nobody else is.
pub async fn one_process_has_the_lease_and_keeps_it(open: impl AsyncFn() -> Arc<dyn IndexStore>) {
    let (one, two) = (open().await, open().await);
    assert!(one.lease(LEASE).await.unwrap());
    assert!(!two.lease(LEASE).await.unwrap());
    assert!(one.lease(LEASE).await.unwrap());
    assert!(!open().await.lease(LEASE).await.unwrap());
}

/// Checks that a process that reads for the first time does not make an empty index of it.
pub async fn a_lease_is_nothing_that_is_loaded(open: impl AsyncFn() -> Arc<dyn IndexStore>) {
    let (one, two) = (open().await, open().await);
    assert!(one.lease(LEASE).await.unwrap());
    assert_eq!(one.load().await.unwrap(), None);
    assert_eq!(two.load().await.unwrap(), None);
}

/// Checks that a process that has lost its lease, or never had it, does not replace what the holder has
/// saved.
pub async fn a_process_without_the_lease_saves_nothing(
    open: impl AsyncFn() -> Arc<dyn IndexStore>,
) {
    let (one, two) = (open().await, open().await);
    assert!(one.lease(LEASE).await.unwrap());
    two.save(b"of nobody".to_vec()).await.unwrap_err();
    assert_eq!(two.load().await.unwrap(), None);
    one.save(b"of one".to_vec()).await.unwrap();
    two.save(b"of nobody".to_vec()).await.unwrap_err();
    assert_eq!(two.load().await.unwrap().as_deref(), Some(&b"of one"[..]));

    one.lease(SignedDuration::ZERO).await.unwrap();
    assert!(two.lease(LEASE).await.unwrap());
    one.save(b"too late".to_vec()).await.unwrap_err();
    two.save(b"of two".to_vec()).await.unwrap();
    assert_eq!(one.load().await.unwrap().as_deref(), Some(&b"of two"[..]));
}

/// Checks that a lease of no time gives it back, and takes it from nobody.
pub async fn a_lease_that_is_given_back_is_the_next_one_s(
    open: impl AsyncFn() -> Arc<dyn IndexStore>,
) {
    let (one, two) = (open().await, open().await);
    assert!(one.lease(LEASE).await.unwrap());
    assert!(!two.lease(SignedDuration::ZERO).await.unwrap(), "two has nothing to give back");
    assert!(!two.lease(LEASE).await.unwrap());
    one.lease(SignedDuration::ZERO).await.unwrap();
    assert!(two.lease(LEASE).await.unwrap());
    assert!(!one.lease(LEASE).await.unwrap());
}

/// Checks that no two processes read for all.
pub async fn of_many_who_want_the_lease_at_once_one_gets_it(
    open: impl AsyncFn() -> Arc<dyn IndexStore>,
) {
    let mut stores = Vec::new();
    for _ in 0..8 {
        stores.push(open().await);
    }
    let asked = stores.iter().map(|store| store.lease(LEASE));
    let answers = futures_util::future::join_all(asked).await;
    let holders = answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count();
    assert_eq!(holders, 1);
}
