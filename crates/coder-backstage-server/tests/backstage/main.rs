//! Backstage's own packages work with this server: its backend takes our identity tokens, its
//! catalog tells us who people are, its browser client signs in through us, and its readers of
//! repository URLs agree with ours. The tests themselves are in JavaScript, beside this file.
//!
//! Ignored by a plain `cargo test`, since not every machine has Node.js; `cargo xtask test` runs it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
mod example;
mod repositories;
#[expect(dead_code, reason = "each test of the server uses its part")]
#[path = "../serving/mod.rs"]
mod serving;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use coder_core::{OsRandom, SystemClock};
use coder_testkit::{FakeCoder, FakeServer};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node.js 20 or newer with npm: cargo xtask test --only backstage"]
async fn backstages_backend_catalog_and_browser_client_work_with_this_server() {
    LazyLock::force(&PACKAGES);
    // The demo has a Coder of its own; a portal that is registered needs an owner of one.
    let builder = FakeCoder::builder().clock(Arc::new(SystemClock)).random(Arc::new(OsRandom));
    let server = FakeServer::start(builder).await.unwrap();
    let owner = server.coder().add_owner("owner");
    for name in ["alice", "bob"] {
        server.coder().add_user(name);
    }
    let cluster = cluster::Cluster::shared();
    let address = cluster.database().await.tcp_address();
    let (host, port) = address.rsplit_once(':').unwrap();
    let variables = [
        ("CODER_URL", server.coder().url().as_str()),
        ("CODER_SESSION_TOKEN", owner.session_token.expose()),
        ("PGHOST", host),
        ("PGPORT", port),
    ];
    // The fake answers meanwhile, on another thread.
    npm(&["test"], &variables);
}

/// Backstage's packages, installed once.
static PACKAGES: LazyLock<()> = LazyLock::new(|| {
    needs_node();
    npm(&["ci", "--loglevel=error", "--no-audit", "--no-fund"], &[]);
});

fn needs_node() {
    const WANTED: &str = "this test needs Node.js 20 or newer with npm, from https://nodejs.org";
    let version = Command::new("node").arg("--version").output();
    let version = version.unwrap_or_else(|error| panic!("{WANTED}: cannot start node: {error}"));
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    assert!(major.parse().is_ok_and(|major: u32| major >= 20), "{WANTED}; here is `{version}`");
}

/// Returns the directory of the tests in JavaScript.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backstage")
}

fn npm(arguments: &[&str], variables: &[(&str, &str)]) {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments)
        .current_dir(directory())
        .env("CODER_BACKSTAGE", env!("CARGO_BIN_EXE_coder-backstage"))
        .envs(variables.iter().copied());
    let status = npm.status().unwrap_or_else(|error| panic!("cannot start npm: {error}"));
    assert!(status.success(), "npm {arguments:?} failed ({status})");
}
