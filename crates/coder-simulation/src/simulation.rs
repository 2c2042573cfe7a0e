//! Many seeds on one kind of store.

use std::sync::Arc;

use coder_auth::MemoryAuthStore;
#[cfg(feature = "databases")]
use coder_auth_sqlx::{PostgresAuthStore, SqliteAuthStore};
use coder_core::Secret;
use tokio::runtime::Runtime;

use crate::plan::Plan;
use crate::portal::{SetupError, Storage};
use crate::rule::Rule;
use crate::schedule::{self, Outcome};
use crate::shrink::shrink;

/// The kind of store that schedules run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "its program must handle each")]
pub enum StoreKind {
    /// In memory; every await point is a step.
    #[default]
    Memory,
    /// A new SQLite file for each schedule.
    Sqlite,
    /// A PostgreSQL, emptied for each schedule: that of `CODER_SIMULATION_POSTGRES`.
    Postgres,
}

/// Runs schedules on one kind of store.
pub struct Simulation {
    kind: StoreKind,
    postgres: Option<Secret>,
    tokio: Option<Arc<Runtime>>,
    awaits_detached_work: bool,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Simulation({:?})", self.kind)
    }
}

impl Simulation {
    /// Prepares to run on this kind of store.
    ///
    /// # Errors
    ///
    /// When a database needs a runtime and none can be made, or PostgreSQL is not named by
    /// `CODER_SIMULATION_POSTGRES`.
    pub fn on(kind: StoreKind) -> Result<Self, SetupError> {
        match kind {
            StoreKind::Memory => Ok(Self::new(kind, None, None)),
            StoreKind::Sqlite => Ok(Self::new(kind, None, Some(runtime()?))),
            StoreKind::Postgres => {
                Self::on_postgres(std::env::var("CODER_SIMULATION_POSTGRES")?.into())
            }
        }
    }

    /// Prepares to run on the PostgreSQL database of this URL, which is emptied for each schedule.
    ///
    /// # Errors
    ///
    /// When no runtime can be made.
    pub fn on_postgres(url: Secret) -> Result<Self, SetupError> {
        Ok(Self::new(StoreKind::Postgres, Some(url), Some(runtime()?)))
    }

    fn new(kind: StoreKind, postgres: Option<Secret>, tokio: Option<Arc<Runtime>>) -> Self {
        Self { kind, postgres, tokio, awaits_detached_work: true }
    }

    /// Ends a stopping process without waiting for the work that outlives its callers: to see that
    /// the rules need the wait.
    #[must_use]
    pub fn cutting_off_detached_work(mut self) -> Self {
        self.awaits_detached_work = false;
        self
    }

    fn plan(&self, seed: u64) -> Plan {
        Plan { awaits_detached_work: self.awaits_detached_work, ..Plan::draw(seed) }
    }

    /// Runs the schedule of a seed, without its story.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened.
    pub fn run(&self, seed: u64) -> Result<Outcome, SetupError> {
        self.run_plan(&self.plan(seed), false)
    }

    /// Runs the schedule of a seed and keeps its story.
    ///
    /// # Errors
    ///
    /// As [`Simulation::run`].
    pub fn tell(&self, seed: u64) -> Result<Outcome, SetupError> {
        self.run_plan(&self.plan(seed), true)
    }

    fn run_plan(&self, plan: &Plan, is_told: bool) -> Result<Outcome, SetupError> {
        match (self.kind, &self.tokio, &self.postgres) {
            #[cfg(feature = "databases")]
            (StoreKind::Sqlite, Some(tokio), _) => {
                let directory = tempfile::tempdir()?;
                let opened = SqliteAuthStore::open(directory.path().join("auth.sqlite"));
                let store = Arc::new(tokio.block_on(opened)?);
                schedule::run(plan, Storage { store, tokio: Some(tokio.clone()) }, is_told)
            }
            #[cfg(feature = "databases")]
            (StoreKind::Postgres, Some(tokio), Some(url)) => {
                tokio.block_on(empty(url))?;
                let connected = PostgresAuthStore::connect(url.clone(), 2);
                let store = Arc::new(tokio.block_on(connected)?);
                schedule::run(plan, Storage { store, tokio: Some(tokio.clone()) }, is_told)
            }
            (StoreKind::Sqlite | StoreKind::Postgres, ..) => {
                Err(SetupError("this build has no databases; add `--features databases`".into()))
            }
            (StoreKind::Memory, ..) => {
                let store = Arc::new(MemoryAuthStore::new());
                schedule::run(plan, Storage { store, tokio: None }, is_told)
            }
        }
    }

    /// Runs the smallest schedule in which a seed still breaks this rule.
    ///
    /// # Errors
    ///
    /// As [`Simulation::run`].
    pub fn shrink(&self, seed: u64, rule: Rule) -> Result<Outcome, SetupError> {
        let breaks = |plan: &Plan| {
            self.run_plan(plan, false)
                .is_ok_and(|outcome| outcome.breaches.iter().any(|breach| breach.rule == rule))
        };
        self.run_plan(&shrink(self.plan(seed), breaks), true)
    }
}

/// Makes what runs the calls of a database.
fn runtime() -> Result<Arc<Runtime>, SetupError> {
    Ok(Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}

/// Deletes everything in this database of PostgreSQL.
#[cfg(feature = "databases")]
async fn empty(url: &Secret) -> Result<(), sqlx::Error> {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(url.expose()).await?;
    let statements = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    sqlx::raw_sql(statements).execute(&mut connection).await?;
    connection.close().await
}
