//! A catalog on another machine: what it is asked, what it answers, and how it fails.
#![cfg(test)]

use std::future::ready;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backstage_catalog::{Catalog, CatalogError, EntityFilter, RemoteCatalog};
use bytes::Bytes;
use coder_config::{Entity, EntityRef, parse_entities};
use coder_core::{Body, RetryPolicy, TokioRuntime, Transport, TransportError, World};
use coder_testkit::{FakeCatalog, Fault, SeededRandom, TestClock};
use http::{Request, Response, StatusCode};
use serde_json::json;

fn entities(names: &[&str]) -> Vec<Entity> {
    let text: String = names
        .iter()
        .map(|name| {
            format!(
                "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{ name: {name} }}\n\
                 spec: {{ profile: {{ email: {name}@example.com }}, memberOf: [] }}\n---\n"
            )
        })
        .collect();
    parse_entities("org.yaml", &text).into_iter().map(Result::unwrap).collect()
}

fn world(transport: impl Transport + 'static, clock: &TestClock) -> World {
    World {
        transport: Arc::new(transport),
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::new("catalog")),
        runtime: Arc::new(TokioRuntime::current().unwrap()),
    }
}

/// A fake catalog, and ours that asks it.
struct House {
    fake: FakeCatalog,
    clock: TestClock,
    catalog: RemoteCatalog,
}

impl House {
    fn new(names: &[&str]) -> Self {
        let fake = FakeCatalog::new(entities(names));
        let clock = TestClock::new();
        let world = world(fake.clone(), &clock);
        let url = fake.url().parse().unwrap();
        let catalog = RemoteCatalog::new(&world, url, fake.token().clone());
        Self { fake, clock, catalog }
    }

    /// Makes a catalog of ours, with no patience.
    fn hasty(names: &[&str]) -> Self {
        let mut house = Self::new(names);
        house.catalog = house.catalog.with_retry(RetryPolicy::NEVER);
        house
    }

    async fn has(&self, name: &str) -> Result<bool, CatalogError> {
        Ok(self.catalog.entity(&user(name)).await?.is_some())
    }

    fn asked(&self) -> usize {
        self.fake.requests().len()
    }
}

fn user(name: &str) -> EntityRef {
    EntityRef::new("user", "", name).unwrap()
}

/// Returns an error with everything below it.
fn told(error: &CatalogError) -> String {
    let source = std::error::Error::source(error).map(|source| format!("\n  {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn the_token_goes_to_the_catalog_as_a_bearer_and_is_never_told() {
    let house = House::new(&["alice"]);
    assert!(house.has("Alice").await.unwrap());
    let requests = house.fake.requests();
    let sent = &requests[0].headers["authorization"];
    assert_eq!(sent, &format!("Bearer {}", house.fake.token().expose()));
    assert!(sent.is_sensitive());
    let shown = format!("{:?} {requests:?}", house.catalog);
    assert!(!shown.contains(house.fake.token().expose()), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_again_while_it_is_fresh_and_not_a_moment_longer() {
    let house = House::new(&["alice"]);
    let users = EntityFilter::kind("user");
    assert!(house.has("alice").await.unwrap());
    assert_eq!(house.catalog.entities(&users).await.unwrap().len(), 1);
    house.fake.replace([]);
    house.clock.advance(Duration::from_secs(59));
    assert!(house.has("alice").await.unwrap());
    assert_eq!(house.catalog.entities(&users).await.unwrap().len(), 1);
    assert_eq!(house.asked(), 2);
    house.clock.advance(Duration::from_secs(1));
    assert!(!house.has("alice").await.unwrap());
    assert!(house.catalog.entities(&users).await.unwrap().is_empty());
    assert_eq!(house.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_was_just_added_is_found_at_once() {
    let house = House::new(&["alice"]);
    assert!(!house.has("bob").await.unwrap());
    house.fake.replace(entities(&["alice", "bob"]));
    assert!(house.has("bob").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_no_answer_while_the_catalog_is_down() {
    let house = House::hasty(&["alice"]);
    assert!(house.has("alice").await.unwrap());
    house.clock.advance(Duration::from_secs(60));
    house.fake.fail_next(Fault::bad_gateway());
    assert!(house.has("alice").await.unwrap_err().is_transient());
    assert!(house.has("alice").await.unwrap(), "it is up again");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_again_when_nothing_may_be() {
    let mut house = House::new(&["alice"]);
    house.catalog = house.catalog.fresh_for(Duration::ZERO);
    assert!(house.has("alice").await.unwrap());
    house.fake.replace([]);
    assert!(!house.has("alice").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_stumbles_is_asked_again() {
    let house = House::new(&["alice"]);
    house.fake.fail_next(Fault::rate_limited(2));
    house.fake.fail_next(Fault::answer_lost());
    let started = tokio::time::Instant::now();
    assert!(house.has("alice").await.unwrap());
    assert_eq!(house.asked(), 3);
    assert!(started.elapsed() >= Duration::from_secs(2), "it asked us to wait");
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_is_silent_is_given_up_in_time() {
    let house = House::new(&["alice"]);
    house.fake.fail_next(Fault::silence().times(3));
    let error = house.has("alice").await.unwrap_err();
    assert!(error.is_transient());
    insta::assert_snapshot!(told(&error), @"the catalog cannot be read: `https://backstage.test/api/catalog` did not answer within 10 seconds");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_and_not_asked_again_in_vain() {
    let json = |status: StatusCode, message: &str| {
        let body = json!({ "error": { "name": "SomeError", "message": message } }).to_string();
        Fault::answer(status, "application/json", body)
    };
    let mut report = Vec::new();
    for (name, fault) in [
        ("wrong token", json(StatusCode::UNAUTHORIZED, "Illegal token")),
        ("no permission", json(StatusCode::FORBIDDEN, "Unauthorized")),
        ("login page", Fault::login_page()),
        ("redirect", Fault::sso_redirect()),
        ("wrong URL", Fault::answer(StatusCode::NOT_FOUND, "text/html", "<h1>404</h1>")),
        ("bad request", json(StatusCode::BAD_REQUEST, "Malformed\nrequest")),
        ("cut off", Fault::body_cut()),
        ("starting", json(StatusCode::SERVICE_UNAVAILABLE, "Service is starting")),
        ("proxy", Fault::bad_gateway()),
        ("refused", Fault::connection_refused()),
        ("no entity", Fault::answer(StatusCode::OK, "application/json", r#"{"items":[{}]}"#)),
        ("too few", Fault::answer(StatusCode::OK, "application/json", r#"{"items":[]}"#)),
        ("no list", Fault::answer(StatusCode::OK, "application/json", "[]")),
    ] {
        let house = House::hasty(&["alice"]);
        house.fake.fail_next(fault);
        let error = house.has("alice").await.unwrap_err();
        let transient = if error.is_transient() { " (transient)" } else { "" };
        report.push(format!("{name}{transient}: {}", told(&error)));
    }
    insta::assert_snapshot!(report.join("\n"));

    let house = House::new(&["alice"]);
    house.fake.fail_next(json(StatusCode::UNAUTHORIZED, "Illegal token"));
    assert!(house.has("alice").await.is_err());
    assert_eq!(house.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_answers_with_somebody_else_is_not_believed() {
    let house = House::hasty(&["alice", "bob"]);
    let bob = json!({ "items": [{
        "apiVersion": "backstage.io/v1alpha1", "kind": "User", "metadata": { "name": "bob" },
    }] });
    house.fake.fail_next(Fault::answer(StatusCode::OK, "application/json", bob.to_string()));
    let error = house.has("alice").await.unwrap_err();
    insta::assert_snapshot!(told(&error), @"the catalog's answer cannot be used: it holds other entities than those that were asked for");
}

#[tokio::test(start_paused = true)]
async fn many_references_are_asked_for_in_few_requests() {
    let names: Vec<String> = (0..600).map(|number| format!("{}{number}", "n".repeat(58))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let house = House::new(&names);
    let mut refs: Vec<EntityRef> = names.iter().map(|name| user(name)).collect();
    refs.push(user("nobody"));
    refs.push(refs[0].clone());
    let found = house.catalog.entities_by_refs(&refs).await.unwrap();
    let found: Vec<bool> = found.iter().map(Option::is_some).collect();
    assert_eq!(found.len(), 602);
    assert_eq!(found.iter().filter(|found| !**found).count(), 1);
    assert!(!found[600] && found[601]);
    assert_eq!(house.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_turned_for_a_question_for_all() {
    let names: Vec<String> = (0..1001).map(|number| format!("n{number:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let house = House::new(&names);
    let found = house.catalog.entities(&EntityFilter::kind("User")).await.unwrap();
    let found: Vec<&str> = found.iter().map(|entity| &*entity.metadata.name).collect();
    assert_eq!(found, names);
    assert_eq!(house.fake.count("GET", "/entities/by-query"), 3);
}

#[tokio::test(start_paused = true)]
async fn pages_without_an_end_are_given_up() {
    for different_cursors in [1, 2, u64::MAX] {
        let asked = AtomicU64::new(0);
        let endless = move |_: Request<Bytes>| {
            let cursor = asked.fetch_add(1, Ordering::Relaxed) % different_cursors;
            let body = json!({ "items": [], "pageInfo": { "nextCursor": cursor.to_string() } });
            ready(Ok::<_, TransportError>(Response::new(Body::from(body.to_string()))))
        };
        let world = world(endless, &TestClock::new());
        let url = "https://backstage.test/api/catalog".parse().unwrap();
        let catalog = RemoteCatalog::new(&world, url, "token".into());
        let error = catalog.entities(&EntityFilter::all()).await.unwrap_err();
        assert_eq!(
            told(&error),
            "the catalog's answer cannot be used: its pages have no end",
            "{different_cursors}"
        );
        let page = catalog.page(&EntityFilter::all(), NonZeroUsize::MIN, None).await.unwrap();
        assert!(page.entities.is_empty() && page.next.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_the_question_cannot_hold_still_finds_exactly_its_own() {
    let text = "
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: odd }
spec: { profile: { email: 'a,kind=group@example.com' }, memberOf: [] }
";
    let odd = parse_entities("org.yaml", text).into_iter().map(Result::unwrap);
    let house = House::new(&["alice", "bob"]);
    house.fake.replace(entities(&["alice", "bob"]).into_iter().chain(odd));
    let by_email = async |email: &str| {
        let filter = EntityFilter::kind("user").with("spec.profile.email", email);
        house.catalog.entities(&filter).await.unwrap().len()
    };
    assert_eq!(by_email("a,kind=group@example.com").await, 1);
    for nobodys in ["", " ", ",", "kind=user", "alice@example.com,", "42", "null", "true"] {
        assert_eq!(by_email(nobodys).await, 0, "{nobodys:?}");
    }
    assert_eq!(by_email("ALICE@example.com").await, 1);
}

/// Checks what a Backstage backend with `@backstage/plugin-catalog-backend` 4.0.0 answered.
#[tokio::test(start_paused = true)]
async fn the_answers_of_a_real_catalog_are_read() {
    let questions = Arc::new(Mutex::new(Vec::new()));
    let asked = questions.clone();
    let recorded = move |request: Request<Bytes>| {
        let uri = request.uri().to_string();
        asked.lock().unwrap().push(uri.clone());
        async move {
            let body = match uri.rsplit_once('/').map_or("", |(_, route)| route) {
                "by-refs" => include_str!("recorded/by-refs.json"),
                route if route.contains("cursor=") => include_str!("recorded/last-page.json"),
                _ => include_str!("recorded/first-page.json"),
            };
            Ok::<_, TransportError>(Response::new(Body::from(body)))
        }
    };
    let world = world(recorded, &TestClock::new());
    let url = "https://backstage.test/api/catalog/".parse().unwrap();
    let catalog = RemoteCatalog::new(&world, url, "token".into());
    let refs = ["user:default/alice", "component:default/nothing", "component:default/payments"]
        .map(|text| text.parse().unwrap());
    let found = catalog.entities_by_refs(&refs).await.unwrap();
    assert!(found[1].is_none());
    let alice = found[0].as_ref().unwrap();
    assert_eq!(alice.profile_email().unwrap(), Some("Alice@Example.com"));
    assert_eq!(alice.member_of(), ["group:default/payments".parse().unwrap()]);
    assert!(found[2].as_ref().unwrap().coder_spec().is_some());
    let components = catalog.entities(&EntityFilter::kind("component")).await.unwrap();
    let components: Vec<_> = components.iter().map(|one| one.entity_ref().to_string()).collect();
    insta::assert_debug_snapshot!((components, questions.lock().unwrap()));
}
