//! The rules of [`AuthStore`].
//!
//! Every function wants an empty store.

use coder_auth::store::{
    AuthStore, Generation, GrantRecord, PendingRecord, PersonRecord, SessionRecord,
    SigningKeyRecord, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use coder_client::UserId;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::misuse::misuse;

/// How many callers ask at once where only one may win.
const RIVALS: usize = 16;

/// Makes one test of each rule of [`AuthStore`](coder_auth::store::AuthStore).
///
/// The first argument is the attribute that makes a test; the second an expression, evaluated in
/// each test, that gives an empty store of its own.
///
/// ```
/// use coder_auth::MemoryAuthStore;
///
/// mod memory {
///     # use super::*;
///     coder_testkit::auth_store_tests!(tokio::test, MemoryAuthStore::new());
/// }
/// # fn main() {}
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
#[macro_export]
macro_rules! auth_store_tests {
    ($test:meta, $store:expr) => {
        $crate::auth_store_tests! {
            @cases $test, $store;
            an_attempt_is_used_once
            one_of_many_rivals_uses_an_attempt
            pending_pairs_are_kept_until_they_are_deleted
            pending_pairs_are_found_by_their_age
            a_grant_is_read_as_it_was_written
            a_grant_is_written_only_over_the_generation_one_has_seen
            one_of_many_rivals_writes_a_grant
            grants_have_whole_keys
            a_grant_is_deleted_only_at_its_generation
            a_lease_excludes_others_until_it_ends
            a_lease_is_given_back_by_its_holder_only
            one_of_many_rivals_leases_a_grant
            a_lease_survives_a_write
            a_session_is_read_as_it_was_written
            a_session_is_touched_while_it_is_there
            one_of_many_rivals_deletes_a_session
            sessions_are_counted_per_grant
            sessions_are_found_idle_or_old
            the_last_sign_in_of_a_person_wins
            signing_keys_are_listed_oldest_first
            old_signing_keys_are_forgotten
        }
    };
    (@cases $test:meta, $store:expr; $($case:ident)+) => {$(
        #[$test]
        async fn $case() {
            let store = $store;
            $crate::conformance::auth_store::$case(&store).await;
        }
    )+};
}

/// What the store answers; a failure fails the test.
#[track_caller]
fn done<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        misuse(&format!("{error}: {}", source.unwrap_or_default()))
    })
}

/// Seconds after the suite's beginning, with microseconds, which every database keeps.
fn at(seconds: i64) -> Timestamp {
    let beginning = Timestamp::constant(1_787_218_200, 123_456_000);
    beginning.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(beginning)
}

fn key(deployment: &str, client: &str, user: u128) -> GrantKey {
    let Ok(deployment) = deployment.parse() else { misuse("a deployment's origin is a URL") };
    GrantKey::new(deployment, client, UserId::from(Uuid::from_u128(user)))
}

fn alice() -> GrantKey {
    key("https://coder.test", "4f6dcbce-80de-434d-a649-da0260640a83", 1)
}

fn bob() -> GrantKey {
    key("https://coder.test", "4f6dcbce-80de-434d-a649-da0260640a83", 2)
}

fn grant(key: &GrantKey, generation: Generation) -> GrantRecord {
    // Every byte there is, so that nothing is taken for text.
    let sealed = (0..=u8::MAX).cycle().take(5000).chain(generation.to_be_bytes()).collect();
    GrantRecord { key: key.clone(), generation, sealed, stored_at: at(0) }
}

fn attempt(name: &str) -> AttemptId {
    AttemptId::from_stored(format!("{name:-<22}"))
}

fn pending(name: &str, stored_at: Timestamp) -> PendingRecord {
    PendingRecord {
        attempt: attempt(name),
        environment: "development".to_owned(),
        sealed: vec![0, 1, 255],
        stored_at,
    }
}

fn session_id(name: &str) -> SessionId {
    SessionId::from_stored(format!("{name:-<43}"))
}

fn session(name: &str, grant: &GrantKey) -> SessionRecord {
    SessionRecord {
        id: session_id(name),
        grant: grant.clone(),
        environment: "development".to_owned(),
        created_at: at(0),
        used_at: at(60),
    }
}

fn signing_key(id: &str, created_at: Timestamp) -> SigningKeyRecord {
    SigningKeyRecord { id: id.to_owned(), sealed: vec![0, 128, 255], created_at }
}

/// How many of the answers are yes.
fn winners(answers: Vec<Result<bool, StoreError>>) -> usize {
    answers.into_iter().filter(|answer| matches!(answer, Ok(true))).count()
}

/// The second use of an attempt is told so; another attempt is another one.
pub async fn an_attempt_is_used_once(store: &dyn AuthStore) {
    assert!(done(store.use_attempt(&attempt("a"), at(600)).await));
    assert!(!done(store.use_attempt(&attempt("a"), at(600)).await));
    assert!(done(store.use_attempt(&attempt("b"), at(660)).await));
    assert!(!done(store.use_attempt(&attempt("a"), at(600)).await), "still within its time");
}

/// Of callers that come at once, exactly one uses the attempt.
pub async fn one_of_many_rivals_uses_an_attempt(store: &dyn AuthStore) {
    let attempt = attempt("a");
    let rivals = (0..RIVALS).map(|_| store.use_attempt(&attempt, at(600)));
    assert_eq!(winners(join_all(rivals).await), 1);
}

/// A pending pair can be read until it is deleted; deleting what is not there is no failure.
pub async fn pending_pairs_are_kept_until_they_are_deleted(store: &dyn AuthStore) {
    done(store.put_pending(pending("a", at(0))).await);
    done(store.put_pending(pending("b", at(0))).await);
    done(store.delete_pending(&attempt("a")).await);
    done(store.delete_pending(&attempt("a")).await);
    assert_eq!(done(store.pending_before(at(1)).await), [pending("b", at(0))]);
}

/// A pair is found when it was written before the moment, not at it.
pub async fn pending_pairs_are_found_by_their_age(store: &dyn AuthStore) {
    done(store.put_pending(pending("a", at(0))).await);
    done(store.put_pending(pending("b", at(60))).await);
    assert!(done(store.pending_before(at(0)).await).is_empty());
    assert_eq!(done(store.pending_before(at(60)).await), [pending("a", at(0))]);
    assert_eq!(done(store.pending_before(at(61)).await).len(), 2);
}

/// Bytes and times come back as they were.
pub async fn a_grant_is_read_as_it_was_written(store: &dyn AuthStore) {
    assert_eq!(done(store.grant(&alice()).await), None);
    assert!(done(store.replace_grant(grant(&alice(), 1), None).await));
    assert_eq!(done(store.grant(&alice()).await), Some(grant(&alice(), 1)));
}

/// A writer who has seen another generation, or none, changes nothing.
pub async fn a_grant_is_written_only_over_the_generation_one_has_seen(store: &dyn AuthStore) {
    assert!(!done(store.replace_grant(grant(&alice(), 2), Some(1)).await), "there is none");
    assert!(done(store.replace_grant(grant(&alice(), 1), None).await));
    assert!(!done(store.replace_grant(grant(&alice(), 1), None).await), "there is one");
    assert!(!done(store.replace_grant(grant(&alice(), 3), Some(2)).await), "it is another one");
    assert_eq!(done(store.grant(&alice()).await), Some(grant(&alice(), 1)));
    assert!(done(store.replace_grant(grant(&alice(), 2), Some(1)).await));
    assert_eq!(done(store.grant(&alice()).await), Some(grant(&alice(), 2)));
}

/// Of writers that have seen the same, exactly one writes: the first time and later.
pub async fn one_of_many_rivals_writes_a_grant(store: &dyn AuthStore) {
    for expected in [None, Some(1)] {
        let next = expected.map_or(1, |generation| generation + 1);
        let rivals = (0..RIVALS).map(|_| store.replace_grant(grant(&alice(), next), expected));
        assert_eq!(winners(join_all(rivals).await), 1, "{expected:?}");
        assert_eq!(done(store.grant(&alice()).await), Some(grant(&alice(), next)));
    }
}

/// Deployment, client and user each make another grant.
pub async fn grants_have_whole_keys(store: &dyn AuthStore) {
    let keys = [
        alice(),
        bob(),
        key("https://coder.test", "another-client", 1),
        key("https://coder.test:8443", "4f6dcbce-80de-434d-a649-da0260640a83", 1),
    ];
    for (key, generation) in keys.iter().zip(1..) {
        assert!(done(store.replace_grant(grant(key, generation), None).await), "{key:?}");
    }
    for (key, generation) in keys.iter().zip(1..) {
        assert_eq!(done(store.grant(key).await), Some(grant(key, generation)));
    }
}

/// A grant that was written again is not deleted by someone who has not seen it.
pub async fn a_grant_is_deleted_only_at_its_generation(store: &dyn AuthStore) {
    assert!(!done(store.delete_grant(&alice(), 1).await), "there is none");
    done(store.replace_grant(grant(&alice(), 1), None).await);
    done(store.replace_grant(grant(&alice(), 2), Some(1)).await);
    assert!(!done(store.delete_grant(&alice(), 1).await));
    assert!(done(store.grant(&alice()).await).is_some());
    assert!(done(store.delete_grant(&alice(), 2).await));
    assert!(!done(store.delete_grant(&alice(), 2).await));
    assert_eq!(done(store.grant(&alice()).await), None);
    assert!(done(store.replace_grant(grant(&alice(), 1), None).await), "it can come again");
}

/// Nobody else has the lease before it ends; its holder may prolong it; another grant is another
/// lease.
pub async fn a_lease_excludes_others_until_it_ends(store: &dyn AuthStore) {
    done(store.replace_grant(grant(&alice(), 1), None).await);
    done(store.replace_grant(grant(&bob(), 1), None).await);
    assert!(done(store.lease_grant(&alice(), "one", at(0), at(30)).await));
    assert!(!done(store.lease_grant(&alice(), "two", at(29), at(60)).await));
    assert!(done(store.lease_grant(&bob(), "two", at(0), at(30)).await));
    assert!(done(store.lease_grant(&alice(), "one", at(20), at(50)).await), "prolonged");
    assert!(!done(store.lease_grant(&alice(), "two", at(49), at(80)).await));
    assert!(done(store.lease_grant(&alice(), "two", at(50), at(80)).await), "it has ended");
    assert!(!done(store.lease_grant(&alice(), "one", at(51), at(90)).await));
}

/// Somebody else cannot give it back.
pub async fn a_lease_is_given_back_by_its_holder_only(store: &dyn AuthStore) {
    done(store.replace_grant(grant(&alice(), 1), None).await);
    assert!(done(store.lease_grant(&alice(), "one", at(0), at(30)).await));
    done(store.release_grant(&alice(), "two").await);
    assert!(!done(store.lease_grant(&alice(), "two", at(1), at(30)).await));
    done(store.release_grant(&alice(), "one").await);
    assert!(done(store.lease_grant(&alice(), "two", at(1), at(30)).await));
    done(store.release_grant(&bob(), "one").await);
}

/// Of replicas that come at once, exactly one gets the lease.
pub async fn one_of_many_rivals_leases_a_grant(store: &dyn AuthStore) {
    done(store.replace_grant(grant(&alice(), 1), None).await);
    let (key, holders) = (alice(), (0..RIVALS).map(|n| format!("replica-{n}")).collect::<Vec<_>>());
    let rivals = holders.iter().map(|holder| store.lease_grant(&key, holder, at(0), at(30)));
    assert_eq!(winners(join_all(rivals).await), 1);
}

/// Whoever rotates writes the grant and still holds the lease.
pub async fn a_lease_survives_a_write(store: &dyn AuthStore) {
    done(store.replace_grant(grant(&alice(), 1), None).await);
    assert!(done(store.lease_grant(&alice(), "one", at(0), at(30)).await));
    assert!(done(store.replace_grant(grant(&alice(), 2), Some(1)).await));
    assert!(!done(store.lease_grant(&alice(), "two", at(1), at(30)).await));
    assert_eq!(done(store.grant(&alice()).await), Some(grant(&alice(), 2)), "nor changes it");
}

/// A session comes back as it was; another id is another session; putting it again replaces it.
pub async fn a_session_is_read_as_it_was_written(store: &dyn AuthStore) {
    assert_eq!(done(store.session(&session_id("a")).await), None);
    done(store.put_session(session("a", &alice())).await);
    assert_eq!(done(store.session(&session_id("a")).await), Some(session("a", &alice())));
    assert_eq!(done(store.session(&session_id("b")).await), None);
    done(store.put_session(session("a", &bob())).await);
    assert_eq!(done(store.session(&session_id("a")).await), Some(session("a", &bob())));
}

/// Only the time of use changes; a session that is gone does not come back.
pub async fn a_session_is_touched_while_it_is_there(store: &dyn AuthStore) {
    done(store.put_session(session("a", &alice())).await);
    done(store.touch_session(&session_id("a"), at(120)).await);
    let touched = SessionRecord { used_at: at(120), ..session("a", &alice()) };
    assert_eq!(done(store.session(&session_id("a")).await), Some(touched.clone()));
    assert_eq!(done(store.delete_session(&session_id("a")).await), Some(touched));
    done(store.touch_session(&session_id("a"), at(180)).await);
    assert_eq!(done(store.session(&session_id("a")).await), None);
}

/// Of callers that end a session at once, exactly one gets it.
pub async fn one_of_many_rivals_deletes_a_session(store: &dyn AuthStore) {
    done(store.put_session(session("a", &alice())).await);
    let id = session_id("a");
    let answers = join_all((0..RIVALS).map(|_| store.delete_session(&id))).await;
    let got = answers.into_iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
    assert_eq!(got, 1);
    assert_eq!(done(store.delete_session(&id).await), None);
}

/// Sessions of other grants do not count.
pub async fn sessions_are_counted_per_grant(store: &dyn AuthStore) {
    assert_eq!(done(store.count_sessions(&alice()).await), 0);
    done(store.put_session(session("a", &alice())).await);
    done(store.put_session(session("b", &alice())).await);
    done(store.put_session(session("c", &bob())).await);
    assert_eq!(done(store.count_sessions(&alice()).await), 2);
    done(store.delete_session(&session_id("a")).await);
    assert_eq!(done(store.count_sessions(&alice()).await), 1);
    assert_eq!(done(store.count_sessions(&bob()).await), 1);
}

/// A session is over when it was not used since the one moment, or was made before the other.
pub async fn sessions_are_found_idle_or_old(store: &dyn AuthStore) {
    let made = |name: &str, created: i64, used: i64| SessionRecord {
        created_at: at(created),
        used_at: at(used),
        ..session(name, &alice())
    };
    for record in [made("new", 100, 200), made("idle", 100, 150), made("old", 50, 200)] {
        done(store.put_session(record).await);
    }
    let over = |found: Vec<SessionRecord>| {
        let mut names: Vec<String> =
            found.iter().map(|row| row.id.as_str().trim_end_matches('-').to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(over(done(store.sessions_before(at(151), at(0)).await)), ["idle"]);
    assert_eq!(over(done(store.sessions_before(at(0), at(51)).await)), ["old"]);
    assert_eq!(over(done(store.sessions_before(at(151), at(51)).await)), ["idle", "old"]);
    assert!(done(store.sessions_before(at(150), at(50)).await).is_empty(), "not at the moment");
}

/// What is known of a person is replaced as a whole.
pub async fn the_last_sign_in_of_a_person_wins(store: &dyn AuthStore) {
    let person = |owns: &[&str], grant: GrantKey, environment: &str| PersonRecord {
        user_entity_ref: "user:default/alice".to_owned(),
        ownership_entity_refs: owns.iter().map(ToString::to_string).collect(),
        grant,
        environment: environment.to_owned(),
    };
    assert_eq!(done(store.person("user:default/alice").await), None);
    let first = person(&["user:default/alice", "group:default/a"], alice(), "development");
    done(store.put_person(first.clone()).await);
    assert_eq!(done(store.person("user:default/alice").await), Some(first));
    let second = person(&[], bob(), "production");
    done(store.put_person(second.clone()).await);
    assert_eq!(done(store.person("user:default/alice").await), Some(second));
    assert_eq!(done(store.person("user:default/bob").await), None);
}

/// In the order in which they were made, not in which they were stored.
pub async fn signing_keys_are_listed_oldest_first(store: &dyn AuthStore) {
    assert!(done(store.signing_keys().await).is_empty());
    let (old, new) = (signing_key("z", at(0)), signing_key("a", at(60)));
    done(store.put_signing_key(new.clone()).await);
    done(store.put_signing_key(old.clone()).await);
    assert_eq!(done(store.signing_keys().await), [old, new]);
}

/// A key made at the moment is kept.
pub async fn old_signing_keys_are_forgotten(store: &dyn AuthStore) {
    let (old, new) = (signing_key("a", at(0)), signing_key("b", at(60)));
    done(store.put_signing_key(old).await);
    done(store.put_signing_key(new.clone()).await);
    done(store.delete_signing_keys_before(at(60)).await);
    assert_eq!(done(store.signing_keys().await), [new]);
}
