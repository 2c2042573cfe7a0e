//! Several handles, and what goes in as it comes out.

use std::sync::Arc;

use coder_auth::store::{
    AuthStore, GrantChange, GrantRecord, Lease, LinkKey, LinkRecord, LoginCompletion, PersonRecord,
    RevocationRecord, SessionRecord, SigningKeyRecord,
};
use coder_auth::{AttemptId, GrantKey, OAuth2App};
use jiff::{SignedDuration, Timestamp};

use super::{
    MICROSECOND, app, at, grant, grant_key, id, login, pair, pending, session, sign_in, version,
};

/// Checks that a transition that has returned is seen by every later one, from any process.
pub async fn what_one_handle_has_written_the_others_see(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    let (one, two) = (open().await, open().await);
    let key = grant_key(1);
    sign_in(&*one, login(&key, None, "0")).await;
    for n in 1..=20 {
        let (writer, reader) = if n % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let record = grant(&key, &n.to_string());
        let expected = version(&(n - 1).to_string());
        assert!(writer.update_grant(record.clone(), expected).await.unwrap());
        assert_eq!(reader.grant(&key).await.unwrap(), Some(record));
    }
    let attempt = AttemptId::from_stored("a");
    one.use_attempt(&attempt, at(0), at(600)).await.unwrap();
    assert!(!two.use_attempt(&attempt, at(0), at(600)).await.unwrap());
    assert!(two.end_session(&id("0"), at(0)).await.unwrap().is_some());
    assert_eq!(one.session(&id("0")).await.unwrap(), None);
    assert_eq!(one.grant(&key).await.unwrap(), None);
}

/// Checks that a process that starts anew finds everything.
pub async fn what_was_written_outlives_its_handle(open: impl AsyncFn() -> Arc<dyn AuthStore>) {
    let rows = Rows::written("a", at(0));
    let attempt = AttemptId::from_stored("a");
    let lease = |holder: &str, now| Lease {
        holder: holder.to_owned(),
        now,
        lasts: SignedDuration::from_secs(60),
    };
    let store = open().await;
    rows.put(&*store).await;
    let (key, pair) = (&rows.grant.key, &rows.grant.pair.id);
    assert!(store.use_attempt(&attempt, at(0), at(600)).await.unwrap());
    assert!(store.lease_grant(key, pair, &lease("holder", at(0))).await.unwrap());
    drop(store);

    let store = open().await;
    rows.assert_kept(&*store).await;
    assert!(!store.use_attempt(&attempt, at(1), at(600)).await.unwrap());
    assert!(!store.lease_grant(key, pair, &lease("another", at(1))).await.unwrap());
}

/// Checks that no text is trimmed, folded, unescaped or taken for a pattern or a statement.
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
        let rows = Rows::written(text, at(0));
        rows.assert_kept(&*store).await;
        let attempt = AttemptId::from_stored(text);
        assert!(store.use_attempt(&attempt, at(0), at(600)).await.unwrap());
        let lease =
            Lease { holder: text.to_owned(), now: at(0), lasts: SignedDuration::from_secs(60) };
        let (key, pair) = (&rows.grant.key, &rows.grant.pair.id);
        assert!(store.lease_grant(key, pair, &lease).await.unwrap());
        let ended = store.end_session(&rows.session.id, at(0)).await.unwrap();
        assert_eq!(ended.unwrap().pair, rows.grant.pair);
    }
}

/// Checks that times long ago, now and far ahead come back to the microsecond.
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
    grant: GrantRecord,
    session: SessionRecord,
    kept: RevocationRecord,
    link: LinkRecord,
    person: PersonRecord,
    signing_key: SigningKeyRecord,
}

impl Rows {
    fn written(text: &str, time: Timestamp) -> Self {
        let app = OAuth2App::new(app().deployment, text);
        let key = GrantKey::new(app.clone(), grant_key(1).user);
        let text = || text.to_owned();
        let link = LinkKey { deployment: app.deployment.clone(), holder: text() };
        Self {
            grant: grant(&key, &text()),
            session: SessionRecord {
                environment: text(),
                created_at: time,
                used_at: time,
                ..session(&text(), &key)
            },
            kept: RevocationRecord {
                app,
                pair: pair(&format!("kept {}", text())),
                due_at: time,
                is_pending: false,
                tries: 7,
            },
            link: LinkRecord { key: link, version: version(&text()), sealed: text().into() },
            person: PersonRecord {
                user_entity_ref: text(),
                ownership_entity_refs: vec![text(), text()],
            },
            signing_key: SigningKeyRecord { id: text(), sealed: text().into(), created_at: time },
        }
    }

    async fn put(&self, store: &dyn AuthStore) {
        let (key, name) = (&self.grant.key, self.grant.version.as_str());
        let login = LoginCompletion {
            change: GrantChange::Replace { record: self.grant.clone(), revoke_former: false },
            session: Some(self.session.clone()),
            ..login(key, None, name)
        };
        store.keep_pair(pending(name)).await.unwrap();
        store.finish_login(login).await.unwrap();
        store.keep_pair(self.kept.clone()).await.unwrap();
        store.put_link(self.link.clone()).await.unwrap();
        store.put_person(self.person.clone(), key).await.unwrap();
        store.put_signing_key(self.signing_key.clone()).await.unwrap();
    }

    async fn assert_kept(&self, store: &dyn AuthStore) {
        assert_eq!(store.grant(&self.grant.key).await.unwrap().as_ref(), Some(&self.grant));
        let session = store.session(&self.session.id).await.unwrap();
        assert_eq!(session.as_ref(), Some(&self.session));
        let due_at = self.kept.due_at;
        let claimed = store.claim_revocations(due_at, due_at, 100).await.unwrap();
        // Others have claimed it before.
        let is_kept = |claimed: &RevocationRecord| {
            let kept = RevocationRecord { tries: self.kept.tries, ..claimed.clone() };
            claimed.tries > kept.tries && kept == self.kept
        };
        assert!(claimed.iter().any(is_kept), "{:?}", self.kept);
        assert_eq!(store.link(&self.link.key).await.unwrap().as_ref(), Some(&self.link));
        let person = store.person(&self.person.user_entity_ref).await.unwrap();
        assert_eq!(person.as_ref(), Some(&self.person));
        let signing_keys = store.signing_keys().await.unwrap();
        assert!(signing_keys.contains(&self.signing_key), "{:?}", self.signing_key);
    }
}
