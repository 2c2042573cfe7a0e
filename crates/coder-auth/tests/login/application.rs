//! What can be known of the application is known before a person is sent to Coder.

use std::time::Duration;

use coder_auth::{ApplicationProbe, ApplicationVerdict, CoderAuth, EnvironmentOptions};
use coder_client::operations::GetBuildInfo;
use coder_client::{Capabilities, Client};
use coder_core::Secret;
use coder_testkit::{Fault, Version};
use futures_util::future::join_all;
use http::StatusCode;
use url::Url;

use crate::support::{Browser, CALLBACK, House, PORTAL, base_options, message, versions};

const UNKNOWN_APP: &str = "00000000-0000-4000-8000-000000000000";
const WRONG_SECRET: &str = "coder_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ELSEWHERE: &str = "https://other.example.com/api/auth/coder/handler/frame";
const START: &str = "env=development&origin=https://portal.example.com";

async fn ask(house: &House, id: &str, secret: &Secret, callback: &str) -> ApplicationVerdict {
    let client = Client::new(house.world(), house.coder.url().clone());
    let release = Capabilities::from(&client.send(&GetBuildInfo).await.unwrap());
    let callback = Url::parse(callback).unwrap();
    ApplicationProbe::new(id, secret, &callback).ask(&client, &release).await.unwrap()
}

/// A portal with something wrong, and what people read who want to sign in.
struct Wrong {
    id: String,
    secret: Secret,
    callback: &'static str,
    read: &'static str,
}

fn wrongs(house: &House) -> [Wrong; 3] {
    let (id, secret) = (house.app.client_id.to_string(), house.app.client_secret.clone());
    [
        Wrong {
            id: UNKNOWN_APP.to_owned(),
            secret: secret.clone(),
            callback: CALLBACK,
            read: "no OAuth2 application with this portal's clientId; the portal's operator",
        },
        Wrong {
            id: id.clone(),
            secret: Secret::new(WRONG_SECRET),
            callback: CALLBACK,
            read: "does not accept its clientSecret; the portal's operator",
        },
        Wrong {
            id,
            secret,
            callback: ELSEWHERE,
            read: "another callback URL than this portal's `https://other.example.com/api/auth/coder/handler/frame`; the portal's operator",
        },
    ]
}

fn portal(house: &House, wrong: &Wrong) -> CoderAuth {
    let options =
        EnvironmentOptions::new(house.coder.url().clone(), &*wrong.id, wrong.secret.clone())
            .callback_url(wrong.callback.parse().unwrap());
    house.portal(base_options().environment("development", options))
}

fn questions(house: &House) -> usize {
    house.coder.count("POST", "/oauth2/tokens")
}

#[tokio::test(start_paused = true)]
async fn the_probe_tells_what_is_wrong_on_every_release() {
    use ApplicationVerdict::{
        Accepted, ApplicationUnknown, CallbackDiffers, NotProvable, ProviderOff, SecretRefused,
    };
    for version in versions() {
        let house = House::new(version);
        let (id, secret) = (&*house.app.client_id, &house.app.client_secret);
        let wrong = Secret::new(WRONG_SECRET);
        match ask(&house, id, secret, CALLBACK).await {
            Accepted => assert!(version >= Version::V2_31, "{version}"),
            NotProvable { reason } => {
                assert!(version < Version::V2_31, "{version}: {reason}");
                assert!(reason.starts_with("client id and secret are right"), "{reason}");
            }
            other => panic!("{version}: {other:?}"),
        }
        for (verdict, expected) in [
            (ask(&house, UNKNOWN_APP, secret, CALLBACK).await, ApplicationUnknown),
            (ask(&house, "no UUID", secret, CALLBACK).await, ApplicationUnknown),
            (ask(&house, id, &wrong, CALLBACK).await, SecretRefused),
            (ask(&house, id, secret, ELSEWHERE).await, CallbackDiffers),
            (ask(&house, id, &wrong, ELSEWHERE).await, CallbackDiffers),
        ] {
            assert_eq!(verdict, expected, "{version}");
        }
        house.coder.set_oauth2_provider(false);
        assert_eq!(ask(&house, id, secret, CALLBACK).await, ProviderOff, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_begins_with_the_registered_one_is_told_apart_from_2_31_1_on() {
    for version in versions() {
        let house = House::new(version);
        let (id, secret) = (&*house.app.client_id, &house.app.client_secret);
        let verdict = ask(&house, id, secret, &format!("{CALLBACK}/more")).await;
        if version < Version::V2_31 {
            let is_open = matches!(verdict, ApplicationVerdict::NotProvable { .. });
            assert!(is_open, "{version}: {verdict:?}");
        } else {
            assert_eq!(verdict, ApplicationVerdict::CallbackDiffers, "{version}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_real_coders_without_a_provider_are_understood() {
    for (words, expected) in [
        (r#"{"message":"OAuth2 provider is under development."}"#, ApplicationVerdict::TooOld),
        (
            r#"{"message":"OAuth2 Provider Functionality functionality requires enabling the 'oauth2' experiment."}"#,
            ApplicationVerdict::ProviderOff,
        ),
    ] {
        let house = House::new(Version::V2_31);
        let client = Client::new(house.world(), house.coder.url().clone());
        let forbidden = Fault::answer(StatusCode::FORBIDDEN, "application/json", words);
        house.coder.fail_next(forbidden.on("/oauth2/tokens"));
        let callback = Url::parse(CALLBACK).unwrap();
        let probe =
            ApplicationProbe::new(&house.app.client_id, &house.app.client_secret, &callback);
        let verdict = probe.ask(&client, &Capabilities::new(None)).await.unwrap();
        assert_eq!(verdict, expected);
    }
    let house = House::new(Version::V2_24);
    let secret = &house.app.client_secret;
    let verdict = ask(&house, &house.app.client_id, secret, CALLBACK).await;
    assert_eq!(verdict, ApplicationVerdict::TooOld);
    assert_eq!(questions(&house), 0, "its release says it already");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_coder_that_is_known_to_refuse() {
    for version in versions() {
        let house = House::new(version);
        for wrong in wrongs(&house) {
            let auth = portal(&house, &wrong);
            let mut browser = Browser::new();
            let message = message(&browser.start_with(&auth, START).await);
            let text = message["error"]["message"].as_str().unwrap();
            assert!(text.contains(wrong.read), "{version}: {text}");
            assert!(browser.cookies.is_empty(), "{version}: no attempt came of it");
            let query = format!("env=development&flow=redirect&redirectUrl={PORTAL}/page");
            let told = browser.start_with(&auth, &query).await.location();
            let (name, value) = told.query_pairs().next().unwrap();
            assert_eq!(name, "error", "{version}: {told}");
            assert!(value.contains(wrong.read), "{version}: {told}");
        }
        house.coder.set_oauth2_provider(false);
        let message = message(&Browser::new().start_with(&house.auth, START).await);
        let text = message["error"]["message"].as_str().unwrap();
        assert!(text.contains("is switched off; its operator has to enable it"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_application_is_asked_about_once_for_all_logins_of_ten_minutes() {
    for version in versions() {
        let house = House::new(version);
        let starts = (0..20).map(async |_| Browser::new().start(&house).await);
        join_all(starts).await;
        assert_eq!(questions(&house), 1, "{version}");
        house.advance(Duration::from_secs(599));
        Browser::new().start(&house).await;
        assert_eq!(questions(&house), 1, "{version}");
        house.advance(Duration::from_secs(1));
        Browser::new().start(&house).await;
        // The question is asked beside the login.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(questions(&house), 2, "{version}");
        assert_eq!(house.coder.count("GET", "/oauth2/authorize"), 0, "{version}: not needed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_operator_mends_counts_after_seconds() {
    for version in versions() {
        let house = House::new(version);
        house.coder.set_oauth2_provider(false);
        let many = (0..20).map(async |_| Browser::new().start_with(&house.auth, START).await);
        for response in join_all(many).await {
            assert!(message(&response).get("error").is_some(), "{version}");
        }
        assert_eq!(questions(&house), 1, "{version}");
        house.coder.set_oauth2_provider(true);
        house.advance(Duration::from_secs(5));
        Browser::new().start(&house).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_not_answered_blocks_no_login() {
    let json = "application/json";
    for fault in [
        Fault::connection_refused(),
        Fault::answer_lost(),
        Fault::silence(),
        Fault::body_stalls(),
        Fault::bad_gateway(),
        Fault::login_page(),
        Fault::sso_redirect(),
        Fault::rate_limited(3),
        Fault::answer(StatusCode::OK, json, "{}"),
        Fault::answer(StatusCode::FORBIDDEN, json, r#"{"message":"the firewall says no"}"#),
        Fault::answer(StatusCode::INTERNAL_SERVER_ERROR, json, r#"{"message":"sql"}"#),
        Fault::answer(StatusCode::BAD_REQUEST, json, r#"{"error":"unsupported_grant_type"}"#),
    ] {
        let house = House::current();
        let alice = house.coder.add_user("alice");
        house.coder.fail_next(fault.clone().on("/oauth2/tokens"));
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        Browser::new().start(&house).await;
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = message(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(message.get("error"), None, "{fault:?}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_is_asked_too_often_is_left_alone_as_long_as_it_says() {
    let house = House::current();
    house.coder.fail_next(Fault::rate_limited(30).on("/oauth2/tokens"));
    for _ in 0..3 {
        Browser::new().start(&house).await;
        house.advance(Duration::from_secs(10));
    }
    assert_eq!(questions(&house), 1);
    Browser::new().start(&house).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(questions(&house), 2, "the 30 seconds are over");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_for_the_application_is_the_last_one_sent_to_coder() {
    for version in versions() {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let (mut browser, callback) = house.consented(&alice).await;
        house.coder.delete_app(&house.app);
        let failed = message(&browser.call_back(&house.auth, &callback).await);
        assert!(failed.get("error").is_some(), "{version}");
        let refused = message(&Browser::new().start_with(&house.auth, START).await);
        let text = refused["error"]["message"].as_str().unwrap();
        assert!(text.contains("no OAuth2 application"), "{version}: {text}");
    }
}
