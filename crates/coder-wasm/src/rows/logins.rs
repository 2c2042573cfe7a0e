//! The transitions that change grants, sessions and revocations together.

use coder_auth::store::{
    GrantChange, LoginCompletion, LoginOutcome, PairId, RevocationRecord, SessionRecord, StoreError,
};
use coder_auth::{GrantKey, SessionId};
use jiff::Timestamp;

use super::keys;
use super::records::{GrantRow, RevocationRow, SessionRow};
use super::transaction::Transaction;

impl Transaction<'_> {
    pub(super) async fn finish_login(
        &mut self,
        login: LoginCompletion,
    ) -> Result<LoginOutcome, StoreError> {
        let LoginCompletion { pair, grant: key, expected, change, session, former, due_at } = login;
        let grant_key = keys::grant(&key);
        self.load(vec![grant_key.clone(), keys::revocation(&pair)]).await?;
        let current: Option<GrantRow> = self.get(&grant_key).await?;
        let is_expected = match (&current, &expected) {
            (Some(current), Some(expected)) => current.has_version(expected),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_expected {
            return Ok(LoginOutcome::Conflict);
        }
        let kept = self.revocation(&pair).await?.filter(|kept| kept.is_pending);
        let Some(mut kept) = kept else { return Ok(LoginOutcome::PairGone) };
        let makes_grant = session.is_some() && matches!(change, GrantChange::Replace { .. });
        if current.is_none() && !makes_grant {
            return Ok(LoginOutcome::NoSession);
        }
        let mut ended = Vec::new();
        let grant = match change {
            GrantChange::Replace { record, revoke_former } => {
                self.forget_revocation(&pair).await?;
                let mut next = GrantRow::new(record);
                if let Some(former) = current {
                    next.sessions.clone_from(&former.sessions);
                    next.persons.clone_from(&former.persons);
                    if revoke_former {
                        ended.push(self.keep(former.into_revocation(due_at)).await?);
                    }
                }
                Some(next)
            }
            GrantChange::Keep => {
                (kept.due_at, kept.is_pending) = (due_at, false);
                ended.push(self.keep(kept).await?);
                current
            }
        };
        if let Some(mut grant) = grant {
            if let Some(session) = session {
                grant.sessions.insert(session.id.as_str().to_owned());
                self.put_session(session).await?;
            }
            self.put(grant_key, &grant)?;
        }
        if let Some(former) = former {
            ended.extend(self.end_session(&former, due_at).await?);
        }
        Ok(LoginOutcome::Finished(ended))
    }

    pub(super) async fn end_session(
        &mut self,
        id: &SessionId,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        let Some(session) = self.session(id).await? else { return Ok(None) };
        let key = keys::grant(&session.grant);
        self.delete_session(session);
        let Some(mut grant) = self.get::<GrantRow>(&key).await? else { return Ok(None) };
        grant.sessions.remove(id.as_str());
        if grant.sessions.is_empty() {
            self.delete(key);
            self.forget_persons(&grant.persons).await?;
            return self.keep(grant.into_revocation(due_at)).await.map(Some);
        }
        self.put(key, &grant)?;
        Ok(None)
    }

    pub(super) async fn end_grant(
        &mut self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<Option<RevocationRecord>, StoreError> {
        Ok(self.delete_grant(key, due_at).await?.0)
    }

    /// Ends a grant and all its sessions. Returns its pair, and the number of persons that end
    /// with it.
    pub(super) async fn delete_grant(
        &mut self,
        key: &GrantKey,
        due_at: Timestamp,
    ) -> Result<(Option<RevocationRecord>, u64), StoreError> {
        let key = keys::grant(key);
        let Some(grant) = self.get::<GrantRow>(&key).await? else { return Ok((None, 0)) };
        let ids: Vec<_> = grant.sessions.iter().map(SessionId::from_stored).collect();
        self.load(ids.iter().map(keys::session).collect()).await?;
        for id in &ids {
            if let Some(session) = self.session(id).await? {
                self.delete_session(session);
            }
        }
        self.delete(key);
        let persons = self.forget_persons(&grant.persons).await?;
        Ok((Some(self.keep(grant.into_revocation(due_at)).await?), persons))
    }

    /// Ends the sessions that were last used before `idle` or made before `created`.
    pub(super) async fn expire_sessions(
        &mut self,
        idle: Timestamp,
        created: Timestamp,
        due_at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut found = self.list(&keys::before(keys::SESSIONS_BY_USE, idle, limit)).await?;
        let old = keys::before(keys::SESSIONS_BY_BEGINNING, created, limit);
        found.extend(self.list(&old).await?);
        let mut found: Vec<_> = found.iter().map(|row| keys::found("session", &row.key)).collect();
        found.sort_unstable();
        found.dedup();
        self.load(found.clone()).await?;
        let mut ended = 0;
        for key in found {
            let Some(row) = self.get::<SessionRow>(&key).await? else { continue };
            let session = SessionRecord::from(row);
            let is_over = session.used_at < idle || session.created_at < created;
            if is_over && ended < u64::from(limit) {
                self.end_session(&session.id, due_at).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    pub(super) async fn claim_revocations(
        &mut self,
        now: Timestamp,
        retry_at: Timestamp,
        limit: u32,
    ) -> Result<Vec<RevocationRecord>, StoreError> {
        let kind = keys::REVOCATIONS_BY_TIME;
        let mut due = self.list(&keys::before(kind, after(now), limit)).await?;
        due.extend(self.list(&keys::since(kind, after(retry_at), limit)).await?);
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let due: Vec<_> = due.iter().map(|row| keys::found("revocation", &row.key)).collect();
        self.load(due.clone()).await?;
        let mut claimed = Vec::new();
        for key in due {
            let Some(row) = self.get::<RevocationRow>(&key).await? else { continue };
            let mut kept = RevocationRecord::from(row);
            // The list may be older than the row.
            if kept.due_at > now && kept.due_at <= retry_at {
                continue;
            }
            (kept.due_at, kept.is_pending) = (retry_at, false);
            kept.tries = kept.tries.saturating_add(1);
            claimed.push(self.keep(kept).await?);
        }
        Ok(claimed)
    }

    /// Puts a pair among the revocations, in place of the former record of the same pair.
    pub(super) async fn keep(
        &mut self,
        kept: RevocationRecord,
    ) -> Result<RevocationRecord, StoreError> {
        self.forget_revocation(&kept.pair.id).await?;
        let key = keys::revocation(&kept.pair.id);
        self.put(keys::at(keys::REVOCATIONS_BY_TIME, kept.due_at, &key), &())?;
        self.put(key, &RevocationRow::from(kept.clone()))?;
        Ok(kept)
    }

    pub(super) async fn forget_revocation(&mut self, pair: &PairId) -> Result<(), StoreError> {
        if let Some(former) = self.revocation(pair).await? {
            let key = keys::revocation(pair);
            self.delete(keys::at(keys::REVOCATIONS_BY_TIME, former.due_at, &key));
            self.delete(key);
        }
        Ok(())
    }

    async fn revocation(&mut self, pair: &PairId) -> Result<Option<RevocationRecord>, StoreError> {
        let row = self.get::<RevocationRow>(&keys::revocation(pair)).await?;
        Ok(row.map(RevocationRecord::from))
    }

    pub(super) async fn session(
        &mut self,
        id: &SessionId,
    ) -> Result<Option<SessionRecord>, StoreError> {
        let row = self.get::<SessionRow>(&keys::session(id)).await?;
        Ok(row.map(SessionRecord::from))
    }

    /// Writes a session, in place of the former content.
    pub(super) async fn put_session(&mut self, session: SessionRecord) -> Result<(), StoreError> {
        if let Some(former) = self.session(&session.id).await? {
            self.delete_session(former);
        }
        let key = keys::session(&session.id);
        self.put(keys::at(keys::SESSIONS_BY_USE, session.used_at, &key), &())?;
        self.put(keys::at(keys::SESSIONS_BY_BEGINNING, session.created_at, &key), &())?;
        self.put(key, &SessionRow::from(session))
    }

    fn delete_session(&mut self, session: SessionRecord) {
        let SessionRecord { id, created_at, used_at, .. } = session;
        let key = keys::session(&id);
        self.delete(keys::at(keys::SESSIONS_BY_USE, used_at, &key));
        self.delete(keys::at(keys::SESSIONS_BY_BEGINNING, created_at, &key));
        self.delete(key);
    }
}

/// Returns the next moment that a store tells apart.
fn after(time: Timestamp) -> Timestamp {
    coder_core::later(time, jiff::SignedDuration::from_micros(1))
}
