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
    npm(&["ci", "--loglevel=error"]);
    npm(&["test"]);
}

fn npm(arguments: &[&str]) {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backstage"))
        .env("CODER_BACKSTAGE", env!("CARGO_BIN_EXE_coder-backstage"));
    let status = npm.status().unwrap_or_else(|error| panic!("cannot start npm: {error}"));
    assert!(status.success(), "npm {arguments:?} failed ({status})");
}
