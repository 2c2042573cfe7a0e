//! An index for certain entities is read in the way that takes fewer requests.

use std::time::Duration;

use coder_client::operations::CreateWorkspaceBuild;
use coder_config::ScmIntegrations;
use coder_core::Lock;
use coder_testkit::{FakeCoder, FakeUser, Fault};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{IndexReader, RequestBudget, WorkspaceIndex};
use http::StatusCode;

use crate::async_test;
use crate::fake::client;
use crate::support::entity;

const PAYMENTS: &str = "https://github.com/acme/payments";

/// Makes a portal with this many entities, of which the first one is about payments.
fn entities(number: usize) -> Vec<EntityWorkspacesConfig> {
    let others = (1..number).map(|at| format!("https://github.com/acme/service-{at}"));
    let all = [PAYMENTS.to_owned()].into_iter().chain(others);
    all.take(number).map(|repository| entity(&repository, &["git_repo"])).collect()
}

struct Company {
    coder: FakeCoder,
    root: FakeUser,
    index: Lock<WorkspaceIndex>,
    reader: IndexReader,
}

impl Company {
    fn new(number_of_entities: usize, number_of_workspaces: usize) -> Self {
        let coder = FakeCoder::new();
        let root = coder.add_owner("root");
        for at in 0..number_of_workspaces {
            let new = coder.add_workspace(&root, &format!("other-{at}"));
            new.parameter("git_repo", "https://github.com/else/where").stopped().create();
        }
        let index = Lock::new(WorkspaceIndex::new(["git_repo"], ScmIntegrations::default()));
        let reader = IndexReader::new(&client(&coder, &root), RequestBudget::new(10_000));
        let reader = reader.entities(entities(number_of_entities));
        Self { coder, root, index, reader }
    }

    fn add(&self, name: &str, repository: &str) {
        let new = self.coder.add_workspace(&self.root, name).parameter("git_repo", repository);
        new.last_used_at(self.coder.clock().now()).create();
    }

    /// Reads until the index is up to date, and returns the number of requests.
    async fn read(&mut self) -> usize {
        self.coder.forget_requests();
        self.reader.read_all(&self.index).await.unwrap();
        self.coder.requests().len()
    }

    /// Returns the names of all workspaces in the index.
    fn names(&self) -> Vec<String> {
        let index = self.index.lock();
        let mut names: Vec<_> = index.workspaces().map(|entry| entry.name.clone()).collect();
        names.sort();
        names
    }
}

#[async_test]
async fn the_workspaces_of_a_few_entities_cost_one_search_and_their_own_parameters() {
    let mut company = Company::new(20, 500);
    company.add("pay", PAYMENTS);
    company.add("pay-too", "git@github.com:acme/payments.git");
    company.add("service", "https://github.com/acme/service-7");
    assert_eq!(company.read().await, 1 + 3);
    assert_eq!(company.names(), ["pay", "pay-too", "service"]);
    let found = company.index.lock().of(&entity(PAYMENTS, &["git_repo"])).unwrap().len();
    assert_eq!(found, 2);
    assert!(company.index.lock().is_complete());
}

#[async_test]
async fn three_hundred_entities_are_searched_for_with_a_handful_of_requests() {
    let mut company = Company::new(300, 500);
    company.add("pay", PAYMENTS);
    // The number of workspaces, six searches, and the parameters of one build.
    assert_eq!(company.read().await, 1 + 6 + 1);
    assert_eq!(company.names(), ["pay"]);
}

#[async_test]
async fn all_workspaces_are_listed_where_that_takes_fewer_requests_than_searches() {
    let mut company = Company::new(300, 2);
    company.add("pay", PAYMENTS);
    // The number of workspaces, the page with all of them, and the parameters of three builds.
    assert_eq!(company.read().await, 1 + 1 + 3);
    assert_eq!(company.names(), ["other-0", "other-1", "pay"]);
}

#[async_test]
async fn a_search_that_a_proxy_finds_too_long_is_made_shorter_and_stays_so() {
    let mut company = Company::new(40, 500);
    company.add("pay", PAYMENTS);
    let too_long = Fault::answer(StatusCode::URI_TOO_LONG, "text/html", "<h1>too long</h1>");
    company.coder.fail_next(too_long.on("/api/v2/workspaces?").times(2));
    // Refused twice; then a quarter of the length is taken.
    assert_eq!(company.read().await, 2 + 3 + 1);
    assert_eq!(company.names(), ["pay"]);
    company.coder.advance(Duration::from_secs(3_600));
    // The number of workspaces, and the searches.
    assert_eq!(company.read().await, 1 + 3);
}

#[async_test]
async fn a_search_that_is_refused_at_any_length_is_an_error() {
    let mut company = Company::new(2, 3);
    let refused = Fault::answer(StatusCode::BAD_REQUEST, "text/html", "no");
    company.coder.fail_next(refused.on("/api/v2/workspaces?").times(usize::MAX));
    assert!(company.reader.read_all(&company.index).await.is_err());
}

#[async_test]
async fn between_two_searches_only_what_was_used_is_searched_for() {
    let mut company = Company::new(20, 500);
    company.read().await;
    company.coder.advance(Duration::from_secs(61));
    company.add("pay", PAYMENTS);
    company.add("elsewhere", "https://github.com/else/where");
    assert_eq!(company.read().await, 1 + 1);
    assert!(company.coder.requests()[0].query.contains("last_used_after"));
    assert_eq!(company.names(), ["pay"]);
}

#[async_test]
async fn a_workspace_that_no_longer_belongs_to_an_entity_leaves_the_index() {
    let mut company = Company::new(20, 500);
    company.add("pay", PAYMENTS);
    company.add("gone", PAYMENTS);
    company.read().await;
    let id = |name: &str| {
        let index = company.index.lock();
        let found = index.workspaces().find(|entry| entry.name == name).map(|entry| entry.id);
        found.unwrap()
    };
    let (moved, gone) = (id("pay"), id("gone"));
    company.coder.delete(gone);
    let start = CreateWorkspaceBuild::start(moved);
    let start = start.parameter("git_repo", "https://github.com/else/where");
    client(&company.coder, &company.root).send(&start).await.unwrap();
    company.coder.advance(Duration::from_secs(3_600));
    company.read().await;
    assert!(company.index.lock().of(&entity(PAYMENTS, &["git_repo"])).unwrap().is_empty());
    company.coder.advance(Duration::from_secs(3_600));
    company.read().await;
    assert!(company.names().is_empty());
}

#[async_test]
async fn entities_without_a_repository_cost_no_request() {
    let mut company = Company::new(0, 3);
    assert_eq!(company.read().await, 0);
    assert!(company.index.lock().is_complete());
}

#[async_test]
async fn entities_without_a_repository_have_no_workspaces_between_two_searches_either() {
    let mut company = Company::new(0, 3);
    company.read().await;
    for name in ["one", "two", "three"] {
        company.coder.advance(Duration::from_secs(61));
        company.add(name, PAYMENTS);
        assert_eq!(company.read().await, 0);
        assert!(company.names().is_empty());
        assert!(company.index.lock().is_complete());
    }
}
