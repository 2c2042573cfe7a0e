//! A real browser signs in to the demo and uses it, as people do.
//!
//! Ignored by a plain `cargo test`, since not every machine has a browser; `cargo xtask test`
//! installs one and runs it.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

mod browser;
mod process;

use std::process::Command;

use browser::{close_window, open_window, picture, tab_to, window_closes, with_browser};
use process::Process;
use thirtyfour::prelude::*;

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask test --only browser"]
async fn a_person_signs_in_through_the_popup_and_works_with_their_workspaces() {
    let (_demo, url) = demo();
    with_browser("working", async |driver| {
        let portal = driver.window().await?;
        driver.goto(&url).await?;
        open_window(driver, one(driver, "#sign-in").await?.click()).await?;
        one(driver, "#user-alice").await?.click().await?;
        one(driver, "#allow-button").await?.click().await?;
        window_closes(driver, &portal).await?;

        one(driver, "body[data-state=signed-in]").await?;
        assert_eq!(text(driver, "#account-ref").await?, "user:default/alice");
        let payments = "[data-entity-ref='component:default/payments'][data-state=ready]";
        assert_eq!(
            workspaces(driver, payments).await?,
            ["payments-2025", "payments-dev", "payments-review"]
        );
        for (name, availability) in [("payments-dev", "online"), ("payments-2025", "offline")] {
            let row = format!("{payments} [data-name={name}][data-availability={availability}]");
            one(driver, &row).await?;
        }
        for card in driver.find_all(By::Css("[data-entity-ref]")).await? {
            let name = card.attr("data-entity-ref").await?.unwrap();
            one(driver, &format!("[data-entity-ref='{name}'][data-state=ready]")).await?;
        }
        picture(driver, "portal").await?;

        let open = one(driver, &format!("{payments} [data-name=payments-dev] a.open")).await?;
        open_window(driver, open.click()).await?;
        assert_eq!(text(driver, "h1").await?, "payments-dev");
        assert_eq!(driver.current_url().await?.path(), "/@alice/payments-dev");
        close_window(driver, &portal).await?;

        let notebooks = "[data-entity-ref='component:default/data-notebooks']";
        assert!(workspaces(driver, notebooks).await?.is_empty());
        let create = one(driver, &format!("{notebooks} a.create")).await?;
        open_window(driver, create.click()).await?;
        let name = one(driver, "#name").await?;
        name.clear().await?;
        name.send_keys("notebooks-today").await?;
        one(driver, "#create-button").await?.click().await?;
        assert_eq!(text(driver, "h1").await?, "notebooks-today");
        close_window(driver, &portal).await?;
        one(driver, &format!("{notebooks} .workspace[data-name=notebooks-today]")).await?;

        one(driver, "#disconnect").await?.click().await?;
        one(driver, "body[data-state=signed-out]").await?;
        driver.refresh().await?;
        one(driver, "body[data-state=signed-out]").await?;
        no_errors(driver).await
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask test --only browser"]
async fn a_person_who_said_no_is_told_so_and_signs_in_with_the_keyboard_alone() {
    let (_demo, url) = demo();
    with_browser("keyboard", async |driver| {
        let portal = driver.window().await?;
        driver.goto(&url).await?;
        one(driver, "body[data-state=signed-out]").await?;
        tab_to(driver, "sign-in").await?;
        open_window(driver, press_enter(driver)).await?;
        tab_to(driver, "user-bob").await?;
        press_enter(driver).await?;
        one(driver, "#allow-form").await?;
        tab_to(driver, "cancel-link").await?;
        press_enter(driver).await?;
        window_closes(driver, &portal).await?;
        assert!(!text(driver, "#problem").await?.is_empty());
        picture(driver, "declined").await?;

        // The focus is back where the person can try again.
        open_window(driver, press_enter(driver)).await?;
        tab_to(driver, "allow-button").await?;
        press_enter(driver).await?;
        window_closes(driver, &portal).await?;

        one(driver, "body[data-state=signed-in]").await?;
        assert!(!one(driver, "#problem").await?.is_displayed().await?);
        let python = "[data-entity-ref='component:default/python-project'][data-state=ready]";
        assert_eq!(workspaces(driver, python).await?, ["python"]);
        assert!(text(driver, &format!("{python} .workspace")).await?.contains("bob"));
        tab_to(driver, "disconnect").await?;
        press_enter(driver).await?;
        one(driver, "body[data-state=signed-out]").await?;
        no_errors(driver).await
    })
    .await;
}

/// The demo, and the portal's URL.
fn demo() -> (Process, String) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    Process::start(demo.args(["demo", "--port=0"]), |line| {
        Some(line.trim().strip_prefix("The portal:")?.trim().to_owned())
    })
}

/// The one element that `selector` finds, once it is there.
async fn one(driver: &WebDriver, selector: &str) -> WebDriverResult<WebElement> {
    driver.query(By::Css(selector)).desc(selector).single().await
}

/// What people see of the one element that `selector` finds.
async fn text(driver: &WebDriver, selector: &str) -> WebDriverResult<String> {
    one(driver, selector).await?.text().await
}

/// The names of the workspaces that a card shows, in alphabetical order.
async fn workspaces(driver: &WebDriver, card: &str) -> WebDriverResult<Vec<String>> {
    let mut names = Vec::new();
    for row in one(driver, card).await?.find_all(By::Css(".workspace")).await? {
        names.extend(row.attr("data-name").await?);
    }
    names.sort();
    Ok(names)
}

async fn press_enter(driver: &WebDriver) -> WebDriverResult<()> {
    driver.active_element().await?.send_keys(Key::Enter + "").await
}

/// The browser had nothing to complain about: no error in a script, nothing its policy forbids.
/// Answers that are errors are part of the play.
async fn no_errors(driver: &WebDriver) -> WebDriverResult<()> {
    let mut complaints = driver.browser_log().await?;
    complaints.retain(|entry| entry.source.as_deref() != Some("network"));
    assert!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}
