//! A headless Chromium, driven through ChromeDriver.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::{ChromeCapabilities, prelude::*};

use crate::process::Process;

/// How long what should happen may take: long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(50);

/// Runs `scenario` in a fresh browser. Its last page is left as `target/tmp/<name>.png`, whether
/// it succeeds or fails.
pub(crate) async fn with_browser(
    name: &str,
    scenario: impl AsyncFnOnce(&WebDriver) -> WebDriverResult<()>,
) {
    let (_chromedriver, address) =
        Process::start(Command::new("chromedriver").arg("--port=0"), |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
        });
    let driver = WebDriver::builder(address, capabilities().unwrap())
        .poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, GLANCE)))
        .connect()
        .await
        .unwrap();

    let outcome = AssertUnwindSafe(scenario(&driver)).catch_unwind().await;
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
    match driver.screenshot(&picture).await {
        Ok(()) => println!("the last page: {}", picture.display()),
        Err(error) => println!("no picture of the last page: {error}"),
    }
    driver.quit().await.unwrap();
    outcome.unwrap_or_else(|panic| resume_unwind(panic)).unwrap();
}

fn capabilities() -> WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
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
    ] {
        capabilities.add_arg(argument)?;
    }
    Ok(capabilities)
}

/// Does `open`, which opens a window, and goes on there.
pub(crate) async fn open_window(
    driver: &WebDriver,
    open: impl Future<Output = WebDriverResult<()>>,
) -> WebDriverResult<()> {
    let known = driver.windows().await?;
    open.await?;
    let opened = async || {
        let windows = driver.windows().await?;
        Ok(windows.into_iter().find(|window| !known.contains(window)))
    };
    driver.switch_to_window(wait_for("a window opens", opened).await?).await
}

/// Waits until the current window has closed itself, and goes on in `next`.
pub(crate) async fn window_closes(driver: &WebDriver, next: WindowHandle) -> WebDriverResult<()> {
    let closed = async || Ok((driver.windows().await? == [next.clone()]).then_some(()));
    wait_for("the window closes", closed).await?;
    driver.switch_to_window(next).await
}

/// Looks again and again until there is something.
async fn wait_for<T>(
    what: &str,
    look: impl AsyncFn() -> WebDriverResult<Option<T>>,
) -> WebDriverResult<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(GLANCE).await;
    }
}
