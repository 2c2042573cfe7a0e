//! A portal becomes an app of Coder, and people sign in through it.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex};

use coder_auth::{
    EnvironmentOptions, RegisteredApp, RegistrationError, register_app, register_dynamically,
};
use coder_client::{Client, Credential};
use coder_core::{Body, Secret, World};
use coder_testkit::{FakeUser, Version};
use http::Response;
use url::Url;

use crate::support::{Browser, CALLBACK, House, base_options, message, versions};

fn client(house: &House, user: &FakeUser) -> Client {
    anonymous(house).with_credential(Credential::SessionToken(user.session_token.clone()))
}

fn anonymous(house: &House) -> Client {
    Client::new(house.world(), house.coder.url().clone())
}

fn callback() -> Url {
    CALLBACK.parse().unwrap()
}

async fn assert_that_people_can_sign_in(house: &House, registration: &RegisteredApp) {
    let environment = EnvironmentOptions::new(
        house.coder.url().clone(),
        registration.client_id.to_string(),
        registration.client_secret.clone(),
    );
    let auth = house.portal(base_options().environment("development", environment));
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start_with(&auth, "env=development").await.location();
    let back = house.coder.approve(&authorize, &alice).unwrap();
    let message = message(&browser.call_back(&auth, &back).await);
    assert_eq!(message.get("error"), None, "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_owner_registers_the_portal_and_people_sign_in_through_it() {
    for version in versions() {
        let house = House::new(version);
        let owner = house.coder.add_owner("owner");
        let registration =
            register_app(&client(&house, &owner), "portal", &callback()).await.unwrap();
        assert!(!registration.reused);
        assert_that_people_can_sign_in(&house, &registration).await;
    }
}

#[tokio::test(start_paused = true)]
async fn registering_twice_makes_one_app_with_two_secrets() {
    let house = House::current();
    let owner = house.coder.add_owner("owner");
    let client = client(&house, &owner);
    let first = register_app(&client, "portal", &callback()).await.unwrap();
    let second = register_app(&client, "portal", &callback()).await.unwrap();
    assert!(second.reused);
    assert_eq!(first.client_id, second.client_id);
    assert!(!first.client_secret.matches(&second.client_secret));
    assert_that_people_can_sign_in(&house, &first).await;
    assert_that_people_can_sign_in(&house, &second).await;
}

#[tokio::test(start_paused = true)]
async fn a_member_is_told_to_ask_an_owner() {
    let house = House::current();
    let member = house.coder.add_user("member");
    let error = register_app(&client(&house, &member), "portal", &callback()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::NotAnOwner(_)), "{error:?}");
}

/// Makes a client of a Coder of this release, which gives these answers.
fn answered<const N: usize>(house: &House, release: &str, answers: [(u16, &str); N]) -> Client {
    let answers = answers.map(|(status, body)| {
        Response::builder()
            .status(status)
            .header("content-type", "application/json; charset=utf-8")
            .header("x-coder-build-version", release)
            .body(Body::from(body.as_bytes().to_vec()))
            .unwrap()
    });
    let answers = Mutex::new(VecDeque::from(answers));
    let transport = move |_request: http::Request<bytes::Bytes>| {
        std::future::ready(Ok(answers.lock().unwrap().pop_front().unwrap()))
    };
    let world = World { transport: Arc::new(transport), ..house.world().clone() };
    let token = Credential::SessionToken(Secret::new("t"));
    Client::new(&world, house.coder.url().clone()).with_credential(token)
}

/// Returns an error and what is below it, in one line: what the operator reads.
fn in_full(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", in_full(source)),
        None => error.to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_reads_why_coder_refuses() {
    let house = House::current();
    let refused = r#"{"message": "Internal error creating OAuth2 application.", "detail": "unauthorized: rbac: forbidden"}"#;
    // What 2.29 to 2.36 answer to a member: the list, and 500.
    let client = answered(&house, "v2.36.0+f00", [(200, "[]"), (500, refused)]);
    let error = register_app(&client, "portal", &callback()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::NotAnOwner(_)), "{error:?}");
    insta::assert_snapshot!(in_full(&error), @"only an owner of the Coder deployment may register apps; use an owner's token, or ask one: coder answered 500: Internal error creating OAuth2 application: unauthorized: rbac: forbidden");
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_is_too_old_is_called_that_and_not_a_lack_of_rights() {
    let house = House::current();
    // What 2.24.6 answers to its owner.
    let refused = r#"{"message": "OAuth2 provider is under development."}"#;
    let client = answered(&house, "v2.24.6+f00", [(403, refused), (403, refused)]);
    let error = register_app(&client, "portal", &callback()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::TooOld(_)), "{error:?}");
    insta::assert_snapshot!(in_full(&error), @"this Coder deployment is too old to be an OAuth2 provider; upgrade it, then register again: `ListOAuth2Apps` needs coder 2.25.0 or later, and this one is 2.24.6");
    let error = register_dynamically(&client, "portal", &callback()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::TooOld(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_name_is_told() {
    let house = House::current();
    let refused = r#"{"message": "Validation failed.", "validations": [{"field": "name", "detail": "Validation failed for tag \"oauth2_app_name\" with value: \"My App\""}]}"#;
    let client = answered(&house, "v2.36.0+f00", [(200, "[]"), (400, refused)]);
    let error = register_app(&client, "My App", &callback()).await.unwrap_err();
    insta::assert_snapshot!(in_full(&error), @r#"coder answered 400: Validation failed.; `name`: Validation failed for tag "oauth2_app_name" with value: "My App""#);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_off_is_called_that() {
    for version in [Version::V2_34, Version::V2_38] {
        let house = House::new(version);
        let owner = house.coder.add_owner("owner");
        house.coder.set_oauth2_provider(false);
        let error = register_app(&client(&house, &owner), "portal", &callback()).await.unwrap_err();
        assert!(matches!(error, RegistrationError::ProviderOff(_)), "{version}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_portal_registers_itself_where_the_deployment_lets_it() {
    let house = House::new(Version::V2_34);
    let registration =
        register_dynamically(&anonymous(&house), "portal", &callback()).await.unwrap();
    assert_that_people_can_sign_in(&house, &registration).await;
    // From 2.37 on it is off unless an owner switches it on.
    let house = House::current();
    let error = register_dynamically(&anonymous(&house), "portal", &callback()).await.unwrap_err();
    assert!(matches!(error, RegistrationError::DynamicRegistrationOff(_)), "{error:?}");
}
