//! The index of a service account: read in the background, warm after a restart, read by one replica.

use std::sync::Arc;
use std::time::Duration;

use coder_testkit::{FakeCoder, FakeUser, Fault, MemoryIndexStore};
use coder_workspaces::index::IndexStore as _;
use http::StatusCode;
use jiff::SignedDuration;
use tokio::task::JoinHandle;

use crate::index::{PAYMENTS, add, names};
use crate::support::{CATALOG, House, Page};

/// Makes a portal with an index of this service account, which shows persons what `visibility` says.
pub(crate) fn house(coder: FakeCoder, service: &FakeUser, visibility: &str) -> House {
    let token = service.session_token.expose();
    let settings =
        format!("coder: {{ index: {{ token: '{token}', visibility: {visibility} }} }}\n");
    House::with_settings(coder, &format!("{CATALOG}{PAYMENTS}"), &settings)
}

pub(crate) struct Reader(JoinHandle<()>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads in the background until this is dropped.
pub(crate) fn read_with(house: &House, store: &MemoryIndexStore) -> Reader {
    Reader(tokio::spawn(house.portal.index_reader(Some(Arc::new(store.other_process())))))
}

/// Lets so many seconds go by, for Coder and the portal.
pub(crate) async fn pass(coder: &FakeCoder, seconds: u64) {
    let step = Duration::from_secs(5);
    for _ in 0..seconds / step.as_secs() {
        coder.advance(step);
        tokio::time::sleep(step).await;
    }
}

pub(crate) async fn read(house: &House) -> Reader {
    let reader = Reader(tokio::spawn(house.portal.index_reader(None)));
    tokio::time::sleep(Duration::from_secs(5)).await;
    reader
}

fn company() -> (FakeCoder, FakeUser, FakeUser) {
    let coder = FakeCoder::new();
    coder.add_template("devcontainers");
    let (service, alice) = (coder.add_owner("service"), coder.add_user("alice"));
    add(&coder, &alice, "pay", "payments");
    add(&coder, &service, "script", "python-project");
    (coder, service, alice)
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_read_in_the_background_costs_a_person_nothing_of_coder_but_a_question() {
    let (coder, service, alice) = company();
    let house = house(coder, &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let early = page.get("/index/workspaces").await;
    assert_eq!(early.json()["partial"], true, "nobody reads yet: {}", early.text());
    let _reader = read(&house).await;
    page.cost();
    let list = page.get("/index/workspaces").await;
    assert_eq!(names(list.json()), ["pay", "script"]);
    assert_eq!(list.json()["scope"], "everyone");
    assert_eq!(list.json()["partial"], false);
    assert!(page.cost().is_empty(), "what Coder says of a person counts for a minute");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_answers_are_there_before_coder_is_read_again() {
    let (coder, service, alice) = company();
    let store = MemoryIndexStore::default();
    let first = house(coder.clone(), &service, "everyone");
    let reader = read_with(&first, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(reader);
    let second = house(coder.clone(), &service, "everyone");
    let page = Page::open(&second, &alice).await;
    coder.fail_next(Fault::rate_limited(30).times(100).on("/api/v2/workspaces"));
    let _reader = read_with(&second, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let list = page.get("/index/workspaces").await;
    assert_eq!(names(list.json()), ["pay", "script"], "{}", list.text());
    assert!(list.json()["readAt"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_saved_index_that_is_broken_or_of_another_token_counts_for_nothing() {
    let (coder, service, alice) = company();
    let store = MemoryIndexStore::default();
    let first = house(coder.clone(), &service, "everyone");
    let reader = read_with(&first, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(reader);
    let whole = store.saved().unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    for (saved, token) in [(half, &service), (b"nonsense".to_vec(), &service), (whole, &alice)] {
        store.set_saved(saved);
        let house = house(coder.clone(), token, "everyone");
        let page = Page::open(&house, &alice).await;
        coder.fail_next(Fault::rate_limited(3_000).on("/api/v2/workspaces"));
        let reader = read_with(&house, &store);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let list = page.get("/index/workspaces").await;
        assert_eq!(list.json()["count"], 0, "{}", list.text());
        assert_eq!(list.json()["partial"], true);
        drop(reader);
    }
}

#[tokio::test(start_paused = true)]
async fn one_replica_reads_coder_and_the_other_one_what_it_has_saved() {
    let (coder, service, alice) = company();
    let store = MemoryIndexStore::default();
    let [reading, other] = [(), ()].map(|()| house(coder.clone(), &service, "everyone"));
    let reader = read_with(&reading, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let page = Page::open(&other, &alice).await;
    let _waiting = read_with(&other, &store);
    let before = coder.count("GET", "/api/v2/workspaces");
    pass(&coder, 600).await;
    let looks = coder.count("GET", "/api/v2/workspaces") - before;
    assert!((5..12).contains(&looks), "a look each minute, of one: {looks}");
    assert!(store.loads() > 3, "{}", store.loads());
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["pay", "script"]);
    // A process that stops gives the lease back.
    drop(reader);
    add(&coder, &alice, "new", "payments");
    pass(&coder, 20).await;
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["new", "pay", "script"]);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_has_lost_its_lease_reads_no_more_and_saves_nothing() {
    let (coder, service, alice) = company();
    let store = MemoryIndexStore::default();
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let _reader = read_with(&house, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    store.end_lease();
    let other = store.other_process();
    assert!(other.lease(SignedDuration::from_mins(2)).await.unwrap());
    let saved = store.saved();
    pass(&coder, 40).await;
    add(&coder, &alice, "new", "payments");
    coder.forget_requests();
    pass(&coder, 600).await;
    assert_eq!(coder.count("GET", "/api/v2/workspaces"), 0);
    assert!(store.saved() == saved, "what the holder has saved");
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["pay", "script"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_asked_now_and_then_while_coder_is_read() {
    let (coder, service, alice) = company();
    let store = MemoryIndexStore::default();
    store.set_away(true);
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let _reader = read_with(&house, &store);
    pass(&coder, 100).await;
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["pay", "script"]);
    assert!((2..5).contains(&store.lease_requests()), "{} in 100 seconds", store.lease_requests());
    store.set_away(false);
    pass(&coder, 1_000).await;
    assert!(store.saved().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_coder_refuses_is_told_and_what_was_read_stays() {
    let (coder, service, alice) = company();
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let _reader = read(&house).await;
    coder.suspend(&service);
    coder.advance(Duration::from_secs(3_600));
    tokio::time::sleep(Duration::from_secs(120)).await;
    let list = page.get("/index/workspaces").await;
    assert_eq!(list.status(), StatusCode::OK);
    assert_eq!(names(list.json()), ["pay", "script"]);
    assert_eq!(list.json()["partial"], true);
    let told = list.json()["notices"][0].as_str().unwrap();
    assert!(told.starts_with("coder refuses the token of the index's service account"), "{told}");
    assert!(!list.text().contains(service.session_token.expose()));
}

/// Returns what the index tells of the workspace `pay`: its id and its status.
async fn pay(page: &Page<'_>) -> (String, String) {
    let list = page.get("/index/workspaces?q=pay").await;
    let pay = &list.json()["workspaces"][0];
    (pay["id"].as_str().unwrap().to_owned(), pay["status"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_a_person_does_is_in_the_index_before_its_next_list() {
    let (coder, service, alice) = company();
    let with_service = house(coder.clone(), &service, "everyone");
    let without = House::of(coder.clone(), &format!("{CATALOG}{PAYMENTS}"));
    for house in [&with_service, &without] {
        let page = Page::open(house, &alice).await;
        let _reader = read(house).await;
        let (id, status) = pay(&page).await;
        assert_eq!(status, "running");
        coder.forget_requests();
        page.ask("POST", &format!("/workspaces/{id}/stop"), "").await;
        // The reader of the background reads the parameters of the build.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(pay(&page).await.1, "pending");
        assert_eq!(coder.count("GET", "/api/v2/workspaces"), 0);
        coder.advance(Duration::from_secs(60));
        coder.start(id.parse().unwrap());
        coder.advance(Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_open_stream_tells_is_in_the_index_before_its_next_list() {
    let (coder, service, alice) = company();
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let _reader = read(&house).await;
    let (id, _) = pay(&page).await;
    let path = format!("/live?workspaces={id}");
    let stream = page.get(&path);
    let told = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        coder.forget_requests();
        coder.stop(id.parse().unwrap());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(pay(&page).await.1, "pending");
        assert_eq!(coder.count("GET", "/api/v2/workspaces"), 0);
    };
    tokio::select! {
        answer = stream => panic!("{}", answer.text()),
        () = told => {}
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_account_may_not_see_comes_into_the_index_by_nobody() {
    let coder = FakeCoder::new();
    coder.add_template("devcontainers");
    let [service, mallory, alice] =
        ["service", "mallory", "alice"].map(|name| coder.add_user(name));
    let hidden = coder.add_workspace(&mallory, "hidden").template("devcontainers");
    let id = hidden.parameter("repo_url", "https://github.com/acme/payments").running().create();
    let house = house(coder.clone(), &service, "everyone");
    let (page, other) = (Page::open(&house, &mallory).await, Page::open(&house, &alice).await);
    let _reader = read(&house).await;
    coder.forget_requests();
    let path = format!("/live?workspaces={id}");
    let stream = page.get(&path);
    let told = async {
        for _ in 0..3 {
            coder.lose_agents(id);
            tokio::time::sleep(Duration::from_secs(1)).await;
            coder.bring_agents_back(id);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        page.ask("PUT", &format!("/workspaces/{id}/favorite"), "").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let list = other.get("/index/workspaces").await;
        assert_eq!((&list.json()["count"], &list.json()["partial"]), (&0.into(), &false.into()));
        let token = service.session_token.expose();
        let asked = coder.requests();
        let by_service = asked.iter().filter(|request| {
            request.headers.get("coder-session-token").is_some_and(|sent| sent == token)
        });
        assert_eq!(by_service.count(), 1, "once, for the workspace itself");
    };
    tokio::select! {
        answer = stream => panic!("{}", answer.text()),
        () = told => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_does_not_answer_is_told_and_what_was_read_stays() {
    let (coder, service, alice) = company();
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    let _reader = read(&house).await;
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspaces").times(3));
    coder.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(61)).await;
    let list = page.get("/index/workspaces").await;
    assert_eq!(names(list.json()), ["pay", "script"]);
    assert_eq!(list.json()["partial"], true);
    assert_eq!(list.json()["notices"][0], "coder does not tell its workspaces at present");
    pass(&coder, 120).await;
    let list = page.get("/index/workspaces").await;
    assert_eq!(list.json()["partial"], false, "{}", list.text());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_nobody_reads_any_more_is_told_to_be_old() {
    let (coder, service, alice) = company();
    let house = house(coder.clone(), &service, "everyone");
    let page = Page::open(&house, &alice).await;
    drop(read(&house).await);
    coder.advance(Duration::from_secs(44 * 60));
    assert_eq!(page.get("/index/workspaces").await.json()["partial"], false);
    coder.advance(Duration::from_secs(2 * 60));
    let list = page.get("/index/workspaces").await;
    assert_eq!(list.json()["notices"][0], "the list of workspaces is more than 45 minutes old");
    assert_eq!(names(list.json()), ["pay", "script"]);
}

#[tokio::test(start_paused = true)]
async fn an_operator_learns_how_far_the_index_has_got_and_whether_coder_answers() {
    let (coder, service, _) = company();
    let house = house(coder.clone(), &service, "own");
    let state = || house.portal.index_state().unwrap();
    assert_eq!((state().listed_at, state().workspaces), (None, 0));
    let _reader = read(&house).await;
    assert!(state().is_answered && state().listed_at.is_some());
    assert_eq!(
        (state().workspaces, state().waiting, state().unread),
        (2, 0, 0),
        "of everybody, whoever is shown them"
    );
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspaces").times(3));
    coder.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(!state().is_answered);
    pass(&coder, 120).await;
    assert!(state().is_answered);
}
