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

/// Runs `scenario` in a fresh browser. If it fails, a picture of the page it failed at is left.
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
    if !matches!(outcome, Ok(Ok(())))
        && let Err(error) = picture(&driver, &format!("{name}-failed")).await
    {
        println!("no picture of the page: {error}");
    }
    driver.quit().await.unwrap();
    outcome.unwrap_or_else(|panic| resume_unwind(panic)).unwrap();
}

/// Leaves a picture of the page as `target/tmp/<name>.png`.
pub(crate) async fn picture(driver: &WebDriver, name: &str) -> WebDriverResult<()> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("png");
    driver.screenshot(&path).await?;
    println!("  a picture of the page: {}", path.display());
    Ok(())
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
pub(crate) async fn window_closes(driver: &WebDriver, next: &WindowHandle) -> WebDriverResult<()> {
    let only_next = async || Ok((driver.windows().await? == [next.clone()]).then_some(()));
    wait_for("the window closes", only_next).await?;
    driver.switch_to_window(next.clone()).await
}

/// Closes the current window, and goes on in `next`.
pub(crate) async fn close_window(driver: &WebDriver, next: &WindowHandle) -> WebDriverResult<()> {
    driver.close_window().await?;
    driver.switch_to_window(next.clone()).await
}

/// Presses Tab until the focus is on the element with this id.
pub(crate) async fn tab_to(driver: &WebDriver, id: &str) -> WebDriverResult<()> {
    let focused = async || {
        let element = driver.active_element().await?;
        if element.id().await?.as_deref() == Some(id) {
            return Ok(Some(()));
        }
        driver.action_chain().send_keys(Key::Tab + "").perform().await?;
        Ok(None)
    };
    wait_for(&format!("Tab leads to #{id}"), focused).await
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
