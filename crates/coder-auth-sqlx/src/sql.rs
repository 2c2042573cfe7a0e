//! The statements. SQLite and PostgreSQL both speak them, but sqlx has a type of its own for
//! everything of each: so there is one text, which is compiled for both.

/// Keeps a pair among the revocations.
pub(crate) const KEEP_PAIR: &str = "INSERT INTO coder_auth_revocations \
     (pair_id, deployment, client_id, sealed, due_at, is_pending, tries) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (pair_id) DO UPDATE \
     SET deployment = excluded.deployment, client_id = excluded.client_id, \
     sealed = excluded.sealed, due_at = excluded.due_at, is_pending = excluded.is_pending, \
     tries = excluded.tries";

/// After how many uses of attempts those that have expired are forgotten: seldom, since each
/// commit costs, and at most as many remain for no reason.
pub(crate) const USES_BETWEEN_CLEANINGS: u32 = 64;

/// Binds the three parts of a grant's key.
macro_rules! bind_key {
    ($query:expr, $key:expr) => {
        $query.bind(&$key.deployment).bind(&$key.client_id).bind(&$key.user_id)
    };
}

/// Binds what is written of a grant besides its key.
macro_rules! bind_grant {
    ($query:expr, $record:expr) => {
        $query
            .bind($record.version.as_str())
            .bind($record.pair.id.as_str())
            .bind(&$record.pair.sealed)
            .bind(&$record.sealed)
    };
}

/// Implements `AuthStore` for a store that gives a `connection`, with the number of `attempts_used`
/// and a `within` for the time limit. `begin` begins a transaction that writes; `skip_locked` ends a `SELECT` and
/// locks its rows, without those that are locked.
macro_rules! sql_auth_store {
    ($store:ty, begin = $begin:literal, skip_locked = $skip_locked:literal) => {
        #[async_trait]
        impl AuthStore for $store {
            async fn use_attempt(
                &self,
                attempt: &AttemptId,
                now: Timestamp,
                expires_at: Timestamp,
            ) -> Result<bool, StoreError> {
                self.within(async {
                    let uses = self.attempts_used.fetch_add(1, Ordering::Relaxed);
                    if uses % USES_BETWEEN_CLEANINGS == 0 {
                        sqlx::query(concat!(
                            "WITH expired AS (SELECT attempt FROM coder_auth_used_attempts \
                             WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000",
                            $skip_locked,
                            ") DELETE FROM coder_auth_used_attempts \
                             WHERE attempt IN (SELECT attempt FROM expired)"
                        ))
                        .bind(micros(now))
                        .execute(&mut *self.connection().await?)
                        .await?;
                    }
                    let done = sqlx::query(
                        "INSERT INTO coder_auth_used_attempts (attempt, expires_at) \
                         VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    )
                    .bind(attempt.as_str())
                    .bind(micros(expires_at))
                    .execute(&mut *self.connection().await?)
                    .await?;
                    Ok(done.rows_affected() == 1)
                })
                .await
            }

            async fn keep_pair(&self, kept: RevocationRecord) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query(KEEP_PAIR)
                        .bind(kept.pair.id.as_str())
                        .bind(kept.app.deployment.as_str())
                        .bind(&kept.app.client_id)
                        .bind(&kept.pair.sealed)
                        .bind(micros(kept.due_at))
                        .bind(kept.is_pending)
                        .bind(i64::from(kept.tries))
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(())
                })
                .await
            }

            async fn finish_login(
                &self,
                login: LoginCompletion,
            ) -> Result<LoginOutcome, StoreError> {
                self.within(async {
                    let mut connection = self.connection().await?;
                    let mut transaction = connection.begin_with($begin).await?;
                    let outcome = finish_login(&mut transaction, &login).await?;
                    match outcome {
                        LoginOutcome::Finished(_) => transaction.commit().await?,
                        LoginOutcome::Conflict
                        | LoginOutcome::PairGone
                        | LoginOutcome::NoSession => transaction.rollback().await?,
                    }
                    Ok(outcome)
                })
                .await
            }

            async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
                self.within(async {
                    let stored = StoredKey::from(key);
                    let read = sqlx::query_as(
                        "SELECT version, pair_id, pair_sealed, sealed FROM coder_auth_grants \
                         WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                    );
                    let row: Option<GrantRow> =
                        bind_key!(read, stored).fetch_optional(&mut *self.connection().await?).await?;
                    row.map(|row| rows::grant(key, row)).transpose()
                })
                .await
            }

            async fn update_grant(
                &self,
                record: GrantRecord,
                expected: GrantVersion,
            ) -> Result<bool, StoreError> {
                self.within(async {
                    let key = StoredKey::from(&record.key);
                    let update = sqlx::query(
                        "UPDATE coder_auth_grants SET version = $4, pair_id = $5, \
                         pair_sealed = $6, sealed = $7, \
                         lease_holder = CASE WHEN pair_id = $5 THEN lease_holder END, \
                         lease_until = CASE WHEN pair_id = $5 THEN lease_until END \
                         WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                         AND version = $8",
                    );
                    let done = bind_grant!(bind_key!(update, key), record)
                        .bind(expected.as_str())
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(done.rows_affected() == 1)
                })
                .await
            }

            async fn lease_grant(
                &self,
                key: &GrantKey,
                pair: &PairId,
                lease: &Lease,
            ) -> Result<bool, StoreError> {
                self.within(async {
                    let key = StoredKey::from(key);
                    // The condition is that of `Lease::is_blocked_by`.
                    let take = sqlx::query(
                        "UPDATE coder_auth_grants SET lease_holder = $5, lease_until = $6 \
                         WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                         AND pair_id = $4 AND (lease_holder IS NULL OR lease_holder = $5 \
                         OR lease_until <= $7 OR lease_until > $8)",
                    );
                    let done = bind_key!(take, key)
                        .bind(pair.as_str())
                        .bind(&lease.holder)
                        .bind(micros(lease.until()))
                        .bind(micros(lease.now))
                        .bind(micros(lease.latest_end()))
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(done.rows_affected() == 1)
                })
                .await
            }

            async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
                self.within(async {
                    let key = StoredKey::from(key);
                    let release = sqlx::query(
                        "UPDATE coder_auth_grants SET lease_holder = NULL, lease_until = NULL \
                         WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                         AND lease_holder = $4",
                    );
                    bind_key!(release, key).bind(holder).execute(&mut *self.connection().await?).await?;
                    Ok(())
                })
                .await
            }

            async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
                self.within(async {
                    let row: Option<SessionRow> = sqlx::query_as(
                        "SELECT deployment, client_id, user_id, environment, created_at, used_at \
                         FROM coder_auth_sessions WHERE id = $1",
                    )
                    .bind(id.as_str())
                    .fetch_optional(&mut *self.connection().await?)
                    .await?;
                    row.map(|row| rows::session(id, row)).transpose()
                })
                .await
            }

            async fn session_with_grant(
                &self,
                id: &SessionId,
            ) -> Result<Option<(SessionRecord, Option<GrantRecord>)>, StoreError> {
                self.within(async {
                    let row: Option<SessionWithGrantRow> = sqlx::query_as(
                        "SELECT s.deployment, s.client_id, s.user_id, s.environment, \
                         s.created_at, s.used_at, g.version, g.pair_id, g.pair_sealed, g.sealed \
                         FROM coder_auth_sessions AS s JOIN coder_auth_grants AS g \
                         ON g.deployment = s.deployment AND g.client_id = s.client_id \
                         AND g.user_id = s.user_id WHERE s.id = $1",
                    )
                    .bind(id.as_str())
                    .fetch_optional(&mut *self.connection().await?)
                    .await?;
                    row.map(|row| rows::session_with_grant(id, row)).transpose()
                })
                .await
            }

            async fn touch_session(
                &self,
                id: &SessionId,
                used_at: Timestamp,
            ) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query("UPDATE coder_auth_sessions SET used_at = $2 WHERE id = $1")
                        .bind(id.as_str())
                        .bind(micros(used_at))
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(())
                })
                .await
            }

            async fn end_session(
                &self,
                id: &SessionId,
                due_at: Timestamp,
            ) -> Result<Option<RevocationRecord>, StoreError> {
                self.within(async {
                    let mut connection = self.connection().await?;
                    let mut transaction = connection.begin_with($begin).await?;
                    let ended = end_session(&mut transaction, id, due_at).await?;
                    transaction.commit().await?;
                    ended.map(rows::revocation).transpose()
                })
                .await
            }

            async fn end_grant(
                &self,
                key: &GrantKey,
                due_at: Timestamp,
            ) -> Result<Option<RevocationRecord>, StoreError> {
                self.within(async {
                    let mut connection = self.connection().await?;
                    let mut transaction = connection.begin_with($begin).await?;
                    let ended = end_grant(&mut transaction, &key.into(), due_at).await?;
                    transaction.commit().await?;
                    ended.map(rows::revocation).transpose()
                })
                .await
            }

            async fn expire_sessions(
                &self,
                idle: Timestamp,
                created: Timestamp,
                due_at: Timestamp,
                limit: u32,
            ) -> Result<u64, StoreError> {
                self.within(async {
                    let expired: Vec<ExpiredRow> = sqlx::query_as(
                        "SELECT id, deployment, client_id, user_id FROM coder_auth_sessions \
                         WHERE used_at < $1 OR created_at < $2 LIMIT $3",
                    )
                    .bind(micros(idle))
                    .bind(micros(created))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *self.connection().await?)
                    .await?;
                    // Most sweeps find nothing, and lock nothing then.
                    if expired.is_empty() {
                        return Ok(0);
                    }
                    let mut connection = self.connection().await?;
                    let mut transaction = connection.begin_with($begin).await?;
                    let ended =
                        end_expired(&mut transaction, expired, idle, created, due_at).await?;
                    transaction.commit().await?;
                    Ok(ended)
                })
                .await
            }

            async fn claim_revocations(
                &self,
                now: Timestamp,
                retry_at: Timestamp,
                limit: u32,
            ) -> Result<Vec<RevocationRecord>, StoreError> {
                self.within(async {
                    let claimed: Vec<RevocationRow> = sqlx::query_as(concat!(
                        "WITH due AS (SELECT pair_id FROM coder_auth_revocations \
                         WHERE due_at <= $1 OR due_at > $2 ORDER BY due_at LIMIT $3",
                        $skip_locked,
                        ") UPDATE coder_auth_revocations SET due_at = $2, is_pending = FALSE, \
                         tries = tries + 1 WHERE pair_id IN (SELECT pair_id FROM due) \
                         RETURNING pair_id, deployment, client_id, sealed, due_at, is_pending, \
                         tries"
                    ))
                    .bind(micros(now))
                    .bind(micros(retry_at))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *self.connection().await?)
                    .await?;
                    // One that cannot be read must not keep the others from being revoked.
                    Ok(claimed.into_iter().filter_map(|row| rows::revocation(row).ok()).collect())
                })
                .await
            }

            async fn forget_revocation(&self, pair: &PairId) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query("DELETE FROM coder_auth_revocations WHERE pair_id = $1")
                        .bind(pair.as_str())
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(())
                })
                .await
            }

            async fn link(&self, key: &LinkKey) -> Result<Option<LinkRecord>, StoreError> {
                self.within(async {
                    let row: Option<LinkRow> = sqlx::query_as(
                        "SELECT version, sealed FROM coder_auth_links \
                         WHERE deployment = $1 AND holder = $2",
                    )
                    .bind(key.deployment.as_str())
                    .bind(&key.holder)
                    .fetch_optional(&mut *self.connection().await?)
                    .await?;
                    Ok(row.map(|row| rows::link(key, row)))
                })
                .await
            }

            async fn put_link(&self, link: LinkRecord) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query(
                        "INSERT INTO coder_auth_links \
                         (deployment, holder, version, sealed) \
                         VALUES ($1, $2, $3, $4) ON CONFLICT (deployment, holder) \
                         DO UPDATE SET version = excluded.version, sealed = excluded.sealed",
                    )
                    .bind(link.key.deployment.as_str())
                    .bind(&link.key.holder)
                    .bind(link.version.as_str())
                    .bind(&link.sealed)
                    .execute(&mut *self.connection().await?)
                    .await?;
                    Ok(())
                })
                .await
            }

            async fn update_link(
                &self,
                key: &LinkKey,
                expected: GrantVersion,
                link: Option<LinkRecord>,
            ) -> Result<bool, StoreError> {
                self.within(async {
                    let update = sqlx::query(match &link {
                        Some(_) => {
                            "UPDATE coder_auth_links SET version = $4, sealed = $5 \
                             WHERE deployment = $1 AND holder = $2 AND version = $3"
                        }
                        None => {
                            "DELETE FROM coder_auth_links \
                             WHERE deployment = $1 AND holder = $2 AND version = $3"
                        }
                    });
                    let mut update = update
                        .bind(key.deployment.as_str())
                        .bind(&key.holder)
                        .bind(expected.as_str());
                    if let Some(link) = &link {
                        update = update.bind(link.version.as_str()).bind(&link.sealed);
                    }
                    Ok(update.execute(&mut *self.connection().await?).await?.rows_affected() == 1)
                })
                .await
            }

            async fn delete_link(&self, key: &LinkKey) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query(
                        "DELETE FROM coder_auth_links WHERE deployment = $1 AND holder = $2",
                    )
                    .bind(key.deployment.as_str())
                    .bind(&key.holder)
                    .execute(&mut *self.connection().await?)
                    .await?;
                    Ok(())
                })
                .await
            }

            async fn put_person(
                &self,
                person: PersonRecord,
                grant: &GrantKey,
            ) -> Result<(), StoreError> {
                self.within(async {
                    let refs = serde_json::to_string(&person.ownership_entity_refs)?;
                    let person = (person.user_entity_ref.as_str(), refs.as_str());
                    let key = StoredKey::from(grant);
                    let mut connection = self.connection().await?;
                    // Most often nothing has changed, and reading costs less than writing.
                    if is_known(&mut connection, &key, person).await? {
                        return Ok(());
                    }
                    let mut transaction = connection.begin_with($begin).await?;
                    put_person(&mut transaction, &key, person).await?;
                    Ok(transaction.commit().await?)
                })
                .await
            }

            async fn person(
                &self,
                user_entity_ref: &str,
            ) -> Result<Option<PersonRecord>, StoreError> {
                self.within(async {
                    let refs: Option<String> = sqlx::query_scalar(
                        "SELECT ownership_entity_refs FROM coder_auth_persons \
                         WHERE user_entity_ref = $1",
                    )
                    .bind(user_entity_ref)
                    .fetch_optional(&mut *self.connection().await?)
                    .await?;
                    refs.map(|refs| rows::person(user_entity_ref, &refs)).transpose()
                })
                .await
            }

            async fn sessions(
                &self,
                after: Option<&SessionId>,
                limit: u32,
            ) -> Result<Vec<(SessionRecord, GrantRecord)>, StoreError> {
                self.within(async {
                    let rows: Vec<ListedRow> = sqlx::query_as(
                        "SELECT s.id, s.deployment, s.client_id, s.user_id, s.environment, \
                         s.created_at, s.used_at, g.version, g.pair_id, g.pair_sealed, g.sealed \
                         FROM coder_auth_sessions AS s JOIN coder_auth_grants AS g \
                         ON g.deployment = s.deployment AND g.client_id = s.client_id \
                         AND g.user_id = s.user_id WHERE s.id > $1 ORDER BY s.id LIMIT $2",
                    )
                    .bind(after.map_or("", SessionId::as_str))
                    .bind(i64::from(limit))
                    .fetch_all(&mut *self.connection().await?)
                    .await?;
                    rows.into_iter().map(rows::listed).collect()
                })
                .await
            }

            async fn persons_of_grant(&self, key: &GrantKey) -> Result<Vec<String>, StoreError> {
                self.within(async {
                    let mut connection = self.connection().await?;
                    persons_of(&mut connection, &key.into()).await
                })
                .await
            }

            async fn grants_of_person(
                &self,
                user_entity_ref: &str,
            ) -> Result<Vec<GrantKey>, StoreError> {
                self.within(async {
                    let rows: Vec<KeyRow> = sqlx::query_as(
                        "SELECT deployment, client_id, user_id FROM coder_auth_identities \
                         WHERE user_entity_ref = $1",
                    )
                    .bind(user_entity_ref)
                    .fetch_all(&mut *self.connection().await?)
                    .await?;
                    rows.into_iter().map(rows::grant_key).collect()
                })
                .await
            }

            async fn erase(&self, erasure: Erasure) -> Result<Erased, StoreError> {
                self.within(async {
                    let mut connection = self.connection().await?;
                    let mut transaction = connection.begin_with($begin).await?;
                    let erased = erase(&mut transaction, &erasure).await?;
                    transaction.commit().await?;
                    Ok(erased)
                })
                .await
            }

            async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query(
                        "INSERT INTO coder_auth_signing_keys (id, sealed, created_at) \
                         VALUES ($1, $2, $3)",
                    )
                    .bind(&key.id)
                    .bind(&key.sealed)
                    .bind(micros(key.created_at))
                    .execute(&mut *self.connection().await?)
                    .await?;
                    Ok(())
                })
                .await
            }

            async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
                self.within(async {
                    let rows: Vec<SigningKeyRow> = sqlx::query_as(
                        "SELECT id, sealed, created_at FROM coder_auth_signing_keys \
                         ORDER BY created_at, id",
                    )
                    .fetch_all(&mut *self.connection().await?)
                    .await?;
                    rows.into_iter().map(rows::signing_key).collect()
                })
                .await
            }

            async fn delete_signing_keys_before(
                &self,
                before: Timestamp,
            ) -> Result<(), StoreError> {
                self.within(async {
                    sqlx::query("DELETE FROM coder_auth_signing_keys WHERE created_at < $1")
                        .bind(micros(before))
                        .execute(&mut *self.connection().await?)
                        .await?;
                    Ok(())
                })
                .await
            }

            async fn counts(&self) -> Result<Option<StoreCounts>, StoreError> {
                self.within(async {
                    let counted: (i64, i64, i64, i64) = sqlx::query_as(
                        "SELECT (SELECT COUNT(*) FROM coder_auth_sessions), \
                         (SELECT COUNT(*) FROM coder_auth_grants), \
                         (SELECT COUNT(*) FROM coder_auth_links), \
                         (SELECT COUNT(*) FROM coder_auth_revocations)",
                    )
                    .fetch_one(&mut *self.connection().await?)
                    .await?;
                    Ok(Some(rows::counts(counted)))
                })
                .await
            }

            fn connections(&self) -> Option<StoreConnections> {
                self.pool_state()
            }
        }
    };
}

pub(crate) use {bind_grant, bind_key, sql_auth_store};
