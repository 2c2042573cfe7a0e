//! A portal becomes an app of Coder, and people sign in through it.

use coder_auth::{
    EnvironmentOptions, Registration, RegistrationError, register_app, register_dynamically,
};
use coder_client::{Client, Credential};
use coder_testkit::{FakeUser, Version};
use url::Url;

use crate::support::{Browser, CALLBACK, House, base_options, location, message, versions};

fn client(house: &House, user: &FakeUser) -> Client {
    anonymous(house).with_credential(Credential::SessionToken(user.session_token.clone()))
}

fn anonymous(house: &House) -> Client {
    Client::new(house.world(), house.coder.url().clone())
}

fn callback() -> Url {
    CALLBACK.parse().unwrap()
}

async fn assert_that_people_can_sign_in(house: &House, registration: &Registration) {
    let environment = EnvironmentOptions::new(
        house.coder.url().clone(),
        registration.client_id.to_string(),
        registration.client_secret.clone(),
    );
    let auth = house.portal(base_options().environment("development", environment));
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = location(&browser.start_at(&auth, "env=development").await);
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
