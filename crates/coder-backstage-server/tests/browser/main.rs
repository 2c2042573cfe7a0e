//! A real browser signs in to the demo and uses it, as people do.
//!
//! Ignored by a plain `cargo test`, since not every machine has a browser; `cargo xtask test`
//! installs one and runs it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere, and says what it leaves where"
)]

mod browser;
mod process;
mod webdriver;

use std::process::Command;

use browser::{keep_picture, with_browser};
use process::Process;
use webdriver::{Key, Session};

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask test --only browser"]
async fn a_person_signs_in_through_the_popup_and_works_with_their_workspaces() {
    let (_demo, url) = demo();
    with_browser("working", async |browser| {
        browser.open(&url).await;
        let portal = browser.window().await;
        browser.in_new_window(browser.click("#sign-in")).await;
        browser.click("#user-alice").await;
        browser.click("#allow-button").await;
        browser.back_alone_in(&portal).await;

        browser.see("body[data-state=signed-in]").await;
        assert_eq!(browser.text("#account-ref").await, "user:default/alice");
        for entity in browser.attributes("[data-entity-ref]", "data-entity-ref").await {
            browser.see(&format!("[data-entity-ref='{entity}'][data-state=ready]")).await;
        }
        let payments = "[data-entity-ref='component:default/payments']";
        assert_eq!(
            browser.attributes(&format!("{payments} .workspace"), "data-name").await,
            ["payments-2025", "payments-dev", "payments-review"]
        );
        browser
            .see(&format!("{payments} [data-name=payments-dev][data-availability=online]"))
            .await;
        browser
            .see(&format!("{payments} [data-name=payments-2025][data-availability=offline]"))
            .await;
        keep_picture(browser, "portal").await;

        let open = format!("{payments} [data-name=payments-dev] a.open");
        browser.in_new_window(browser.click(&open)).await;
        assert_eq!(browser.text("h1").await, "payments-dev");
        assert_eq!(browser.address().await.path(), "/@alice/payments-dev");
        browser.close_and_go_to(&portal).await;

        let notebooks = "[data-entity-ref='component:default/data-notebooks']";
        let rows = format!("{notebooks} .workspace");
        assert!(browser.attributes(&rows, "data-name").await.is_empty());
        browser.in_new_window(browser.click(&format!("{notebooks} a.create"))).await;
        browser.fill("#name", "notebooks-today").await;
        browser.click("#create-button").await;
        browser.see("#status").await;
        assert_eq!(browser.text("h1").await, "notebooks-today");
        browser.close_and_go_to(&portal).await;
        browser.see(&format!("{rows}[data-name=notebooks-today]")).await;

        browser.click("#disconnect").await;
        browser.see("body[data-state=signed-out]").await;
        browser.reload().await;
        browser.see("body[data-state=signed-out]").await;
        browser.has_no_complaints().await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask test --only browser"]
async fn a_person_starts_stops_and_deletes_workspaces_and_sees_each_state_and_the_log_live() {
    let (_demo, url) = demo();
    with_browser("acting", async |browser| {
        sign_in(browser, &url, "alice").await;
        let mine = "#mine[data-state=ready]";
        browser.see(mine).await;
        let names = browser.attributes("#mine .workspace", "data-name").await;
        assert!(names.contains(&"scratch".to_owned()), "of no entity: {names:?}");
        let row = |name: &str| format!("{mine} [data-name='{name}']");
        let act = async |name: &str, verb: &str| {
            browser.click(&format!("{} [data-action={verb}]", row(name))).await;
        };
        let is = async |name: &str, state: &str| {
            browser.see(&format!("{}[data-availability={state}]", row(name))).await;
        };

        act("payments-2025", "start").await;
        is("payments-2025", "pending").await;
        browser.see(&format!("{} .log", row("payments-2025"))).await;
        let of_entity = "[data-entity-ref='component:default/payments'] [data-name=payments-2025]";
        browser.see(&format!("{of_entity} .log")).await;
        keep_picture(browser, "starting").await;
        is("payments-2025", "online").await;
        browser.see(&format!("{of_entity}[data-availability=online]")).await;
        browser.see(&format!("{} a.terminal", row("payments-2025"))).await;

        act("payments-dev", "restart").await;
        is("payments-dev", "stopping").await;
        is("payments-dev", "online").await;

        act("payments-2025", "stop").await;
        is("payments-2025", "offline").await;
        act("payments-2025", "favorite").await;
        browser.see(&format!("{}[data-favorite=true]", row("payments-2025"))).await;
        act("payments-2025", "unfavorite").await;
        browser.see(&format!("{}[data-favorite=false]", row("payments-2025"))).await;
        act("payments-2025", "sleep").await;
        is("payments-2025", "dormant").await;
        act("payments-2025", "wake").await;
        is("payments-2025", "offline").await;

        act("scratch", "delete").await;
        browser.fill("#question-answer", "scratchy").await;
        browser.click("#question-yes").await;
        browser.see(&format!("{} .failure", row("scratch"))).await;
        act("scratch", "delete").await;
        browser.fill("#question-answer", "scratch").await;
        browser.click("#question-yes").await;
        browser.no_longer_see(&row("scratch")).await;

        let notebooks = "[data-entity-ref='component:default/data-notebooks']";
        browser.click(&format!("{notebooks} .work")).await;
        browser.see(&format!("{notebooks} .workspace[data-availability=online]")).await;
        browser.has_no_complaints().await;
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Chromium and ChromeDriver: cargo xtask test --only browser"]
async fn a_person_who_said_no_is_told_so_and_signs_in_with_the_keyboard_alone() {
    let (_demo, url) = demo();
    with_browser("keyboard", async |browser| {
        browser.open(&url).await;
        let portal = browser.window().await;
        browser.see("body[data-state=signed-out]").await;
        browser.tab_to("sign-in").await;
        browser.in_new_window(browser.press(Key::Enter)).await;
        browser.tab_to("user-bob").await;
        browser.press(Key::Enter).await;
        browser.see("#allow-form").await;
        browser.tab_to("cancel-link").await;
        browser.press(Key::Enter).await;
        browser.back_alone_in(&portal).await;
        browser.see("#problem").await;
        keep_picture(browser, "declined").await;

        // The focus is back where the person can try again.
        browser.in_new_window(browser.press(Key::Enter)).await;
        browser.tab_to("allow-button").await;
        browser.press(Key::Enter).await;
        browser.back_alone_in(&portal).await;

        browser.see("body[data-state=signed-in]").await;
        assert_eq!(browser.attributes("#problem", "hidden").await, [""]);
        let python = "[data-entity-ref='component:default/python-project']";
        browser.see(&format!("{python}[data-state=ready]")).await;
        let owners =
            browser.attributes(&format!("{python} [data-name=python]"), "data-owner").await;
        assert_eq!(owners, ["bob"], "alice has one of the same name");
        browser.tab_to("disconnect").await;
        browser.press(Key::Enter).await;
        browser.see("body[data-state=signed-out]").await;
        browser.has_no_complaints().await;
    })
    .await;
}

/// Signs a person in through the popup.
async fn sign_in(browser: &Session, url: &str, person: &str) {
    browser.open(url).await;
    let portal = browser.window().await;
    browser.in_new_window(browser.click("#sign-in")).await;
    browser.click(&format!("#user-{person}")).await;
    browser.click("#allow-button").await;
    browser.back_alone_in(&portal).await;
    browser.see("body[data-state=signed-in]").await;
}

/// Starts the demo, and returns the portal's URL.
fn demo() -> (Process, String) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    Process::start(demo.args(["demo", "--port=0"]), |line| {
        Some(line.trim().strip_prefix("The portal:")?.trim().to_owned())
    })
}
