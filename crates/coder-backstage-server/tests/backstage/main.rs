//! Backstage's own packages work with this server: its backend takes our identity tokens, and its
//! browser client signs in through us. The tests themselves are in JavaScript, beside this file.
//!
//! Ignored by a plain `cargo test`, since not every machine has Node.js; `cargo xtask test` runs it.
#![expect(clippy::panic, reason = "a failed test may panic anywhere")]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "needs Node.js 20 or newer with npm: cargo xtask test --only backstage"]
fn backstages_backend_and_browser_client_work_with_this_server() {
    needs_node();
    npm(&["ci", "--loglevel=error", "--no-audit", "--no-fund"]);
    npm(&["test"]);
}

fn needs_node() {
    const WANTED: &str = "this test needs Node.js 20 or newer with npm, from https://nodejs.org";
    let version = Command::new("node").arg("--version").output();
    let version = version.unwrap_or_else(|error| panic!("{WANTED}: cannot start node: {error}"));
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    assert!(major.parse().is_ok_and(|major: u32| major >= 20), "{WANTED}; here is `{version}`");
}

fn npm(arguments: &[&str]) {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backstage"))
        .env("CODER_BACKSTAGE", env!("CARGO_BIN_EXE_coder-backstage"));
    let status = npm.status().unwrap_or_else(|error| panic!("cannot start npm: {error}"));
    assert!(status.success(), "npm {arguments:?} failed ({status})");
}
