//! A headless Chromium for one test.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;

use crate::process::Process;
use crate::webdriver::Session;

const ARGUMENTS: &[&str] = &[
    "--headless",
    // Chromium refuses to sandbox itself for root, which CI often is.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--window-size=1200,1400",
    // No traffic but the test's own.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
];

/// Plays `scenario` in a fresh browser. If it fails, a picture of the page it failed at is left.
pub(crate) async fn with_browser(name: &str, scenario: impl AsyncFnOnce(&Session)) {
    let (_chromedriver, address) =
        Process::start(Command::new("chromedriver").arg("--port=0"), |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
        });
    let browser = Session::start(&address, ARGUMENTS).await;
    let outcome = AssertUnwindSafe(scenario(&browser)).catch_unwind().await;
    if outcome.is_err() {
        keep_picture(&browser, &format!("{name}-failed")).await;
    }
    browser.end().await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Leaves a picture of the page as `target/tmp/<name>.png`.
pub(crate) async fn keep_picture(browser: &Session, name: &str) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
    match browser.picture().await {
        Ok(picture) => std::fs::write(&path, STANDARD.decode(picture).unwrap()).unwrap(),
        Err(error) => return println!("  no picture of the page: {error}"),
    }
    println!("  a picture of the page: {}", path.display());
}
