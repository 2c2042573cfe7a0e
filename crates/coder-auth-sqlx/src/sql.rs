//! The statements. SQLite and PostgreSQL both speak them, but sqlx has a type of its own for
//! everything of each: so there is one text, which is compiled for both.

/// How long a mark of a used attempt is kept after its time, in microseconds. A store has no clock:
/// that it is over shows when attempts come that expire so much later.
pub(crate) const MARKS_ARE_KEPT: i64 = 24 * 60 * 60 * 1_000_000;

/// Implements `AuthStore` for a store with a `pool`, and brings its schema up to date.
macro_rules! sql_auth_store {
    ($store:ty, $database:ty) => {
        /// Does what is missing of `schema`, whose first step makes version 1.
        async fn upgrade(
            mut transaction: sqlx::Transaction<'_, $database>,
            schema: &[&'static str],
        ) -> Result<(), SqlStoreError> {
            sqlx::query("CREATE TABLE IF NOT EXISTS coder_auth_schema (version BIGINT NOT NULL)")
                .execute(&mut *transaction)
                .await?;
            let newest = "SELECT COALESCE(MAX(version), 0) FROM coder_auth_schema";
            let found: i64 = sqlx::query_scalar(newest).fetch_one(&mut *transaction).await?;
            for (version, step) in (1..).zip(schema) {
                if version > found {
                    sqlx::raw_sql(*step).execute(&mut *transaction).await?;
                    sqlx::query("INSERT INTO coder_auth_schema (version) VALUES ($1)")
                        .bind(version)
                        .execute(&mut *transaction)
                        .await?;
                }
            }
            let known = i64::try_from(schema.len()).unwrap_or(i64::MAX);
            if found > known {
                return Err(SqlStoreError::NewerSchema { found, known });
            }
            Ok(transaction.commit().await?)
        }

        #[async_trait]
        impl AuthStore for $store {
            async fn use_attempt(
                &self,
                attempt: &AttemptId,
                expires_at: Timestamp,
            ) -> Result<bool, StoreError> {
                sqlx::query("DELETE FROM coder_auth_used_attempts WHERE expires_at < $1")
                    .bind(micros(expires_at) - MARKS_ARE_KEPT)
                    .execute(&self.pool)
                    .await
                    .map_err(StoreError::new)?;
                let done = sqlx::query(
                    "INSERT INTO coder_auth_used_attempts (attempt, expires_at) VALUES ($1, $2) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(attempt.as_str())
                .bind(micros(expires_at))
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(done.rows_affected() == 1)
            }

            async fn put_pending(&self, pending: PendingRecord) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO coder_auth_pending (attempt, environment, sealed, stored_at) \
                     VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (attempt) DO UPDATE SET environment = excluded.environment, \
                     sealed = excluded.sealed, stored_at = excluded.stored_at",
                )
                .bind(pending.attempt.as_str())
                .bind(&pending.environment)
                .bind(&pending.sealed)
                .bind(micros(pending.stored_at))
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(())
            }

            async fn delete_pending(&self, attempt: &AttemptId) -> Result<(), StoreError> {
                sqlx::query("DELETE FROM coder_auth_pending WHERE attempt = $1")
                    .bind(attempt.as_str())
                    .execute(&self.pool)
                    .await
                    .map_err(StoreError::new)?;
                Ok(())
            }

            async fn pending_before(
                &self,
                before: Timestamp,
            ) -> Result<Vec<PendingRecord>, StoreError> {
                let rows: Vec<PendingRow> = sqlx::query_as(
                    "SELECT attempt, environment, sealed, stored_at FROM coder_auth_pending \
                     WHERE stored_at < $1",
                )
                .bind(micros(before))
                .fetch_all(&self.pool)
                .await
                .map_err(StoreError::new)?;
                rows.into_iter().map(rows::pending).collect()
            }

            async fn grant(&self, key: &GrantKey) -> Result<Option<GrantRecord>, StoreError> {
                let row: Option<GrantRow> = sqlx::query_as(
                    "SELECT generation, sealed, stored_at FROM coder_auth_grants \
                     WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                )
                .bind(key.deployment.as_str())
                .bind(&key.client_id)
                .bind(key.user.to_string())
                .fetch_optional(&self.pool)
                .await
                .map_err(StoreError::new)?;
                row.map(|row| rows::grant(key, row)).transpose()
            }

            async fn replace_grant(
                &self,
                record: GrantRecord,
                expected: Option<Generation>,
            ) -> Result<bool, StoreError> {
                let write = match expected {
                    None => sqlx::query(
                        "INSERT INTO coder_auth_grants \
                         (deployment, client_id, user_id, generation, sealed, stored_at) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    ),
                    Some(_) => sqlx::query(
                        "UPDATE coder_auth_grants \
                         SET generation = $4, sealed = $5, stored_at = $6 \
                         WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                         AND generation = $7",
                    ),
                };
                let mut write = write
                    .bind(record.key.deployment.as_str())
                    .bind(&record.key.client_id)
                    .bind(record.key.user.to_string())
                    .bind(record.generation.cast_signed())
                    .bind(&record.sealed)
                    .bind(micros(record.stored_at));
                if let Some(expected) = expected {
                    write = write.bind(expected.cast_signed());
                }
                let done = write.execute(&self.pool).await.map_err(StoreError::new)?;
                Ok(done.rows_affected() == 1)
            }

            async fn delete_grant(
                &self,
                key: &GrantKey,
                generation: Generation,
            ) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "DELETE FROM coder_auth_grants WHERE deployment = $1 AND client_id = $2 \
                     AND user_id = $3 AND generation = $4",
                )
                .bind(key.deployment.as_str())
                .bind(&key.client_id)
                .bind(key.user.to_string())
                .bind(generation.cast_signed())
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(done.rows_affected() == 1)
            }

            async fn lease_grant(
                &self,
                key: &GrantKey,
                holder: &str,
                now: Timestamp,
                until: Timestamp,
            ) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "INSERT INTO coder_auth_leases AS lease \
                     (deployment, client_id, user_id, holder, expires_at) \
                     VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (deployment, client_id, user_id) DO UPDATE \
                     SET holder = excluded.holder, expires_at = excluded.expires_at \
                     WHERE lease.holder = excluded.holder OR lease.expires_at <= $6",
                )
                .bind(key.deployment.as_str())
                .bind(&key.client_id)
                .bind(key.user.to_string())
                .bind(holder)
                .bind(micros(until))
                .bind(micros(now))
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(done.rows_affected() == 1)
            }

            async fn release_grant(&self, key: &GrantKey, holder: &str) -> Result<(), StoreError> {
                sqlx::query(
                    "DELETE FROM coder_auth_leases WHERE deployment = $1 AND client_id = $2 \
                     AND user_id = $3 AND holder = $4",
                )
                .bind(key.deployment.as_str())
                .bind(&key.client_id)
                .bind(key.user.to_string())
                .bind(holder)
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(())
            }

            async fn put_session(&self, session: SessionRecord) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO coder_auth_sessions \
                     (id, deployment, client_id, user_id, environment, created_at, used_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) \
                     ON CONFLICT (id) DO UPDATE SET deployment = excluded.deployment, \
                     client_id = excluded.client_id, user_id = excluded.user_id, \
                     environment = excluded.environment, created_at = excluded.created_at, \
                     used_at = excluded.used_at",
                )
                .bind(session.id.as_str())
                .bind(session.grant.deployment.as_str())
                .bind(&session.grant.client_id)
                .bind(session.grant.user.to_string())
                .bind(&session.environment)
                .bind(micros(session.created_at))
                .bind(micros(session.used_at))
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(())
            }

            async fn session(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
                let row: Option<SessionRow> = sqlx::query_as(
                    "SELECT id, deployment, client_id, user_id, environment, created_at, used_at \
                     FROM coder_auth_sessions WHERE id = $1",
                )
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await
                .map_err(StoreError::new)?;
                row.map(rows::session).transpose()
            }

            async fn touch_session(
                &self,
                id: &SessionId,
                used_at: Timestamp,
            ) -> Result<(), StoreError> {
                sqlx::query("UPDATE coder_auth_sessions SET used_at = $1 WHERE id = $2")
                    .bind(micros(used_at))
                    .bind(id.as_str())
                    .execute(&self.pool)
                    .await
                    .map_err(StoreError::new)?;
                Ok(())
            }

            async fn delete_session(
                &self,
                id: &SessionId,
            ) -> Result<Option<SessionRecord>, StoreError> {
                let row: Option<SessionRow> = sqlx::query_as(
                    "DELETE FROM coder_auth_sessions WHERE id = $1 RETURNING \
                     id, deployment, client_id, user_id, environment, created_at, used_at",
                )
                .bind(id.as_str())
                .fetch_optional(&self.pool)
                .await
                .map_err(StoreError::new)?;
                row.map(rows::session).transpose()
            }

            async fn count_sessions(&self, grant: &GrantKey) -> Result<u64, StoreError> {
                let count: i64 = sqlx::query_scalar(
                    "SELECT COUNT(*) FROM coder_auth_sessions \
                     WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                )
                .bind(grant.deployment.as_str())
                .bind(&grant.client_id)
                .bind(grant.user.to_string())
                .fetch_one(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(count.unsigned_abs())
            }

            async fn sessions_before(
                &self,
                idle: Timestamp,
                created: Timestamp,
            ) -> Result<Vec<SessionRecord>, StoreError> {
                let rows: Vec<SessionRow> = sqlx::query_as(
                    "SELECT id, deployment, client_id, user_id, environment, created_at, used_at \
                     FROM coder_auth_sessions WHERE used_at < $1 OR created_at < $2",
                )
                .bind(micros(idle))
                .bind(micros(created))
                .fetch_all(&self.pool)
                .await
                .map_err(StoreError::new)?;
                rows.into_iter().map(rows::session).collect()
            }

            async fn put_person(&self, person: PersonRecord) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO coder_auth_persons (user_entity_ref, ownership_entity_refs, \
                     deployment, client_id, user_id, environment) \
                     VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (user_entity_ref) DO UPDATE \
                     SET ownership_entity_refs = excluded.ownership_entity_refs, \
                     deployment = excluded.deployment, client_id = excluded.client_id, \
                     user_id = excluded.user_id, environment = excluded.environment",
                )
                .bind(&person.user_entity_ref)
                .bind(rows::ownership_entity_refs(&person)?)
                .bind(person.grant.deployment.as_str())
                .bind(&person.grant.client_id)
                .bind(person.grant.user.to_string())
                .bind(&person.environment)
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(())
            }

            async fn person(
                &self,
                user_entity_ref: &str,
            ) -> Result<Option<PersonRecord>, StoreError> {
                let row: Option<PersonRow> = sqlx::query_as(
                    "SELECT ownership_entity_refs, deployment, client_id, user_id, environment \
                     FROM coder_auth_persons WHERE user_entity_ref = $1",
                )
                .bind(user_entity_ref)
                .fetch_optional(&self.pool)
                .await
                .map_err(StoreError::new)?;
                row.map(|row| rows::person(user_entity_ref, row)).transpose()
            }

            async fn put_signing_key(&self, key: SigningKeyRecord) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO coder_auth_signing_keys (id, sealed, created_at) \
                     VALUES ($1, $2, $3)",
                )
                .bind(&key.id)
                .bind(&key.sealed)
                .bind(micros(key.created_at))
                .execute(&self.pool)
                .await
                .map_err(StoreError::new)?;
                Ok(())
            }

            async fn signing_keys(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
                let rows: Vec<SigningKeyRow> = sqlx::query_as(
                    "SELECT id, sealed, created_at FROM coder_auth_signing_keys \
                     ORDER BY created_at, id",
                )
                .fetch_all(&self.pool)
                .await
                .map_err(StoreError::new)?;
                rows.into_iter().map(rows::signing_key).collect()
            }

            async fn delete_signing_keys_before(
                &self,
                before: Timestamp,
            ) -> Result<(), StoreError> {
                sqlx::query("DELETE FROM coder_auth_signing_keys WHERE created_at < $1")
                    .bind(micros(before))
                    .execute(&self.pool)
                    .await
                    .map_err(StoreError::new)?;
                Ok(())
            }
        }
    };
}

pub(crate) use sql_auth_store;
