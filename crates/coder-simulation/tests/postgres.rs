//! Schedules on PostgreSQL. `cargo xtask test --only postgres` installs one and runs them.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
mod support;

use cluster::Cluster;
use coder_simulation::Simulation;
use support::{assert_covered, hold};

#[test]
#[ignore = "needs a PostgreSQL: `cargo xtask test --only postgres`"]
fn the_rules_of_the_login_hold_in_two_hundred_schedules_on_postgresql() {
    let cluster = Cluster::shared();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = tokio.block_on(cluster.database());
    let simulation = Simulation::on_postgres(database.url()).unwrap();
    assert_covered(&hold(&simulation, 0..200));
}
