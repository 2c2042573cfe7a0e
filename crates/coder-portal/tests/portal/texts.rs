//! What strangers write is told as one harmless line.

use coder_testkit::LogBuffer;
use http::StatusCode;
use tracing::instrument::WithSubscriber as _;

use crate::support::{House, ask};

/// CR LF, ESC and a right-to-left override, as a path can bring them.
const FORGED: &str = "x%0d%0a2026-01-01%20INFO%20signed%20in%1b%5b2J%e2%80%ae";

fn is_unseen(character: char) -> bool {
    character.is_control() || character == '\u{202e}'
}

#[tokio::test(start_paused = true)]
async fn a_forged_line_stays_within_its_own_in_the_answer_and_in_the_log() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let token = alice.session_token.expose();
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.writer()).with_ansi(false).finish();
    let long = "x".repeat(2000);
    let entities = "/api/coder/v1/entities";
    async {
        for (target, expected) in [
            (format!("{entities}?env={FORGED}"), StatusCode::NOT_FOUND),
            (format!("{entities}?env={long}"), StatusCode::NOT_FOUND),
            (format!("{entities}/component/default/{FORGED}/workspaces"), StatusCode::NOT_FOUND),
            (format!("{entities}/component/default/{long}/workspaces"), StatusCode::NOT_FOUND),
            (format!("{entities}/{FORGED}/default//workspaces"), StatusCode::BAD_REQUEST),
            // A path may hold these characters as they are.
            ("/no\u{202e}where".to_owned(), StatusCode::NOT_FOUND),
            (format!("/{long}"), StatusCode::NOT_FOUND),
        ] {
            let request = http::Request::get(&target).header("coder-session-token", token);
            let answer = ask(&house.portal, request).await;
            assert_eq!(answer.status(), expected, "{target}");
            let message = answer.message();
            assert!(!message.contains(is_unseen), "{message:?}");
            assert!(message.chars().count() < 1000, "{message}");
            let url = answer.json()["request"]["url"].as_str().unwrap().to_owned();
            assert!(!url.contains(is_unseen) && url.chars().count() <= 201, "{url:?}");
        }
    }
    .with_subscriber(subscriber)
    .await;
    let log = log.text();
    assert!(log.contains("signed in [2J"), "it was logged: {log}");
    assert!(!log.contains(|character| is_unseen(character) && character != '\n'), "{log:?}");
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01 INFO")), "{log}");
    assert!(log.lines().all(|line| line.chars().count() < 1500), "{log}");
}
