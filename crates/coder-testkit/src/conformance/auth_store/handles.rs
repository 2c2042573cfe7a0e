//! Several handles, and what goes in as it comes out.

use std::sync::Arc;

use coder_auth::store::{
    AuthStore, GrantRecord, PendingRecord, PersonRecord, SessionRecord, SigningKeyRecord,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use jiff::Timestamp;

use super::{MICROSECOND, at, grant, grant_key, session};

/// A write that has returned is seen by every later read, from any process.
pub async fn what_one_handle_has_written_the_others_see(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let (one, two) = (open().await, open().await);
    let key = grant_key(1);
    for generation in 1..=20 {
        let (writer, reader) = if generation % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let expected = (generation > 1).then(|| generation - 1);
        let record = grant(&key, generation, b"");
        assert!(writer.replace_grant(record.clone(), expected).await.unwrap());
        assert_eq!(reader.grant(&key).await.unwrap(), Some(record));
    }
    one.use_attempt(&AttemptId::from_stored("a"), at(600)).await.unwrap();
    assert!(!two.use_attempt(&AttemptId::from_stored("a"), at(600)).await.unwrap());
    one.put_session(session("a", &key)).await.unwrap();
    assert!(two.delete_session(&SessionId::from_stored("a")).await.unwrap().is_some());
    assert_eq!(one.session(&SessionId::from_stored("a")).await.unwrap(), None);
}

/// A process that starts anew finds everything.
pub async fn what_was_written_outlives_its_handle(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let rows = Rows::written("a", at(0));
    let store = open().await;
    rows.put(&*store).await;
    assert!(store.use_attempt(&rows.pending.attempt, at(600)).await.unwrap());
    assert!(store.lease_grant(&rows.grant.key, "holder", at(0), at(60)).await.unwrap());
    drop(store);

    let store = open().await;
    rows.assert_kept(&*store).await;
    assert!(!store.use_attempt(&rows.pending.attempt, at(600)).await.unwrap());
    assert!(!store.lease_grant(&rows.grant.key, "another", at(1), at(61)).await.unwrap());
}

/// No text is trimmed, folded, unescaped or taken for a pattern or a statement.
pub async fn texts_come_back_as_they_were_whatever_they_hold(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let texts = [
        "",
        " ",
        "a",
        "A",
        "a ",
        "it's \"quoted\"; DROP TABLE sessions --",
        "100%_ \\ \\x41",
        "$1 ? :name @name {} [] (,)",
        "two\r\nlines\tand a tab",
        "żółć 值 🦀 e\u{301} é",
    ];
    let store = open().await;
    for text in texts {
        Rows::written(text, at(0)).put(&*store).await;
    }
    for text in texts {
        Rows::written(text, at(0)).assert_kept(&*store).await;
        assert!(store.use_attempt(&AttemptId::from_stored(text), at(600)).await.unwrap());
        let key = Rows::written(text, at(0)).grant.key;
        assert!(store.lease_grant(&key, text, at(0), at(60)).await.unwrap());
        assert_eq!(store.count_sessions(&key).await.unwrap(), 1);
    }
}

/// Long ago, now and far ahead.
pub async fn times_come_back_to_the_microsecond(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let store = open().await;
    for (name, time) in [
        ("now", at(0)),
        ("a moment later", at(0) + MICROSECOND),
        ("epoch", Timestamp::UNIX_EPOCH),
        ("before it", Timestamp::UNIX_EPOCH - MICROSECOND),
        ("far away", Timestamp::constant(253_000_000_000, 999_999_000)),
    ] {
        let rows = Rows::written(name, time);
        rows.put(&*store).await;
        rows.assert_kept(&*store).await;
    }
}

/// A row of every kind, with the same text wherever a text is.
struct Rows {
    pending: PendingRecord,
    grant: GrantRecord,
    session: SessionRecord,
    person: PersonRecord,
    signing_key: SigningKeyRecord,
}

impl Rows {
    fn written(text: &str, time: Timestamp) -> Self {
        let key = GrantKey::new(grant_key(1).deployment, text, grant_key(1).user);
        let text = || text.to_owned();
        Self {
            pending: PendingRecord {
                attempt: AttemptId::from_stored(text()),
                environment: text(),
                sealed: text().into(),
                stored_at: time,
            },
            grant: GrantRecord { stored_at: time, ..grant(&key, 1, text().as_bytes()) },
            session: SessionRecord {
                environment: text(),
                created_at: time,
                used_at: time,
                ..session(&text(), &key)
            },
            person: PersonRecord {
                user_entity_ref: text(),
                ownership_entity_refs: vec![text(), text()],
                grant: key,
                environment: text(),
            },
            signing_key: SigningKeyRecord { id: text(), sealed: text().into(), created_at: time },
        }
    }

    async fn put(&self, store: &dyn AuthStore) {
        store.put_pending(self.pending.clone()).await.unwrap();
        assert!(store.replace_grant(self.grant.clone(), None).await.unwrap());
        store.put_session(self.session.clone()).await.unwrap();
        store.put_person(self.person.clone()).await.unwrap();
        store.put_signing_key(self.signing_key.clone()).await.unwrap();
    }

    async fn assert_kept(&self, store: &dyn AuthStore) {
        let pending = store.pending_before(self.pending.stored_at + MICROSECOND).await.unwrap();
        assert!(pending.contains(&self.pending), "{:?}", self.pending);
        assert_eq!(store.grant(&self.grant.key).await.unwrap().as_ref(), Some(&self.grant));
        let session = store.session(&self.session.id).await.unwrap();
        assert_eq!(session.as_ref(), Some(&self.session));
        let person = store.person(&self.person.user_entity_ref).await.unwrap();
        assert_eq!(person.as_ref(), Some(&self.person));
        let signing_keys = store.signing_keys().await.unwrap();
        assert!(signing_keys.contains(&self.signing_key), "{:?}", self.signing_key);
    }
}
