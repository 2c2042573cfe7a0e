//! Many machines: PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coder_auth::store::{
    AuthStore, Erased, Erasure, GrantChange, GrantRecord, GrantVersion, Lease, LinkKey, LinkRecord,
    LoginCompletion, LoginOutcome, PairId, PersonRecord, RevocationRecord, SessionRecord,
    SigningKeyRecord, StoreConnections, StoreCounts, StoreError,
};
use coder_auth::{AttemptId, GrantKey, SessionId};
use coder_core::Secret;
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool, Postgres};
use tokio::time::timeout;
use url::Url;

use crate::error::SqlStoreError;
use crate::rows::{
    self, ExpiredRow, Failure, GrantRow, KeyRow, LinkRow, ListedRow, RevocationRow, SessionRow,
    SessionWithGrantRow, SigningKeyRow, StoredKey, micros,
};
use crate::schema::sql_schema;
use crate::sql::{KEEP_PAIR, USES_BETWEEN_CLEANINGS, bind_grant, bind_key, sql_auth_store};
use crate::transitions::sql_transitions;

/// The first step made the tables of previews, which the second one drops.
const SCHEMA: &[&str] =
    &["", include_str!("../schema/postgres/2.sql"), include_str!("../schema/postgres/3.sql")];
/// Held while the schema is brought up to date: any number, as long as nobody else uses it.
const SCHEMA_LOCK: i64 = 0x636f_6465_725f_6175;
/// The time limit of a connection, and of a transition with it. A person waits for it.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const NO_ANSWER: &str = "the server did not answer in time";
/// Statements that each connection begins with: the server ends a statement, a lock or a
/// transaction that takes longer, so that nothing stays locked.
///
/// They are statements because a connection pooler refuses unknown connection parameters.
const LIMITS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '3s'; \
                      SET idle_in_transaction_session_timeout = '10s'";

/// Store of grants and sessions in PostgreSQL, for any number of replicas.
///
/// A connection is taken from the pool for one transaction and given back. None is held while Coder
/// is asked, so a few connections serve many people. A call that the server does not answer fails
/// after ten seconds.
pub struct PostgresAuthStore {
    pool: PgPool,
    attempts_used: AtomicU32,
}

impl PostgresAuthStore {
    /// Connects to `url` and brings the schema up to date; several replicas may do so at once.
    ///
    /// The URL is libpq's: `postgres://user:password@host:5432/database?sslmode=verify-full`.
    /// With `sslmode` `verify-full` (or `verify-ca`) the server's certificate must be from a public
    /// authority, or from the one in the file that `sslrootcert` names; `sslcert` and `sslkey` name
    /// the client's own. Without `sslmode`, TLS is used if the server has it, and its certificate
    /// is not checked. Parts that the URL lacks are taken from `PGHOST`, `PGPASSWORD` and libpq's other variables.
    ///
    /// At most `max_connections` are open at a time; 0 counts as 1. The user needs the right to create
    /// tables in the first schema of its search path.
    ///
    /// # Errors
    ///
    /// When the URL is not valid or has an unknown parameter, the database cannot be reached or refuses,
    /// or its schema is of a newer release.
    pub async fn connect(url: Secret, max_connections: u32) -> Result<Self, SqlStoreError> {
        let pool = pool(&url, max_connections).await?;
        Ok(Self { pool, attempts_used: AtomicU32::new(0) })
    }

    async fn connection(&self) -> Result<PoolConnection<Postgres>, Failure> {
        Ok(self.pool.acquire().await?)
    }

    /// Bounds the whole of a transition: a server that is frozen answers nothing, not even that a
    /// statement took too long.
    /// Returns the state of the pool.
    fn pool_state(&self) -> Option<StoreConnections> {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        let used = self.pool.size().saturating_sub(idle);
        Some(StoreConnections { used, idle, max: self.pool.options().get_max_connections() })
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send,
    ) -> Result<T, StoreError> {
        match timeout(CALL_TIMEOUT, work).await {
            Ok(done) => done.map_err(Failure::into_store_error),
            Err(_) => Err(StoreError::new(NO_ANSWER)),
        }
    }
}

/// Brings the schema up to date, and returns a pool of connections.
pub(crate) async fn pool(url: &Secret, max_connections: u32) -> Result<PgPool, SqlStoreError> {
    let options = parse(url)?;
    let mut connection = timeout(CALL_TIMEOUT, options.connect())
        .await
        .map_err(|_| SqlStoreError::Database(NO_ANSWER.into()))??;
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SCHEMA_LOCK)
        .execute(&mut *transaction)
        .await?;
    upgrade(transaction).await?;
    connection.close().await?;
    Ok(PgPoolOptions::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(CALL_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async { connection.execute(LIMITS).await.map(drop) })
        })
        .connect_lazy_with(options))
}

/// The parameters sqlx knows. It would log the others with their values.
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

fn parse(url: &Secret) -> Result<PgConnectOptions, SqlStoreError> {
    let invalid =
        |error: Box<dyn std::error::Error + Send + Sync>| SqlStoreError::InvalidUrl(error);
    let url = Url::parse(url.expose()).map_err(|error| invalid(error.into()))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(invalid("its scheme is not `postgres`".into()));
    }
    for (name, _) in url.query_pairs() {
        if !PARAMETERS.contains(&&*name) {
            return Err(SqlStoreError::UnknownUrlParameter(name.into_owned()));
        }
    }
    PgConnectOptions::from_url(&url).map_err(|error| invalid(error.into()))
}

sql_schema!(Postgres);
sql_transitions!(PgConnection, lock = " FOR UPDATE OF g");
sql_auth_store!(
    PostgresAuthStore,
    // Whatever the server's default is.
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    skip_locked = " FOR UPDATE SKIP LOCKED"
);

impl fmt::Debug for PostgresAuthStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PostgresAuthStore")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        let error = parse(&Secret::new(url)).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} / {source:?} / {error:?}")
    }

    #[test]
    fn a_url_is_refused_with_the_reason_and_without_the_password() {
        for (url, reason) in [
            ("swordfish", "without a base"),
            ("mysql://user:swordfish@host/db", "scheme"),
            ("postgres://user:swordfish@host:99999/db", "port"),
            ("postgres://user:swordfish@host/db?sslmode=verify", "ssl_mode"),
            ("postgres://host/db?passwrod=swordfish", "`passwrod`"),
            ("postgres://host/db?ssl_mode=verify-full&password=swordfish", "`ssl_mode`"),
        ] {
            let refusal = refusal(url);
            assert!(refusal.contains(reason), "{url}: {refusal}");
            assert!(!refusal.contains("swordfish"), "{refusal}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_not_waited_for() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://portal@{}/db", silent.local_addr().unwrap());
        let error = PostgresAuthStore::connect(Secret::new(url), 1).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "the server did not answer in time");
    }

    #[test]
    fn every_parameter_that_is_let_through_is_known_to_sqlx() {
        for name in PARAMETERS {
            // sqlx logs what it does not know, and goes on: so look that each changes something.
            let value = match *name {
                "hostaddr" => "192.0.2.1",
                "port" | "statement-cache-capacity" => "17",
                "sslmode" => "verify-full",
                _ => "something",
            };
            let with = format!("postgres://host/db?{name}={value}");
            let with = format!("{:?}", parse(&Secret::new(with)).unwrap());
            let without = format!("{:?}", parse(&Secret::new("postgres://host/db")).unwrap());
            assert_ne!(with, without, "{name}");
        }
    }
}
