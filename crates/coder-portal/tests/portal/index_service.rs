//! The index of a service account: read in the background, warm after a restart, read by one replica.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coder_core::Lock;
use coder_testkit::{FakeCoder, FakeUser, Fault};
use coder_workspaces::index::{IndexStore, IndexStoreError};
use http::StatusCode;
use jiff::SignedDuration;
use tokio::task::JoinHandle;

use crate::index::{PAYMENTS, add, names};
use crate::support::{CATALOG, House, Page};

/// A store in memory, whose lease is given or not.
#[derive(Clone)]
pub(crate) struct Shelf {
    saved: Arc<Lock<Option<Vec<u8>>>>,
    loads: Arc<AtomicUsize>,
    is_free: Arc<AtomicBool>,
}

impl Shelf {
    /// Sets whether a lease is given.
    pub(crate) fn lend(&self, is_free: bool) {
        self.is_free.store(is_free, Ordering::SeqCst);
    }
}

impl Default for Shelf {
    fn default() -> Self {
        let is_free = Arc::new(AtomicBool::new(true));
        Self { saved: Arc::default(), loads: Arc::default(), is_free }
    }
}

#[async_trait]
impl IndexStore for Shelf {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        Ok(self.saved.lock().clone())
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        *self.saved.lock() = Some(index);
        Ok(())
    }

    async fn lease(&self, _: SignedDuration) -> Result<bool, IndexStoreError> {
        Ok(self.is_free.load(Ordering::SeqCst))
    }
}

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
pub(crate) fn read_with(house: &House, store: &Shelf) -> Reader {
    Reader(tokio::spawn(house.portal.index_reader(Some(Arc::new(store.clone())))))
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
    let store = Shelf::default();
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
    let store = Shelf::default();
    let first = house(coder.clone(), &service, "everyone");
    let reader = read_with(&first, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(reader);
    let whole = store.saved.lock().clone().unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    for (saved, token) in [(half, &service), (b"nonsense".to_vec(), &service), (whole, &alice)] {
        *store.saved.lock() = Some(saved);
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
    let store = Shelf::default();
    let reading = house(coder.clone(), &service, "everyone");
    let reader = read_with(&reading, &store);
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(reader);
    let other = house(coder.clone(), &service, "everyone");
    let page = Page::open(&other, &alice).await;
    store.is_free.store(false, Ordering::SeqCst);
    let _reader = read_with(&other, &store);
    coder.forget_requests();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(page.cost().is_empty(), "the lease is somebody else's");
    assert!(store.loads.load(Ordering::SeqCst) > 3);
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["pay", "script"]);
    // The other one has died.
    store.is_free.store(true, Ordering::SeqCst);
    add(&coder, &alice, "new", "payments");
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(names(page.get("/index/workspaces").await.json()), ["new", "pay", "script"]);
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
