//! What a login costs on each store: `cargo bench -p coder-auth-sqlx`.
//!
//! The stores take turns within every round, so a busy machine slows all of them down alike, and
//! the ratios hold where the times do not. Coder is a fake in the same process: what is measured is
//! the portal and its store. The disk counts: SQLite syncs every write, and the PostgreSQL that is
//! started for this does not.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and may panic anywhere"
)]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/cluster.rs"]
mod cluster;

use std::sync::Arc;
use std::time::{Duration, Instant};

use coder_auth::store::AuthStore;
use coder_auth::{CoderAuth, MemoryAuthStore};
use coder_auth_sqlx::{PostgresAuthStore, SqliteAuthStore};
use coder_testkit::{Browser, TestPortal};
use http::StatusCode;

const ROUNDS: usize = 300;
const STEPS: [&str; 3] = ["start", "callback", "refresh from the grant"];

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteAuthStore::open(directory.path().join("auth.sqlite")).await.unwrap();
    let mut stores: Vec<(&str, Arc<dyn AuthStore>)> =
        vec![("memory", Arc::new(MemoryAuthStore::new())), ("SQLite", Arc::new(sqlite))];
    #[cfg(unix)]
    let cluster = cluster::programs().map(|_| cluster::Cluster::shared());
    #[cfg(unix)]
    if let Some(cluster) = &cluster {
        let url = cluster.database().await.url();
        let postgres = PostgresAuthStore::connect(url, 10).await.unwrap();
        stores.push(("PostgreSQL", Arc::new(postgres)));
    }

    let subjects: Vec<Subject> = stores.into_iter().map(Subject::new).collect();
    // Times by store, step and round.
    let mut times = vec![[(); STEPS.len()].map(|()| Vec::new()); subjects.len()];
    for round in 0..ROUNDS + 10 {
        for turn in 0..subjects.len() {
            // Nobody is always the first.
            let index = (round + turn) % subjects.len();
            let measured = subjects[index].measure().await;
            // The first rounds connect, prepare statements and warm up.
            if round >= 10 {
                times[index].iter_mut().zip(measured).for_each(|(times, time)| times.push(time));
            }
        }
    }

    println!("{:24}{:>12}{:>12}", "", "median", "to memory");
    for (step, name) in STEPS.iter().enumerate() {
        println!("{name}");
        for (subject, store) in subjects.iter().zip(&times) {
            let pairs = store[step].iter().zip(&times[0][step]);
            let ratio = median(pairs.map(|(store, memory)| store / memory).collect());
            let micros = median(store[step].clone()) * 1e6;
            println!("  {:22}{micros:>9.0} µs{ratio:>11.1}×", subject.name);
        }
    }
}

/// A portal on one store.
struct Subject {
    name: &'static str,
    house: TestPortal,
    portal: CoderAuth,
}

impl Subject {
    fn new((name, store): (&'static str, Arc<dyn AuthStore>)) -> Self {
        let house = TestPortal::default();
        let portal = house.process(name, store, house.coder.clone());
        Self { name, house, portal }
    }

    /// Times of one login and one refresh, in seconds and in the order of [`STEPS`].
    async fn measure(&self) -> [f64; STEPS.len()] {
        let alice = self.house.coder.add_user("alice");
        let mut browser = Browser::new();
        let (start, authorize) = timed(browser.start(&self.portal)).await;
        let callback = self.house.coder.approve(&authorize, &alice).unwrap();
        let (called_back, _) = timed(browser.call_back(&self.portal, &callback)).await;
        let (refresh, answer) = timed(browser.refresh(&self.portal)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        self.house.coder.forget_requests();
        [start, called_back, refresh].map(|time| time.as_secs_f64())
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let output = work.await;
    (start.elapsed(), output)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
