//! One stream of events for each page, and one subscription at Coder for each workspace and person.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::WorkspaceId;
use coder_client::operations::SetDormancy;
use coder_core::{Body, Transport, TransportError, WebSocket, WebSocketMessage, WebSocketResponse};
use coder_testkit::{Browser, FakeCoder, FakeUser, Fault};
use futures_util::{SinkExt as _, StreamExt as _, sink, stream};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{CATALOG, House, ask};

/// An event that a page has got.
#[derive(Clone, Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Event {
    fn read(text: &str) -> Self {
        let field = |name: &str| {
            let of = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
            text.lines().find_map(of)
        };
        let data = serde_json::from_str(&field("data").unwrap()).unwrap();
        Self { name: field("event").unwrap(), id: field("id"), data }
    }

    fn workspace(&self) -> WorkspaceId {
        let field = if self.name == "workspace" { "id" } else { "workspace" };
        self.data[field].as_str().unwrap().parse().unwrap()
    }
}

/// A page that listens.
struct Page {
    body: Body,
    text: String,
    /// The last id, as a browser keeps it.
    last_event_id: Option<String>,
    /// The last state of each workspace.
    states: BTreeMap<WorkspaceId, Event>,
}

impl Page {
    async fn open(house: &House, browser: &Browser, workspaces: &[WorkspaceId]) -> Self {
        Self::open_after(house, browser, workspaces, None).await
    }

    async fn open_after(
        house: &House,
        browser: &Browser,
        workspaces: &[WorkspaceId],
        last_event_id: Option<&str>,
    ) -> Self {
        let mut request = browser.script_request("GET", &path(workspaces));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = house.portal.handle(request.body(Bytes::new()).unwrap()).await;
        Self::new(response)
    }

    /// Opens a page of a program that brings its own Coder token.
    async fn open_with_token(house: &House, user: &FakeUser, workspaces: &[WorkspaceId]) -> Self {
        let request = Request::get(path(workspaces))
            .header("coder-session-token", user.session_token.expose());
        Self::new(house.portal.handle(request.body(Bytes::new()).unwrap()).await)
    }

    fn new(response: Response<Body>) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            text: String::new(),
            last_event_id: None,
            states: BTreeMap::new(),
        }
    }

    /// Returns the next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if event.starts_with(':') {
                    continue;
                }
                let event = Event::read(&event);
                self.last_event_id = event.id.clone().or(self.last_event_id.take());
                if event.name == "workspace" {
                    self.states.insert(event.workspace(), event.clone());
                }
                return Some(event);
            }
            let chunk = self.body.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Waits until the workspace is in this state.
    async fn until(&mut self, workspace: WorkspaceId, availability: &str) -> Event {
        loop {
            if let Some(event) = self.states.get(&workspace)
                && event.data["availability"] == availability
            {
                return event.clone();
            }
            self.next().await.unwrap();
        }
    }

    /// Waits for the end of the stream, and returns the reason.
    async fn end(&mut self) -> String {
        loop {
            let event = self.next().await.unwrap();
            if event.name == "end" {
                assert!(self.next().await.is_none(), "nothing comes after the end");
                return event.data["reason"].as_str().unwrap().to_owned();
            }
        }
    }
}

/// A network to a Coder that takes its time, and whose agents write a line every half second, without
/// end.
struct Talkative(FakeCoder);

#[async_trait]
impl Transport for Talkative {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        sleep(Duration::from_secs(1)).await;
        self.0.send(request).await
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        if !request.uri().path().contains("/workspaceagents/") {
            return self.0.open_web_socket(request).await;
        }
        let lines = stream::unfold(1, async |id| {
            sleep(Duration::from_millis(500)).await;
            let line = json!([{ "id": id, "created_at": "2026-08-20T10:00:00Z",
                "level": "info", "output": "still here" }]);
            Some((Ok(WebSocketMessage::Text(line.to_string())), id + 1))
        });
        let nobody = sink::drain().sink_map_err(|never| match never {});
        Ok(WebSocketResponse::Open(WebSocket::new(lines, nobody)))
    }
}

/// Makes a house where alice has a workspace whose agent never stops to write its log.
async fn talkative_home() -> (House, FakeUser, Browser, WorkspaceId) {
    let coder = FakeCoder::new();
    let house = House::behind(Talkative(coder.clone()), coder, CATALOG);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let workspace = house.coder.add_workspace(&alice, "one").template("devcontainers");
    let workspace = workspace.startup_timed_out().create();
    (house, alice, browser, workspace)
}

fn path(workspaces: &[WorkspaceId]) -> String {
    let ids: Vec<String> = workspaces.iter().map(ToString::to_string).collect();
    format!("/api/coder/v1/live?workspaces={}", ids.join(","))
}

fn watches(house: &House, workspace: WorkspaceId) -> usize {
    house.coder.count("GET", &format!("/api/v2/workspaces/{workspace}/watch"))
}

/// Makes a house where alice is signed in and has two running workspaces.
async fn home() -> (House, FakeUser, Browser, [WorkspaceId; 2]) {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let add = |name| house.coder.add_workspace(&alice, name).template("devcontainers").create();
    let workspaces = [add("one"), add("two")];
    (house, alice, browser, workspaces)
}

#[tokio::test(start_paused = true)]
async fn many_pages_of_one_person_cost_one_subscription_for_each_workspace() {
    let (house, alice, browser, workspaces) = home().await;
    let other_browser = house.signed_in(&alice).await;
    let mut pages = Vec::new();
    for number in 0..20 {
        let browser = if number % 2 == 0 { &browser } else { &other_browser };
        let mut page = Page::open(&house, browser, &workspaces).await;
        for workspace in workspaces {
            page.until(workspace, "online").await;
        }
        pages.push(page);
    }
    house.coder.stop(workspaces[0]);
    for page in &mut pages {
        page.until(workspaces[0], "stopping").await;
    }
    assert_eq!(workspaces.map(|id| watches(&house, id)), [1, 1]);

    // The last page that leaves ends it; until then it goes on.
    pages.truncate(1);
    house.coder.start(workspaces[1]);
    pages[0].until(workspaces[1], "pending").await;
    pages.clear();
    Page::open(&house, &browser, &workspaces).await.until(workspaces[1], "pending").await;
    assert_eq!(workspaces.map(|id| watches(&house, id)), [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn two_persons_cost_two_subscriptions_and_see_what_each_may_see() {
    let house = House::new();
    let [alice, bob] = ["alice", "bob"].map(|name| house.coder.add_user(name));
    let shared = house.coder.add_workspace(&alice, "shared").template("devcontainers");
    let shared = shared.shared_with(&bob, "use").create();
    let own = house.coder.add_workspace(&alice, "own").template("devcontainers").create();
    let of_alice = house.signed_in(&alice).await;
    let mut of_alice = Page::open(&house, &of_alice, &[shared, own]).await;
    of_alice.until(shared, "online").await;
    of_alice.until(own, "online").await;

    let mut of_bob = Page::open_with_token(&house, &bob, &[shared, own]).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let event = of_bob.next().await.unwrap();
        seen.push((event.workspace() == shared, event.name));
    }
    seen.sort();
    assert_eq!(seen, [(false, "gone".to_owned()), (true, "workspace".to_owned())]);
    assert_eq!(watches(&house, shared), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_resumes_gets_what_it_missed_and_nothing_else() {
    let (house, _, browser, workspaces) = home().await;
    let [one, two] = workspaces;
    let mut staying = Page::open(&house, &browser, &workspaces).await;
    let mut broken = Page::open(&house, &browser, &workspaces).await;
    for page in [&mut staying, &mut broken] {
        page.until(one, "online").await;
        page.until(two, "online").await;
    }
    let last = broken.last_event_id.clone().expect("the last event has an id");
    drop(broken);
    house.coder.stop(two);
    staying.until(two, "stopping").await;

    let mut resumed = Page::open_after(&house, &browser, &workspaces, Some(&last)).await;
    let missed = resumed.next().await.unwrap();
    assert_eq!((missed.name.as_str(), missed.workspace()), ("workspace", two), "{missed:?}");
    house.coder.advance(Duration::from_secs(60));
    let next = resumed.next().await.unwrap();
    assert_eq!((next.workspace(), &next.data["availability"]), (two, &"offline".into()));
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_last_event_says_nothing_gets_everything() {
    let (house, _, browser, workspaces) = home().await;
    let [one, two] = workspaces;
    let mut first = Page::open(&house, &browser, &workspaces).await;
    first.until(one, "online").await;
    first.until(two, "online").await;
    let last = first.last_event_id.clone().unwrap();
    let other_process = last.replacen(|digit: char| digit.is_ascii_hexdigit(), "f", 1);
    let fewer = [one];
    let cases: [(&[WorkspaceId], &str); 4] =
        [(&workspaces, &other_process), (&fewer, &last), (&workspaces, ""), (&workspaces, "7")];
    for (workspaces, id) in cases {
        let mut page = Page::open_after(&house, &browser, workspaces, Some(id)).await;
        for workspace in workspaces {
            page.until(*workspace, "online").await;
        }
    }
    // Nobody has looked meanwhile, so nobody knows what was missed.
    drop(first);
    let mut alone = Page::open_after(&house, &browser, &workspaces, Some(&last)).await;
    alone.until(one, "online").await;
    alone.until(two, "online").await;
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_build_and_of_its_agents_comes_line_by_line() {
    let (house, _, browser, [one, _]) = home().await;
    house.coder.stop(one);
    house.coder.advance(Duration::from_secs(60));
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "offline").await;
    house.coder.start(one);
    page.until(one, "pending").await;
    let (mut of_build, mut of_agent) = (Vec::new(), Vec::new());
    while page.states[&one].data["availability"] != "online" {
        house.coder.advance(Duration::from_secs(1));
        while let Ok(event) = timeout(Duration::from_millis(1), page.next()).await {
            let event = event.unwrap();
            if event.name != "log" {
                continue;
            }
            let is_of_build = event.data["build"].is_string();
            let lines = if is_of_build { &mut of_build } else { &mut of_agent };
            for line in event.data["lines"].as_array().unwrap() {
                lines.push(line["id"].as_i64().unwrap());
            }
        }
    }
    let mut each_once = of_build.clone();
    each_once.dedup();
    assert!(of_build.len() > 2 && of_build.is_sorted() && each_once == of_build, "{of_build:?}");
    assert!(!of_agent.is_empty() && of_agent.is_sorted(), "{of_agent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_coder_ends_no_stream() {
    let (house, _, browser, [one, _]) = home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "online").await;
    house.coder.restart();
    house.coder.stop(one);
    page.until(one, "stopping").await;
    assert_eq!(watches(&house, one), 2, "the broken subscription and the next one");
}

#[tokio::test(start_paused = true)]
async fn a_page_is_told_while_coder_does_not_answer_and_when_it_does_again() {
    let (house, _, browser, [one, _]) = home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "online").await;
    house.coder.fail_next(Fault::request_lost().on("/api/v2/workspaces").times(6));
    house.coder.restart();
    let problem = page.next().await.unwrap();
    assert_eq!((problem.name.as_str(), problem.workspace()), ("problem", one), "{problem:?}");
    assert!(!problem.data["message"].as_str().unwrap().is_empty());
    page.until(one, "online").await;
}

#[tokio::test(start_paused = true)]
async fn what_coder_is_silent_about_is_read_after_an_action_and_after_a_while() {
    let (house, alice, browser, [one, _]) = home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "online").await;
    let path = format!("/api/coder/v1/workspaces/{one}/dormant");
    let put_to_sleep = ask(&house.portal, browser.script_request("PUT", &path)).await;
    assert_eq!(put_to_sleep.status(), StatusCode::OK, "{}", put_to_sleep.text());
    let asleep = page.until(one, "dormant").await;
    assert_eq!(asleep.data["action"], "wake");
    assert!(asleep.data["dormantAt"].is_string(), "{asleep:?}");

    let client = house.coder.client(&alice);
    client.send(&SetDormancy::new(one, false)).await.unwrap();
    house.portal.refresh_workspace(one);
    page.until(one, "online").await;

    client.send(&SetDormancy::new(one, true)).await.unwrap();
    house.coder.advance(Duration::from_secs(121));
    page.until(one, "dormant").await;
    assert_eq!(watches(&house, one), 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_never_pauses_does_not_put_off_the_next_look() {
    let (house, alice, browser, one) = talkative_home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    while page.next().await.unwrap().name != "log" {}
    house.coder.client(&alice).send(&SetDormancy::new(one, true)).await.unwrap();
    for _ in 0..300 {
        page.next().await.unwrap();
        house.coder.advance(Duration::from_millis(500));
    }
    assert_eq!(page.states[&one].data["availability"], "dormant");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_is_gone_has_no_log_either() {
    let (house, _, browser, one) = talkative_home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    while page.next().await.unwrap().name != "log" {}
    let gone = Fault::api_error(
        StatusCode::NOT_FOUND,
        "Resource not found or you do not have access to this resource",
    );
    house.coder.fail_next(gone.on(&format!("/api/v2/workspaces/{one}/watch")).times(3));
    house.coder.restart();
    while page.next().await.unwrap().name != "gone" {}
    let after = timeout(Duration::from_secs(80), page.next()).await;
    assert!(after.is_err(), "{after:?}");
    // It is shown again, and so is its log.
    while page.next().await.unwrap().name != "log" {}
}

#[tokio::test(start_paused = true)]
async fn a_page_that_takes_nothing_is_ended_and_holds_nobody_up() {
    let (house, _, browser, [one, two]) = home().await;
    let mut slow = Page::open(&house, &browser, &[one, two]).await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "online").await;
    house.coder.advance(Duration::from_secs(31));
    house.coder.stop(one);
    page.until(one, "stopping").await;
    assert_eq!(slow.end().await, "slow");
    // What it alone looked at is no longer watched.
    Page::open(&house, &browser, &[two]).await.until(two, "online").await;
    assert_eq!(watches(&house, two), 2);
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_stops_ends_its_streams_with_a_word_and_opens_no_more() {
    let (house, _, browser, workspaces) = home().await;
    let mut page = Page::open(&house, &browser, &workspaces).await;
    page.until(workspaces[0], "online").await;
    house.portal.close_streams();
    assert_eq!(page.end().await, "shutdown");
    let answer = ask(&house.portal, browser.script_request("GET", &path(&workspaces))).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.message(), "the portal is shutting down; try again in a moment");
    assert_eq!(answer.retry_after(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_claims_to_have_read_what_was_never_told_gets_everything() {
    let (house, _, browser, [one, _]) = home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    page.until(one, "online").await;
    let id = page.last_event_id.clone().unwrap();
    let (scope, _) = id.rsplit_once('-').unwrap();
    let ahead = format!("{scope}-99999999");
    let mut ahead = Page::open_after(&house, &browser, &[one], Some(&ahead)).await;
    let told = timeout(Duration::from_secs(5), ahead.until(one, "online")).await;
    assert!(told.is_ok(), "it is told the state");
}

#[tokio::test(start_paused = true)]
async fn a_logout_ends_the_streams_of_its_session_at_once_and_no_other() {
    for (method, path) in
        [("POST", "/api/auth/coder/logout?env=production"), ("DELETE", "/api/coder/v1/connection")]
    {
        let (house, alice, browser, [one, _]) = home().await;
        let other = house.signed_in(&alice).await;
        let mut page = Page::open(&house, &browser, &[one]).await;
        let mut of_other = Page::open(&house, &other, &[one]).await;
        page.until(one, "online").await;
        of_other.until(one, "online").await;
        let logout = ask(&house.portal, browser.script_request(method, path)).await;
        assert!(logout.status().is_success(), "{}", logout.text());
        assert_eq!(page.end().await, "signedOut");
        house.coder.stop(one);
        of_other.until(one, "stopping").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_may_no_longer_loses_the_stream() {
    let (house, alice, browser, [one, _]) = home().await;
    let mut page = Page::open(&house, &browser, &[one]).await;
    let mut with_token = Page::open_with_token(&house, &alice, &[one]).await;
    page.until(one, "online").await;
    with_token.until(one, "online").await;
    house.coder.suspend(&alice);
    // Nothing happens to the workspace: the credentials are looked at again all the same.
    house.coder.advance(Duration::from_secs(70));
    assert_eq!(page.end().await, "signedOut");
    assert_eq!(with_token.end().await, "signedOut");
}

#[tokio::test(start_paused = true)]
async fn no_person_opens_streams_without_end() {
    let (house, _, browser, [one, two]) = home().await;
    let mut pages = Vec::new();
    for _ in 0..32 {
        pages.push(Page::open(&house, &browser, &[one]).await);
    }
    let request = || browser.script_request("GET", &path(&[two]));
    let answer = ask(&house.portal, request()).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.message(), "you have 32 streams open already; close a page");
    assert_eq!(answer.retry_after(), Some("30"));
    // Somebody else may, and so may the person who closes one.
    let bob = house.coder.add_user("bob");
    pages.push(Page::open_with_token(&house, &bob, &[one]).await);
    pages.truncate(20);
    Page::open(&house, &browser, &[two]).await.until(two, "online").await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_names_its_workspaces_by_their_ids() {
    let (house, _, browser, [one, _]) = home().await;
    let many = vec![one.to_string(); 65].join(",");
    let nonsense = vec!["dev"; 65].join(",");
    let count = "`workspaces` must name 1 to 64 workspaces by their ids, separated by commas";
    for (query, message) in [
        ("", count),
        ("?workspaces=", count),
        (&*format!("?workspaces={many}"), count),
        (&*format!("?workspaces={nonsense}"), count),
        ("?workspaces=dev", "`dev` in `workspaces` is not the id of a workspace"),
    ] {
        let request = browser.script_request("GET", &format!("/api/coder/v1/live{query}"));
        let answer = ask(&house.portal, request).await;
        assert_eq!((answer.status(), answer.message()), (StatusCode::BAD_REQUEST, message));
    }
    assert_eq!(watches(&house, one), 0);
}

#[tokio::test(start_paused = true)]
async fn a_look_at_the_head_watches_nothing() {
    let (house, _, browser, [one, _]) = home().await;
    let answer = ask(&house.portal, browser.script_request("HEAD", &path(&[one]))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(watches(&house, one), 0);
}
