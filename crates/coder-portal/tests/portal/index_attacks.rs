//! A member who wants to know of the workspaces of others, and a Coder that lies.

use std::time::Duration;

use bytes::Bytes;
use coder_client::WorkspaceId;
use coder_client::operations::{CreateToken, SetUserRoles};
use coder_core::Body;
use coder_testkit::{FakeCoder, FakeUser, Fault, MemoryIndexStore};
use futures_util::StreamExt as _;
use http::StatusCode;
use jiff::SignedDuration;
use tokio::time::timeout;

use crate::index::{PAYMENTS, add, names};
use crate::index_service::{house, pass, read, read_with};
use crate::support::{CATALOG, House, Page, ask, visitor};

const ROUTES: [&str; 5] = [
    "/index/counts",
    "/index/workspaces",
    "/index/export.json",
    "/index/export.csv",
    "/index/report?staleAfterDays=1",
];

/// Makes a company in which Mallory has one workspace and Victor has secrets.
fn company() -> (FakeCoder, FakeUser, FakeUser, FakeUser) {
    let coder = FakeCoder::new();
    coder.add_template("devcontainers");
    let service = coder.add_owner("service");
    let (mallory, victor) = (coder.add_user("mallory"), coder.add_user("victor"));
    add(&coder, &mallory, "mine", "payments");
    (coder, service, mallory, victor)
}

/// Lets Victor have workspaces of each kind that an answer tells something about.
fn add_secrets(coder: &FakeCoder, victor: &FakeUser) {
    add(coder, victor, "secret-pay", "payments");
    add(coder, victor, "secret-script", "python-project");
    add(coder, victor, "secret-lost", "secret-acquisition");
    coder.add_template("secret-template");
    let new = coder.add_workspace(victor, "secret-old").template("secret-template");
    new.parameter("repo_url", "secret-password").stopped().create();
}

async fn answers(house: &House, page: &Page<'_>) -> Vec<String> {
    let mut answers = Vec::new();
    let _reader = read(house).await;
    for route in ROUTES {
        let answer = page.get(route).await;
        assert_eq!(answer.status(), StatusCode::OK, "{route}: {}", answer.text());
        answers.push(answer.text().to_owned());
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_member_is_the_same_whatever_others_have() {
    for visibility in ["own", "coder"] {
        let (coder, service, mallory, victor) = company();
        let alone = house(coder.clone(), &service, visibility);
        let before = answers(&alone, &Page::open(&alone, &mallory).await).await;
        add_secrets(&coder, &victor);
        let crowded = house(coder, &service, visibility);
        let after = answers(&crowded, &Page::open(&crowded, &mallory).await).await;
        assert_eq!(before, after, "{visibility}");
        assert!(before.iter().all(|answer| !answer.contains("secret")), "{visibility}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_of_others_is_told_to_nobody_else() {
    let (coder, service, mallory, victor) = company();
    let alone = house(coder.clone(), &service, "own");
    let before = answers(&alone, &Page::open(&alone, &mallory).await).await;
    let build = {
        add(&coder, &victor, "secret-pay", "payments");
        Fault::bad_gateway().times(50).on("/parameters")
    };
    let crowded = house(coder.clone(), &service, "own");
    let page = Page::open(&crowded, &mallory).await;
    let _reader = read(&crowded).await;
    coder.fail_next(build);
    add(&coder, &victor, "secret-later", "payments");
    coder.advance(Duration::from_secs(120));
    tokio::time::sleep(Duration::from_secs(40)).await;
    let mut after = Vec::new();
    for route in ROUTES {
        after.push(page.get(route).await.text().to_owned());
    }
    // The moments differ, since time has passed.
    let still = |answers: &[String]| {
        answers.iter().map(|answer| answer.contains("\"partial\":true")).collect::<Vec<_>>()
    };
    assert_eq!(still(&before), still(&after), "{after:?}");
}

/// Reads the events that come within some seconds.
async fn events(body: &mut Body, wait: Duration) -> String {
    let mut text = String::new();
    while let Ok(Some(chunk)) = timeout(wait, body.next()).await {
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        if text.len() > 100_000 {
            break;
        }
    }
    text.lines()
        .filter(|line| !line.starts_with(':') && !line.is_empty())
        .fold(String::new(), |all, line| all + line + "\n")
}

async fn follow(page: &Page<'_>) -> Body {
    let request = page.request("GET", "/index/events");
    let response = page.house.portal.handle(request.body(Bytes::new()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body()
}

#[tokio::test(start_paused = true)]
async fn events_tell_a_member_of_own_changes_and_are_silent_about_those_of_others() {
    let (coder, service, mallory, victor) = company();
    let house = house(coder.clone(), &service, "own");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    let mut body = follow(&page).await;
    let first = events(&mut body, Duration::from_secs(7)).await;
    assert!(first.starts_with("event: index\ndata: {"), "{first}");
    add_secrets(&coder, &victor);
    coder.advance(Duration::from_secs(120));
    tokio::time::sleep(Duration::from_secs(40)).await;
    let others = events(&mut body, Duration::from_secs(7)).await;
    assert_eq!(others, "", "changes of others");
    add(&coder, &mallory, "second", "payments");
    coder.advance(Duration::from_secs(120));
    tokio::time::sleep(Duration::from_secs(40)).await;
    let own = events(&mut body, Duration::from_secs(7)).await;
    assert_eq!(own.matches("event: workspace").count(), 1, "{own}");
    assert!(own.contains("\"name\":\"second\"") && !own.contains("id:"), "{own}");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_workspace_is_gone_for_those_who_saw_it() {
    let (coder, service, mallory, victor) = company();
    let lost: WorkspaceId =
        coder.add_workspace(&mallory, "short-lived").template("devcontainers").create();
    let house = house(coder.clone(), &service, "own");
    let (page, stranger) = (Page::open(&house, &mallory).await, Page::open(&house, &victor).await);
    let _reader = read(&house).await;
    let (mut hers, mut his) = (follow(&page).await, follow(&stranger).await);
    for body in [&mut hers, &mut his] {
        events(body, Duration::from_secs(7)).await;
    }
    coder.delete(lost);
    coder.advance(Duration::from_secs(1_000));
    tokio::time::sleep(Duration::from_secs(40)).await;
    let told = events(&mut hers, Duration::from_secs(7)).await;
    assert!(told.contains(&format!("event: gone\ndata: {{\"workspace\":\"{lost}\"}}")), "{told}");
    let told = events(&mut his, Duration::from_secs(7)).await;
    assert!(!told.contains("gone") && !told.contains(&lost.to_string()), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_changes_ends_with_the_session_and_with_the_server() {
    let (coder, service, mallory, _) = company();
    let house = house(coder.clone(), &service, "own");
    let page = Page::open(&house, &mallory).await;
    let mut body = follow(&page).await;
    events(&mut body, Duration::from_secs(7)).await;
    house.portal.close_streams();
    let end = events(&mut body, Duration::from_secs(7)).await;
    assert!(end.contains("event: end\ndata: {\"reason\":\"shutdown\""), "{end}");
    let late = page.get("/index/events").await;
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_and_a_token_that_may_not_read_workspaces_are_refused() {
    let (coder, service, mallory, _) = company();
    let house = house(coder.clone(), &service, "own");
    let _reader = read(&house).await;
    for route in ROUTES.iter().chain(&["/index/events"]) {
        let request = visitor().script_request("GET", &format!("/api/coder/v1{route}"));
        let stranger = ask(&house.portal, request).await;
        assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{route}");
    }
    let page = Page::open(&house, &mallory).await;
    for route in ROUTES.iter().chain(&["/index/events"]) {
        let narrow = Fault::answer(StatusCode::OK, "application/json", r#"{"read":false}"#);
        coder.fail_next(narrow.on("/api/v2/authcheck"));
        let answer = page.get(route).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{route}: {}", answer.text());
        assert_eq!(
            answer.message(),
            "coder does not let your token read workspaces; use one with a wider scope"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_operator_s_choice_to_show_all_shows_no_value_that_may_be_a_secret() {
    let (coder, service, mallory, victor) = company();
    add_secrets(&coder, &victor);
    let house = house(coder, &service, "everyone");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    let all = page.get("/index/workspaces").await;
    assert_eq!(names(all.json()).len(), 5);
    let report = page.get("/index/report").await;
    assert_eq!(report.json()["workspacesWithoutEntity"]["count"], 2, "{}", report.text());
    assert!(!report.text().contains("secret-password"), "{}", report.text());
    assert!(!report.text().contains("secret-acquisition"), "{}", report.text());
}

#[tokio::test(start_paused = true)]
async fn a_filter_or_a_page_of_any_size_is_bounded() {
    let (coder, service, mallory, _) = company();
    let house = house(coder, &service, "own");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    let many = "x,".repeat(101);
    for wrong in [
        format!("/index/workspaces?owner={many}"),
        format!("/index/workspaces?entity={many}"),
        format!("/index/workspaces?q={}", "x".repeat(40_000)),
        "/index/workspaces?limit=1000000".to_owned(),
        "/index/workspaces?offset=99999999999999999999".to_owned(),
        "/index/report?staleAfterDays=0".to_owned(),
        "/index/report?staleAfterDays=9999999999".to_owned(),
        "/index/counts?entities=component:".to_owned(),
    ] {
        let answer = page.get(&wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_shown_more_or_less_than_before_reads_the_list_again() {
    let (coder, service, mallory, victor) = company();
    add_secrets(&coder, &victor);
    let house = house(coder.clone(), &service, "coder");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    let mut body = follow(&page).await;
    events(&mut body, Duration::from_secs(7)).await;
    for (roles, count) in [(vec!["template-admin"], 5), (Vec::new(), 1)] {
        let set = SetUserRoles::new(mallory.id, roles);
        coder.client(&service).send(&set).await.unwrap();
        coder.advance(Duration::from_secs(61));
        let told = events(&mut body, Duration::from_secs(7)).await;
        assert_eq!(told.matches("event: reset").count(), 1, "{told}");
        assert_eq!(names(page.get("/index/workspaces").await.json()).len(), count);
        let told = events(&mut body, Duration::from_secs(7)).await;
        assert!(!told.contains("reset"), "once is enough: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_loaded_anew_is_told_to_those_alone_who_are_shown_something_new_of_it() {
    let (coder, service, mallory, victor) = company();
    let store = MemoryIndexStore::default();
    let leader = house(coder.clone(), &service, "own");
    let _leader = read_with(&leader, &store);
    pass(&coder, 5).await;
    let house = house(coder.clone(), &service, "own");
    let (hers, his) = (Page::open(&house, &mallory).await, Page::open(&house, &victor).await);
    let _replica = read_with(&house, &store);
    pass(&coder, 5).await;
    let (mut hers, mut his) = (follow(&hers).await, follow(&his).await);
    for body in [&mut hers, &mut his] {
        events(body, Duration::from_secs(7)).await;
    }
    add_secrets(&coder, &victor);
    pass(&coder, 300).await;
    let told = events(&mut his, Duration::from_secs(7)).await;
    assert!(told.contains("event: reset"), "{told}");
    let told = events(&mut hers, Duration::from_secs(7)).await;
    assert!(!told.contains("reset"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn many_requests_of_a_new_person_ask_coder_once_about_that_person() {
    let (coder, service, mallory, _) = company();
    let house = house(coder.clone(), &service, "own");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    page.cost();
    let asked = || coder.count("POST", "/api/v2/authcheck");
    coder.fail_next(Fault::delay(Duration::from_secs(1)).on("/api/v2/authcheck"));
    let all = futures_util::future::join_all((0..20).map(|_| page.get("/index/counts")));
    let (answers, ()) = tokio::join!(all, async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        coder.advance(Duration::from_secs(1));
    });
    assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
    assert_eq!(asked(), 1);
    // A refusal counts for some seconds as well.
    coder.advance(Duration::from_secs(61));
    let narrow = Fault::answer(StatusCode::OK, "application/json", r#"{"read":false}"#);
    coder.fail_next(narrow.on("/api/v2/authcheck"));
    for _ in 0..3 {
        assert_eq!(page.get("/index/counts").await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(asked(), 2);
    coder.advance(Duration::from_secs(6));
    assert_eq!(page.get("/index/counts").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_does_not_tell_about_a_person_is_not_asked_by_each_request() {
    let (coder, service, mallory, _) = company();
    let house = house(coder.clone(), &service, "own");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    coder.fail_next(Fault::bad_gateway().on("/api/v2/authcheck").times(100));
    page.cost();
    assert_eq!(page.get("/index/counts").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let tries = coder.count("POST", "/api/v2/authcheck");
    let again = page.get("/index/workspaces").await;
    assert_eq!(again.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(again.headers()["retry-after"], "5");
    assert_eq!(coder.count("POST", "/api/v2/authcheck"), tries);
}

#[tokio::test(start_paused = true)]
async fn the_entities_of_a_page_of_the_catalog_are_counted_at_once_and_a_list_of_none_is_refused() {
    let (coder, service, mallory, _) = company();
    let house = house(coder, &service, "own");
    let page = Page::open(&house, &mallory).await;
    let _reader = read(&house).await;
    let refs = |count: usize| (0..count).map(|at| format!("c{at},")).collect::<String>();
    let counts = page.get(&format!("/index/counts?entities={}", refs(1_000))).await;
    assert_eq!(counts.json()["items"].as_array().map(Vec::len), Some(1_000), "{}", counts.text());
    for (wrong, said) in [
        (refs(1_001), "the parameter `entities` has more than 1000 values"),
        ("none".to_owned(), "the parameter `entities` has `none`, which names no entity"),
        (",".to_owned(), "the parameter `entities` names no entity; leave it out for all"),
    ] {
        let answer = page.get(&format!("/index/counts?entities={wrong}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{}", answer.text());
        assert_eq!(answer.message(), said);
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_with_many_tokens_takes_the_index_of_nobody_else() {
    let house = House::with_catalog(&format!("{CATALOG}{PAYMENTS}"));
    let (victor, mallory) = (house.coder.add_user("victor"), house.coder.add_user("mallory"));
    add(&house.coder, &victor, "hers", "payments");
    let page = Page::open(&house, &victor).await;
    page.get("/index/workspaces").await;
    for number in 0..70 {
        let day = SignedDuration::from_hours(24);
        let token = CreateToken::new("me", &format!("token-{number}"), day);
        let token = house.coder.client(&mallory).send(&token).await.unwrap().key;
        let request = http::Request::get("/api/coder/v1/index/workspaces");
        let answer = ask(&house.portal, request.header("coder-session-token", token.expose()));
        assert_eq!(answer.await.status(), StatusCode::OK);
    }
    page.cost();
    page.get("/index/workspaces").await;
    assert!(page.cost().is_empty(), "what was read for a minute is there still");
}
