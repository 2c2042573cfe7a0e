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
use coder_core::{Secret, quoted};
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool, Postgres};
use tokio::time::timeout;
use url::Url;

use crate::error::{NoAnswer, SchemaError, SqlStoreError};
use crate::rows::{
    self, ExpiredRow, Failure, GrantRow, KeyRow, LinkRow, ListedRow, RevocationRow, SessionRow,
    SessionWithGrantRow, SigningKeyRow, StoredKey, micros,
};
use crate::schema::{SCHEMA_FOUND, SchemaUpgrade, sql_schema};
use crate::sql::{KEEP_PAIR, USES_BETWEEN_CLEANINGS, bind_grant, bind_key, sql_auth_store};
use crate::transitions::sql_transitions;

/// The first step made the tables of previews, which the second one drops.
const SCHEMA: &[&str] =
    &["", include_str!("../schema/postgres/2.sql"), include_str!("../schema/postgres/3.sql")];
/// Held while the schema is brought up to date: any number, as long as nobody else uses it.
const SCHEMA_LOCK: i64 = 0x636f_6465_725f_6175;
/// PostgreSQL's code for a right that the user does not have.
const NO_RIGHT: &str = "42501";
/// The time limit of the first connection, at the start of a process.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of a connection for a transition. A person waits for it: a request fails within
/// this time when the database is dead.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit of a transition, with its connection.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements that each connection begins with: the server ends a statement, a lock or a
/// transaction that takes longer, so that nothing stays locked.
///
/// They are statements because a connection pooler refuses unknown connection parameters.
const LIMITS: &str = "SET statement_timeout = '4s'; SET lock_timeout = '3s'; \
                      SET idle_in_transaction_session_timeout = '5s'";

/// Store of grants and sessions in PostgreSQL, for any number of replicas.
///
/// A connection is taken from the pool for one transaction and given back. None is held while Coder
/// is asked, so a few connections serve many people. A call fails after 2 seconds when the database
/// gives no connection, and after 5 seconds when it does not answer any more.
pub struct PostgresAuthStore {
    pool: PgPool,
    place: Place,
    attempts_used: AtomicU32,
}

impl PostgresAuthStore {
    /// Connects to `url`, and brings the schema up to date if it is of an older release; several
    /// replicas may do so at once.
    ///
    /// The URL is libpq's: `postgres://user:password@host:5432/database?sslmode=verify-full`.
    /// With `sslmode` `verify-full` (or `verify-ca`) the server's certificate must be from a public
    /// authority, or from the one in the file that `sslrootcert` names; `sslcert` and `sslkey` name
    /// the client's own. Without `sslmode`, TLS is used if the server has it, and its certificate
    /// is not checked. Parts that the URL lacks are taken from `PGHOST`, `PGPASSWORD` and libpq's other variables.
    ///
    /// At most `max_connections` are open at a time; 0 counts as 1. Where the schema is up to date, the user
    /// needs no right but to read and write its tables. Else it needs the right to create tables in the first
    /// schema of its search path; [`migrate`](Self::migrate) can be given another user.
    ///
    /// # Errors
    ///
    /// When the URL is not valid or has an unknown parameter, the database cannot be reached or refuses,
    /// its schema is of a newer release, or of an older one and the user may not change it.
    pub async fn connect(url: Secret, max_connections: u32) -> Result<Self, SqlStoreError> {
        let (pool, place) = pool(&url, max_connections).await?;
        Ok(Self { pool, place, attempts_used: AtomicU32::new(0) })
    }

    /// Brings the schema of the database at `url` up to date, as [`connect`](Self::connect) does where it may,
    /// and tells what it has changed.
    ///
    /// The user of this URL owns the tables then. Another user of the server needs the rights to
    /// select, insert, update and delete in them.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub async fn migrate(url: Secret) -> Result<SchemaUpgrade, SqlStoreError> {
        let (options, place) = parse(&url)?;
        bring_up_to_date(&options, &place).await
    }

    async fn connection(&self) -> Result<PoolConnection<Postgres>, Failure> {
        self.pool.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => NoConnection(self.place.clone()).into(),
            other => other.into(),
        })
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
            Err(_) => Err(StoreError::new(NoAnswer)),
        }
    }
}

/// Brings the schema up to date, and returns a pool of connections and the place of the database.
pub(crate) async fn pool(
    url: &Secret,
    max_connections: u32,
) -> Result<(PgPool, Place), SqlStoreError> {
    let (options, place) = parse(url)?;
    bring_up_to_date(&options, &place).await?;
    let pool = PgPoolOptions::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(CONNECTION_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async { connection.execute(LIMITS).await.map(drop) })
        })
        .connect_lazy_with(options);
    Ok((pool, place))
}

/// The error of a database that gives no connection in time.
#[derive(Debug, thiserror::Error)]
#[error("the database {0} gives no connection in time")]
struct NoConnection(Place);

/// The place of a database, without its password.
#[derive(Clone, Debug)]
pub(crate) struct Place(String);

impl Place {
    fn new(options: &PgConnectOptions) -> Self {
        let user = options.get_username();
        // As libpq does.
        let database = options.get_database().unwrap_or(user);
        let port = options.get_port();
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        Self(format!(
            "{} at {} (port {port}, user {})",
            quoted(database),
            quoted(&host),
            quoted(user)
        ))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Brings the schema up to date over a connection of its own.
async fn bring_up_to_date(
    options: &PgConnectOptions,
    place: &Place,
) -> Result<SchemaUpgrade, SqlStoreError> {
    let mut connection = match timeout(START_TIMEOUT, options.connect()).await {
        Ok(connected) => connected.map_err(|error| SchemaError::from(error).at(place))?,
        Err(_) => {
            return Err(SqlStoreError::Database {
                place: place.to_string(),
                source: NoAnswer.into(),
            });
        }
    };
    let upgrade = upgrade_if_needed(&mut connection).await.map_err(|error| error.at(place))?;
    connection.close().await.map_err(|error| SchemaError::from(error).at(place))?;
    Ok(upgrade)
}

/// Changes nothing in a database that is up to date, and so needs no right to.
async fn upgrade_if_needed(connection: &mut PgConnection) -> Result<SchemaUpgrade, SchemaError> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('coder_auth_schema') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    let found = if is_there {
        sqlx::query_scalar(SCHEMA_FOUND).fetch_one(&mut *connection).await?
    } else {
        0
    };
    let judged = judge(found)?;
    if judged.from == judged.to {
        return Ok(judged);
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(SCHEMA_LOCK)
        .execute(&mut *transaction)
        .await?;
    upgrade(transaction).await.map_err(|error| match error {
        SchemaError::Database(source) if lacks_a_right(&source) => {
            SchemaError::Older { found, known: judged.to, source }
        }
        other => other,
    })
}

fn lacks_a_right(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == NO_RIGHT)
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

fn parse(url: &Secret) -> Result<(PgConnectOptions, Place), SqlStoreError> {
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
    let options = PgConnectOptions::from_url(&url).map_err(|error| invalid(error.into()))?;
    let place = Place::new(&options);
    Ok((options, place))
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
        assert!(error.is_temporary());
    }

    #[tokio::test]
    async fn an_error_names_the_database_its_host_port_and_user_and_no_password() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("postgres://portal:swordfish@{free}/sessions");
        let error = PostgresAuthStore::connect(Secret::new(url), 1).await.unwrap_err();
        let port = free.port();
        let told = format!(
            "the database `sessions` at `127.0.0.1` (port {port}, user `portal`) cannot be used"
        );
        assert_eq!(error.to_string(), told);
        assert!(error.is_temporary(), "it may be started later");
        assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");
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
            let with = format!("{:?}", parse(&Secret::new(with)).unwrap().0);
            let without = format!("{:?}", parse(&Secret::new("postgres://host/db")).unwrap().0);
            assert_ne!(with, without, "{name}");
        }
    }
}
