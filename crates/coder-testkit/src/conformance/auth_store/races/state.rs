//! The state before and after, as the trait's own methods tell it.

use coder_auth::store::{AuthStore, GrantRecord, LinkRecord, SessionRecord};

use super::super::{at, grant_key, id, login, sign_in};
use super::transition::{ALICE, BOB, CAROL, LOGINS, Transition, lease, link, link_key};

/// A moment far after everything else.
const FAR: i64 = 1_000_000;

/// Everything that the transitions may have changed.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    grants: Vec<GrantRecord>,
    sessions: Vec<SessionRecord>,
    /// Names of pairs, and a time at which they are due: the first of some.
    revocations: Vec<(String, i64)>,
    link: Option<LinkRecord>,
    /// Whether nobody else holds the lease of Alice's grant.
    is_lease_free: bool,
}

/// Makes the state on which the transitions meet, of an empty one.
pub(super) async fn prepare(store: &dyn AuthStore, transitions: [Transition; 2]) {
    sign_in(store, login(&grant_key(ALICE), None, "a1")).await;
    sign_in(store, login(&grant_key(BOB), None, "b1")).await;
    sign_in(store, login(&grant_key(BOB), Some("b1"), "b2")).await;
    store.put_link(link("before")).await.unwrap();
    for kept in transitions.into_iter().filter_map(Transition::kept_before) {
        store.keep_pair(kept).await.unwrap();
    }
}

/// Empties the store again.
pub(super) async fn clear(store: &dyn AuthStore) {
    for user in [ALICE, BOB, CAROL] {
        store.end_grant(&grant_key(user), at(0)).await.unwrap();
    }
    for claimed in store.claim_revocations(at(FAR), at(FAR), 100).await.unwrap() {
        store.forget_revocation(&claimed.pair.id).await.unwrap();
    }
}

impl State {
    /// Reads it. The revocations are claimed by that, and the lease is taken.
    pub(super) async fn read(store: &dyn AuthStore) -> Self {
        let mut grants = Vec::new();
        for user in [ALICE, BOB, CAROL] {
            grants.extend(store.grant(&grant_key(user)).await.unwrap());
        }
        let made = LOGINS.map(|login| format!("{login:?}"));
        let mut sessions = Vec::new();
        for name in ["a1", "b1", "b2"].into_iter().chain(made.iter().map(String::as_str)) {
            sessions.extend(store.session(&id(name)).await.unwrap());
        }
        let mut revocations = Vec::new();
        for seconds in [0, 10, 20, 99, 100, 499, 500, FAR - 1] {
            let due = store.claim_revocations(at(seconds), at(FAR), 100).await.unwrap();
            revocations
                .extend(due.into_iter().map(|due| (due.pair.id.as_str().to_owned(), seconds)));
        }
        revocations.sort();
        let link = store.link(&link_key()).await.unwrap();
        let alice = grants.iter().find(|grant| grant.key == grant_key(ALICE));
        let is_lease_free = match alice {
            Some(alice) => {
                store.lease_grant(&alice.key, &alice.pair.id, &lease("reader")).await.unwrap()
            }
            None => true,
        };
        Self { grants, sessions, revocations, link, is_lease_free }
    }

    /// Holds it to what is true after every transition.
    pub(super) fn assert_whole(&self) {
        for grant in &self.grants {
            let is_used = self.sessions.iter().any(|session| session.grant == grant.key);
            assert!(is_used, "a grant without a session: {self:#?}");
        }
        for session in &self.sessions {
            let is_there = self.grants.iter().any(|grant| grant.key == session.grant);
            assert!(is_there, "a session without a grant: {self:#?}");
        }
        let revoked = self.revocations.iter().map(|(pair, _)| pair.as_str());
        let held = self.grants.iter().map(|grant| grant.pair.id.as_str());
        let mut pairs: Vec<&str> = revoked.chain(held).collect();
        pairs.sort_unstable();
        let all = pairs.len();
        pairs.dedup();
        assert_eq!(pairs.len(), all, "a pair at two places: {self:#?}");
    }
}
