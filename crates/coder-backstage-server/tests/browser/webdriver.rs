//! A client for ChromeDriver: the few commands of the WebDriver protocol that a test needs.
//!
//! The clients on crates.io change the features of our own dependencies in the whole workspace, or
//! bring half of them a second time. Everything here fails by a panic, as tests do.

use std::time::Duration;

use serde_json::{Value, json};

/// How long what should happen may take: long, for a busy machine.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What the protocol calls a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A key of the keyboard, as the protocol spells it.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Enter = 0xE007,
    Tab = 0xE004,
}

/// A window of the browser.
#[derive(Clone, PartialEq)]
pub(crate) struct Window(Value);

/// One run of the browser.
pub(crate) struct Session {
    http: reqwest::Client,
    /// The session's resource at ChromeDriver.
    url: String,
}

impl Session {
    /// Starts a browser through the ChromeDriver at `driver`.
    pub(crate) async fn start(driver: &str, arguments: &[&str]) -> Self {
        let http = reqwest::Client::new();
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let wish = json!({ "capabilities": { "alwaysMatch": options } });
        let sessions = format!("{driver}/session");
        let session = answer(http.post(&sessions).json(&wish)).await.unwrap();
        let id = session["sessionId"].as_str().unwrap();
        Self { http, url: format!("{sessions}/{id}") }
    }

    /// Closes the browser.
    pub(crate) async fn end(self) {
        answer(self.http.delete(&self.url)).await.unwrap();
    }

    pub(crate) async fn open(&self, url: &str) {
        self.post("url", json!({ "url": url })).await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.post("refresh", json!({})).await.unwrap();
    }

    /// Returns the address of the current window.
    pub(crate) async fn address(&self) -> url::Url {
        self.get("url").await.unwrap().as_str().unwrap().parse().unwrap()
    }

    /// Waits until the window shows an element that `selector` finds.
    pub(crate) async fn see(&self, selector: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .some((element) => element.checkVisibility())";
        let look = async || self.script(script, json!([selector])).await == true;
        wait_until(&format!("`{selector}` is there"), look).await;
    }

    /// Waits until the window shows no element that `selector` finds.
    pub(crate) async fn no_longer_see(&self, selector: &str) {
        let script = "return ![...document.querySelectorAll(arguments[0])]\
                      .some((element) => element.checkVisibility())";
        let look = async || self.script(script, json!([selector])).await == true;
        wait_until(&format!("`{selector}` is gone"), look).await;
    }

    /// Returns what people read in the first element that `selector` finds, once it is there.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.see(selector).await;
        let script = "return document.querySelector(arguments[0]).innerText";
        self.script(script, json!([selector])).await.as_str().unwrap().to_owned()
    }

    /// Returns the values of this attribute in all elements that `selector` finds, in alphabetical
    /// order.
    pub(crate) async fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .map((element) => element.getAttribute(arguments[1])).sort()";
        serde_json::from_value(self.script(script, json!([selector, name])).await).unwrap()
    }

    /// Clicks on the one element that `selector` finds, once it can be clicked on.
    pub(crate) async fn click(&self, selector: &str) {
        let click = async || self.try_on(selector, "click", json!({})).await.is_ok();
        wait_until(&format!("`{selector}` can be clicked on"), click).await;
    }

    /// Replaces what is in an input.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        self.see(selector).await;
        self.try_on(selector, "clear", json!({})).await.unwrap();
        self.try_on(selector, "value", json!({ "text": text })).await.unwrap();
    }

    /// Does something to the one element that `selector` finds.
    async fn try_on(&self, selector: &str, verb: &str, body: Value) -> Result<Value, String> {
        let find = json!({ "using": "css selector", "value": selector });
        let elements = self.post("elements", find).await?;
        let [element] = elements.as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err(format!("`{selector}` finds {elements}"));
        };
        let element = element[ELEMENT].as_str().unwrap();
        self.post(&format!("element/{element}/{verb}"), body).await
    }

    pub(crate) async fn press(&self, key: Key) {
        let key = char::from_u32(key as u32).unwrap();
        let strokes =
            json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("actions", json!({ "actions": [keyboard] })).await.unwrap();
    }

    /// Presses Tab until the focus is on the element with this id.
    pub(crate) async fn tab_to(&self, id: &str) {
        let focused = "return document.activeElement?.id ?? ''";
        let step = async || {
            let there = self.script(focused, json!([])).await == id;
            if !there {
                self.press(Key::Tab).await;
            }
            there
        };
        wait_until(&format!("Tab leads to #{id}"), step).await;
    }

    /// Returns the current window.
    pub(crate) async fn window(&self) -> Window {
        Window(self.get("window").await.unwrap())
    }

    async fn windows(&self) -> Vec<Window> {
        let windows = self.get("window/handles").await.unwrap();
        windows.as_array().unwrap().iter().cloned().map(Window).collect()
    }

    /// Goes on in another window.
    async fn go_to(&self, window: &Window) {
        self.post("window", json!({ "handle": window.0 })).await.unwrap();
    }

    /// Does `open`, which opens a window, and goes on there.
    pub(crate) async fn in_new_window(&self, open: impl Future<Output = ()>) {
        let known = self.windows().await;
        open.await;
        wait_until("a window opens", async || self.windows().await.len() > known.len()).await;
        let windows = self.windows().await;
        self.go_to(windows.iter().find(|window| !known.contains(window)).unwrap()).await;
    }

    /// Waits until `window` is the only one left, and goes on there.
    pub(crate) async fn back_alone_in(&self, window: &Window) {
        let alone = async || self.windows().await == [window.clone()];
        wait_until("the other windows close", alone).await;
        self.go_to(window).await;
    }

    /// Closes the current window, and goes on in another one.
    pub(crate) async fn close_and_go_to(&self, window: &Window) {
        answer(self.http.delete(format!("{}/window", self.url))).await.unwrap();
        self.go_to(window).await;
    }

    /// Takes a picture of the current window as PNG, in Base64.
    pub(crate) async fn picture(&self) -> Result<String, String> {
        Ok(self.get("screenshot").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Checks that the browser found no error in a script, and nothing that a page's policy
    /// forbids. What servers answer is their own matter.
    pub(crate) async fn has_no_complaints(&self) {
        let entries = self.post("se/log", json!({ "type": "browser" })).await.unwrap();
        let complaints = entries.as_array().unwrap().iter();
        let complaints: Vec<_> = complaints.filter(|entry| entry["source"] != "network").collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    async fn script(&self, script: &str, arguments: Value) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": arguments })).await.unwrap()
    }

    async fn get(&self, command: &str) -> Result<Value, String> {
        answer(self.http.get(format!("{}/{command}", self.url))).await
    }

    async fn post(&self, command: &str, body: Value) -> Result<Value, String> {
        answer(self.http.post(format!("{}/{command}", self.url)).json(&body)).await
    }
}

/// Returns a command's result, or what ChromeDriver has against it.
async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.unwrap();
    let succeeded = response.status().is_success();
    let value = response.json::<Value>().await.unwrap()["value"].take();
    if succeeded { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
}

/// Looks again and again, until it is so.
async fn wait_until(what: &str, look: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + PAGE_TIMEOUT;
    while !look().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
