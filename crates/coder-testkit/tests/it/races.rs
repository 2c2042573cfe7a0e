//! Requests that overlap at the token endpoint.

use std::collections::BTreeSet;

use bytes::Bytes;
use coder_core::Transport as _;
use coder_testkit::{FakeCoder, Version};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::Request;

use crate::common::{Answer, CALLBACK, Setting, VERIFIER, call, pair_of};

/// Enough seeds that each outcome comes up.
const SEEDS: u64 = 40;

fn racing(seed: u64) -> Setting {
    let coder = FakeCoder::builder().version(Version::V2_36).races(seed).build();
    let alice = coder.add_user("alice");
    let app = coder.add_oauth2_app("Backstage", CALLBACK);
    Setting { coder, alice, app }
}

/// Sends four equal requests to the token endpoint that begin before any is answered.
async fn four_times(setting: &Setting, fields: &[(&str, &str)]) -> Vec<Answer> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &setting.app.client_id)
        .append_pair("client_secret", setting.app.client_secret.expose())
        .extend_pairs(fields)
        .finish();
    let url = setting.coder.url().endpoint(["oauth2", "tokens"]);
    let requests = (0..4).map(|_| {
        let request = Request::post(url.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(body.clone()))
            .unwrap();
        async {
            let (head, body) = setting.coder.send(request).await.unwrap().into_parts();
            let body = body.collect(usize::MAX).now_or_never().expect("ready").unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            Answer { status: head.status, headers: head.headers, text }
        }
    });
    join_all(requests).await
}

async fn four_refreshes(setting: &Setting) -> Vec<Answer> {
    let (_, refresh) = setting.pair();
    four_times(setting, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await
}

async fn four_exchanges(setting: &Setting) -> Vec<Answer> {
    let code = setting.code();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    four_times(setting, &fields).await
}

fn winners(answers: &[Answer]) -> Vec<(String, String)> {
    answers.iter().filter(|answer| answer.status == 200).map(pair_of).collect()
}

#[tokio::test]
async fn up_to_three_of_four_equal_refreshes_succeed_and_their_pairs_all_live() {
    let mut counts = BTreeSet::new();
    let mut losses = BTreeSet::new();
    for seed in 0..SEEDS {
        let setting = racing(seed);
        let answers = four_refreshes(&setting).await;
        let pairs = winners(&answers);
        for (access, refresh) in &pairs {
            assert!(setting.coder.is_live(access) && setting.coder.is_live(refresh), "{seed}");
        }
        counts.insert(pairs.len());
        losses.extend(
            answers.iter().filter(|answer| answer.status != 200).map(|answer| answer.error()),
        );
    }
    assert_eq!(counts, BTreeSet::from([1, 2, 3]));
    assert_eq!(
        losses,
        BTreeSet::from([
            (400, "invalid_grant".to_owned()),
            (500, "Failed to exchange token".to_owned()),
        ])
    );
}

#[tokio::test]
async fn a_code_that_is_exchanged_four_times_at_once_may_succeed_four_times() {
    let mut counts = BTreeSet::new();
    for seed in 0..SEEDS {
        let setting = racing(seed);
        let answers = four_exchanges(&setting).await;
        let pairs = winners(&answers);
        for (access, refresh) in &pairs {
            assert!(setting.coder.is_live(access) && setting.coder.is_live(refresh), "{seed}");
        }
        counts.insert(pairs.len());
        for lost in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(lost.error(), (400, "invalid_grant".to_owned()));
        }
    }
    assert!(counts.contains(&4) && counts.contains(&2), "{counts:?}");
}

#[tokio::test]
async fn a_later_login_ends_one_of_the_living_pairs_and_a_disconnect_ends_all() {
    for seed in 0..SEEDS {
        let setting = racing(seed);
        let pairs = winners(&four_refreshes(&setting).await);
        let (newest, _) = setting.pair();
        let living = pairs.iter().filter(|(access, _)| setting.coder.is_live(access)).count();
        assert_eq!(living, pairs.len() - 1, "{seed}");

        let path = format!("/oauth2/tokens?client_id={}", setting.app.client_id);
        let token = setting.alice.session_token.expose();
        let answer = call(&setting.coder, "DELETE", &path, token, &serde_json::Value::Null);
        assert_eq!(answer.status, 204);
        assert!(!setting.coder.is_live(&newest));
        assert!(pairs.iter().all(|(access, _)| !setting.coder.is_live(access)));
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answers() {
    for seed in 0..4 {
        let texts = |answers: Vec<Answer>| -> Vec<String> {
            answers.into_iter().map(|answer| answer.text).collect()
        };
        let one = texts(four_refreshes(&racing(seed)).await);
        let other = texts(four_refreshes(&racing(seed)).await);
        assert_eq!(one, other);
    }
}

#[tokio::test]
async fn a_token_that_was_used_up_earlier_is_refused_however_many_ask() {
    let setting = racing(1);
    let (_, refresh) = setting.pair();
    assert_eq!(setting.refresh(&refresh, &[]).status, 200);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    for answer in four_times(&setting, &fields).await {
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    }
}

#[tokio::test]
async fn without_a_seed_one_request_is_over_before_the_next_begins() {
    let setting = crate::common::setting(Version::V2_36);
    let answers = four_refreshes(&setting).await;
    assert_eq!(winners(&answers).len(), 1);
    assert_eq!(answers[0].status, 200);
}
