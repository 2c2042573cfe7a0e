//! A member who wants to know of the workspaces of others, and a Coder that lies.

use std::time::Duration;

use bytes::Bytes;
use coder_client::WorkspaceId;
use coder_client::operations::CreateToken;
use coder_core::Body;
use coder_testkit::{FakeCoder, FakeUser, Fault};
use futures_util::StreamExt as _;
use http::StatusCode;
use jiff::SignedDuration;
use tokio::time::timeout;

use crate::index::{PAYMENTS, add, names};
use crate::index_service::{house, read};
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
        let stranger = crate::support::ask(&house.portal, request).await;
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
