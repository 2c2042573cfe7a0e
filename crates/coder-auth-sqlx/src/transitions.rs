//! The transitions that are more than one statement, inside of their transaction.
//!
//! Whoever writes a session or reads whether there is another one holds the lock of its grant. In
//! PostgreSQL that is a row lock; several are taken in the order of
//! [`StoredKey`](crate::rows::StoredKey), and before any other lock. The rows of persons come next,
//! in the order of their names. In SQLite the transaction itself is the lock.

/// Writes the transitions for the connections of one database. `lock` ends a `SELECT` and locks
/// its row `g`.
macro_rules! sql_transitions {
    ($connection:ty, lock = $lock:literal) => {
        /// Columns of the grant that a login reads: its version and its token pair.
        type Locked = (String, String, Vec<u8>);

        async fn lock(
            connection: &mut $connection,
            key: &StoredKey,
        ) -> Result<Option<Locked>, Failure> {
            let query = sqlx::query_as(concat!(
                "SELECT version, pair_id, pair_sealed FROM coder_auth_grants AS g \
                 WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                $lock
            ));
            Ok(bind_key!(query, key).fetch_optional(connection).await?)
        }

        /// Locks the grant of a session, and reads its key.
        async fn lock_grant_of(
            connection: &mut $connection,
            session: &SessionId,
        ) -> Result<Option<StoredKey>, Failure> {
            let key: Option<KeyRow> = sqlx::query_as(concat!(
                "SELECT g.deployment, g.client_id, g.user_id FROM coder_auth_sessions AS s \
                 JOIN coder_auth_grants AS g ON g.deployment = s.deployment \
                 AND g.client_id = s.client_id AND g.user_id = s.user_id WHERE s.id = $1",
                $lock
            ))
            .bind(session.as_str())
            .fetch_optional(connection)
            .await?;
            Ok(key.map(StoredKey::from))
        }

        async fn finish_login(
            connection: &mut $connection,
            login: &LoginCompletion,
        ) -> Result<LoginOutcome, Failure> {
            let key = StoredKey::from(&login.grant);
            let (current, former) =
                lock_for_login(&mut *connection, &key, login.former.as_ref()).await?;
            let version = current.as_ref().map(|(version, ..)| version.as_str());
            if version != login.expected.as_ref().map(GrantVersion::as_str) {
                return Ok(LoginOutcome::Conflict);
            }
            let Some(taken) = take_pair(&mut *connection, login).await? else {
                // Where there was no grant to lock, the same login may have finished meanwhile.
                let has_finished =
                    current.is_none() && lock(&mut *connection, &key).await?.is_some();
                let gone = LoginOutcome::PairGone;
                return Ok(if has_finished { LoginOutcome::Conflict } else { gone });
            };
            let mut ended = Vec::new();
            match &login.change {
                GrantChange::Keep if current.is_none() => return Ok(LoginOutcome::NoSession),
                GrantChange::Keep => ended.push(taken),
                GrantChange::Replace { .. } if current.is_none() && login.session.is_none() => {
                    return Ok(LoginOutcome::NoSession);
                }
                GrantChange::Replace { record, revoke_former } => {
                    if !put_grant(&mut *connection, &key, record, current.is_some()).await? {
                        return Ok(LoginOutcome::Conflict);
                    }
                    if let Some((_, pair_id, sealed)) = current.filter(|_| *revoke_former) {
                        let former = (pair_id, sealed);
                        ended.push(revoke(&mut *connection, &key, former, login.due_at).await?);
                    }
                }
            }
            if let Some(session) = &login.session {
                put_session(&mut *connection, &key, session).await?;
            }
            if let Some((id, its_grant)) = former {
                delete_session(&mut *connection, id).await?;
                let (its_grant, due_at, mut names) = (&its_grant, login.due_at, BTreeSet::new());
                ended.extend(
                    end_without_sessions(&mut *connection, its_grant, due_at, &mut names).await?,
                );
                end_persons(connection, names).await?;
            }
            let ended = ended.into_iter().map(rows::revocation).collect::<Result<_, _>>()?;
            Ok(LoginOutcome::Finished(ended))
        }

        /// Locks the grant that a login is for, and that of the browser's former session.
        async fn lock_for_login<'a>(
            connection: &mut $connection,
            key: &StoredKey,
            former: Option<&'a SessionId>,
        ) -> Result<(Option<Locked>, Option<(&'a SessionId, StoredKey)>), Failure> {
            let Some(former) = former else { return Ok((lock(connection, key).await?, None)) };
            // Without a lock: the grant of a session never changes.
            let other: Option<KeyRow> = sqlx::query_as(
                "SELECT deployment, client_id, user_id FROM coder_auth_sessions WHERE id = $1",
            )
            .bind(former.as_str())
            .fetch_optional(&mut *connection)
            .await?;
            let other = other.map(StoredKey::from);
            if let Some(other) = other.as_ref().filter(|other| *other < key) {
                lock(&mut *connection, other).await?;
            }
            let current = lock(&mut *connection, key).await?;
            if let Some(other) = other.as_ref().filter(|other| *other > key) {
                lock(&mut *connection, other).await?;
            }
            Ok((current, other.map(|other| (former, other))))
        }

        /// Takes the login's pair from those that a login may still take.
        async fn take_pair(
            connection: &mut $connection,
            login: &LoginCompletion,
        ) -> Result<Option<RevocationRow>, Failure> {
            let take = match &login.change {
                GrantChange::Replace { .. } => sqlx::query_as(
                    "DELETE FROM coder_auth_revocations WHERE pair_id = $1 AND is_pending \
                     RETURNING pair_id, deployment, client_id, sealed, due_at, is_pending, tries",
                )
                .bind(login.pair.as_str()),
                GrantChange::Keep => sqlx::query_as(
                    "UPDATE coder_auth_revocations SET due_at = $2, is_pending = FALSE \
                     WHERE pair_id = $1 AND is_pending \
                     RETURNING pair_id, deployment, client_id, sealed, due_at, is_pending, tries",
                )
                .bind(login.pair.as_str())
                .bind(micros(login.due_at)),
            };
            Ok(take.fetch_optional(connection).await?)
        }

        /// Writes a login's grant; `false` if another login has just made it.
        async fn put_grant(
            connection: &mut $connection,
            key: &StoredKey,
            record: &GrantRecord,
            exists: bool,
        ) -> Result<bool, Failure> {
            let put = if exists {
                sqlx::query(
                    "UPDATE coder_auth_grants SET version = $4, pair_id = $5, pair_sealed = $6, \
                     sealed = $7, lease_holder = NULL, lease_until = NULL \
                     WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                )
            } else {
                sqlx::query(
                    "INSERT INTO coder_auth_grants (deployment, client_id, user_id, version, \
                     pair_id, pair_sealed, sealed) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                )
            };
            let put = bind_grant!(bind_key!(put, key), record);
            Ok(put.execute(connection).await?.rows_affected() == 1)
        }

        async fn put_session(
            connection: &mut $connection,
            key: &StoredKey,
            session: &SessionRecord,
        ) -> Result<(), Failure> {
            let put = sqlx::query(
                "INSERT INTO coder_auth_sessions \
                 (deployment, client_id, user_id, id, environment, created_at, used_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            );
            bind_key!(put, key)
                .bind(session.id.as_str())
                .bind(&session.environment)
                .bind(micros(session.created_at))
                .bind(micros(session.used_at))
                .execute(connection)
                .await?;
            Ok(())
        }

        async fn end_session(
            connection: &mut $connection,
            id: &SessionId,
            due_at: Timestamp,
        ) -> Result<Option<RevocationRow>, Failure> {
            let Some(key) = lock_grant_of(&mut *connection, id).await? else { return Ok(None) };
            delete_session(&mut *connection, id).await?;
            let mut names = BTreeSet::new();
            let ended = end_without_sessions(&mut *connection, &key, due_at, &mut names).await?;
            end_persons(connection, names).await?;
            Ok(ended)
        }

        async fn delete_session(
            connection: &mut $connection,
            id: &SessionId,
        ) -> Result<(), Failure> {
            sqlx::query("DELETE FROM coder_auth_sessions WHERE id = $1")
                .bind(id.as_str())
                .execute(connection)
                .await?;
            Ok(())
        }

        /// Ends a locked grant if no session is left of it. Adds to `names` the persons who have
        /// signed in with it, which are locked after all grants.
        async fn end_without_sessions(
            connection: &mut $connection,
            key: &StoredKey,
            due_at: Timestamp,
            names: &mut BTreeSet<String>,
        ) -> Result<Option<RevocationRow>, Failure> {
            let persons = persons_of(&mut *connection, key).await?;
            let end = sqlx::query_as(
                "DELETE FROM coder_auth_grants \
                 WHERE deployment = $1 AND client_id = $2 AND user_id = $3 AND NOT EXISTS \
                 (SELECT 1 FROM coder_auth_sessions \
                 WHERE deployment = $1 AND client_id = $2 AND user_id = $3) \
                 RETURNING pair_id, pair_sealed",
            );
            match bind_key!(end, key).fetch_optional(&mut *connection).await? {
                Some(pair) => {
                    names.extend(persons);
                    Ok(Some(revoke(connection, key, pair, due_at).await?))
                }
                None => Ok(None),
            }
        }

        async fn end_grant(
            connection: &mut $connection,
            key: &StoredKey,
            due_at: Timestamp,
        ) -> Result<Option<RevocationRow>, Failure> {
            if lock(&mut *connection, key).await?.is_none() {
                return Ok(None);
            }
            let names = persons_of(&mut *connection, key).await?;
            let ended = delete_grant(&mut *connection, key, due_at).await?;
            end_persons(connection, names.into_iter().collect()).await?;
            Ok(ended)
        }

        /// Deletes a grant, and leaves the persons who have signed in with it.
        async fn delete_grant(
            connection: &mut $connection,
            key: &StoredKey,
            due_at: Timestamp,
        ) -> Result<Option<RevocationRow>, Failure> {
            // Its sessions go with it.
            let end = sqlx::query_as(
                "DELETE FROM coder_auth_grants \
                 WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                 RETURNING pair_id, pair_sealed",
            );
            match bind_key!(end, key).fetch_optional(&mut *connection).await? {
                Some(pair) => Ok(Some(revoke(connection, key, pair, due_at).await?)),
                None => Ok(None),
            }
        }

        /// Puts a pair among the revocations, which was a grant's.
        async fn revoke(
            connection: &mut $connection,
            key: &StoredKey,
            (pair_id, sealed): (String, Vec<u8>),
            due_at: Timestamp,
        ) -> Result<RevocationRow, Failure> {
            sqlx::query(KEEP_PAIR)
                .bind(&pair_id)
                .bind(&key.deployment)
                .bind(&key.client_id)
                .bind(&sealed)
                .bind(micros(due_at))
                .bind(false)
                .bind(0_i64)
                .execute(connection)
                .await?;
            let (deployment, client_id) = (key.deployment.clone(), key.client_id.clone());
            Ok((pair_id, deployment, client_id, sealed, micros(due_at), false, 0))
        }

        /// Tells whether this ownership is stored, as that of somebody who signed in with the grant.
        async fn is_known(
            connection: &mut $connection,
            key: &StoredKey,
            (user_entity_ref, ownership): (&str, &str),
        ) -> Result<bool, Failure> {
            let known = sqlx::query_scalar(
                "SELECT COUNT(*) FROM coder_auth_identities AS i JOIN coder_auth_persons AS p \
                 ON p.user_entity_ref = i.user_entity_ref \
                 WHERE i.deployment = $1 AND i.client_id = $2 AND i.user_id = $3 \
                 AND i.user_entity_ref = $4 AND p.ownership_entity_refs = $5",
            );
            let known = bind_key!(known, key).bind(user_entity_ref).bind(ownership);
            let count: i64 = known.fetch_one(connection).await?;
            Ok(count > 0)
        }

        async fn put_person(
            connection: &mut $connection,
            key: &StoredKey,
            (user_entity_ref, ownership): (&str, &str),
        ) -> Result<(), Failure> {
            if lock(&mut *connection, key).await?.is_none() {
                return Ok(());
            }
            // Written even if it is the same: that locks the row until the grant is named beside it.
            sqlx::query(
                "INSERT INTO coder_auth_persons (user_entity_ref, ownership_entity_refs) \
                 VALUES ($1, $2) ON CONFLICT (user_entity_ref) DO UPDATE \
                 SET ownership_entity_refs = excluded.ownership_entity_refs",
            )
            .bind(user_entity_ref)
            .bind(ownership)
            .execute(&mut *connection)
            .await?;
            let put = sqlx::query(
                "INSERT INTO coder_auth_identities \
                 (deployment, client_id, user_id, user_entity_ref) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            );
            bind_key!(put, key).bind(user_entity_ref).execute(connection).await?;
            Ok(())
        }

        async fn persons_of(
            connection: &mut $connection,
            key: &StoredKey,
        ) -> Result<Vec<String>, Failure> {
            let read = sqlx::query_scalar(
                "SELECT user_entity_ref FROM coder_auth_identities \
                 WHERE deployment = $1 AND client_id = $2 AND user_id = $3 \
                 ORDER BY user_entity_ref",
            );
            Ok(bind_key!(read, key).fetch_all(connection).await?)
        }

        /// Deletes what is known of these users, unless they have signed in with another grant. Their
        /// grants are locked.
        async fn end_persons(
            connection: &mut $connection,
            names: BTreeSet<String>,
        ) -> Result<u64, Failure> {
            let mut deleted = 0;
            for name in &names {
                // A statement sees what was written before it began: so the lock comes first.
                let locked = sqlx::query(concat!(
                    "SELECT 1 FROM coder_auth_persons AS g WHERE user_entity_ref = $1",
                    $lock
                ));
                locked.bind(name).fetch_optional(&mut *connection).await?;
                let delete = sqlx::query(
                    "DELETE FROM coder_auth_persons WHERE user_entity_ref = $1 AND NOT EXISTS \
                     (SELECT 1 FROM coder_auth_identities WHERE user_entity_ref = $1)",
                );
                deleted += delete.bind(name).execute(&mut *connection).await?.rows_affected();
            }
            Ok(deleted)
        }

        async fn erase(
            connection: &mut $connection,
            erasure: &Erasure,
        ) -> Result<Erased, Failure> {
            let mut erased = Erased::default();
            let mut names = BTreeSet::new();
            let keys: BTreeSet<StoredKey> = erasure.grants.iter().map(StoredKey::from).collect();
            for key in &keys {
                lock(&mut *connection, key).await?;
                let count = sqlx::query_scalar(
                    "SELECT COUNT(*) FROM coder_auth_sessions \
                     WHERE deployment = $1 AND client_id = $2 AND user_id = $3",
                );
                let count: i64 = bind_key!(count, key).fetch_one(&mut *connection).await?;
                erased.sessions += u64::try_from(count)?;
                names.extend(persons_of(&mut *connection, key).await?);
                if let Some(ended) = delete_grant(&mut *connection, key, erasure.due_at).await? {
                    erased.revocations.push(rows::revocation(ended)?);
                }
            }
            erased.persons = end_persons(&mut *connection, names).await?;
            for link in &erasure.links {
                let delete = sqlx::query(
                    "DELETE FROM coder_auth_links WHERE deployment = $1 AND holder = $2",
                );
                let delete = delete.bind(link.deployment.as_str()).bind(&link.holder);
                erased.links += delete.execute(&mut *connection).await?.rows_affected();
            }
            Ok(erased)
        }

        /// Ends sessions that were found without a lock, unless they were used since.
        async fn end_expired(
            connection: &mut $connection,
            expired: Vec<ExpiredRow>,
            idle: Timestamp,
            created: Timestamp,
            due_at: Timestamp,
        ) -> Result<u64, Failure> {
            let mut by_grant = BTreeMap::<StoredKey, Vec<String>>::new();
            for (id, deployment, client_id, user_id) in expired {
                by_grant.entry((deployment, client_id, user_id).into()).or_default().push(id);
            }
            let (mut ended, mut names) = (0, BTreeSet::new());
            for (key, ids) in by_grant {
                lock(&mut *connection, &key).await?;
                for id in ids {
                    let end = sqlx::query(
                        "DELETE FROM coder_auth_sessions \
                         WHERE id = $1 AND (used_at < $2 OR created_at < $3)",
                    );
                    let end = end.bind(id).bind(micros(idle)).bind(micros(created));
                    ended += end.execute(&mut *connection).await?.rows_affected();
                }
                end_without_sessions(&mut *connection, &key, due_at, &mut names).await?;
            }
            end_persons(connection, names).await?;
            Ok(ended)
        }
    };
}

pub(crate) use sql_transitions;
