//! The index is read once, keeps up for the price of what has changed, and survives a crash.

use std::sync::Arc;
use std::time::Duration;

use coder_client::Client;
use coder_client::models::WorkspaceStatus;
use coder_client::operations::{GetWorkspace, RenameWorkspace};
use coder_config::{Repository, ScmIntegrations};
use coder_core::{Lock, later};
use coder_testkit::{FakeCoder, FakeUser, Fault, MemoryIndexStore};
use coder_workspaces::index::{
    IndexReader, IndexSnapshotError, IndexStep, IndexStore as _, RequestBudget, WorkspaceIndex,
};
use coder_workspaces::{NotSearchable, Owner};
use jiff::SignedDuration;

use crate::async_test;
use crate::fake::client;
use crate::support::entity;
use crate::test;

const PAYMENTS: &str = "https://github.com/acme/payments";
const LEDGER: &str = "https://github.com/acme/ledger";

fn empty() -> Lock<WorkspaceIndex> {
    Lock::new(WorkspaceIndex::new(["git_repo"], ScmIntegrations::default()))
}

fn reader(client: &Client) -> IndexReader {
    IndexReader::new(client, RequestBudget::new(10_000))
}

/// Adds this many stopped workspaces of a repository.
fn add(coder: &FakeCoder, owner: &FakeUser, prefix: &str, repository: &str, number: usize) {
    for at in 0..number {
        let new = coder.add_workspace(owner, &format!("{prefix}-{at}"));
        new.parameter("git_repo", repository).parameter("api_key", "s3cr3t").stopped().create();
    }
}

/// Returns the names of the workspaces of an entity with this repository.
fn names(index: &Lock<WorkspaceIndex>, repository: &str) -> Vec<String> {
    let index = index.lock();
    let found = index.of(&entity(repository, &["git_repo"])).unwrap();
    found.iter().map(|workspace| workspace.name.clone()).collect()
}

fn parameter_requests(coder: &FakeCoder) -> usize {
    let is_one = |path: &str| path.ends_with("/parameters");
    coder.requests().iter().filter(|request| is_one(&request.path)).count()
}

#[async_test]
async fn the_parameters_of_a_build_are_read_once_for_ever() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 3);
    let index = empty();
    let client = client(&coder, &dana);
    let mut reader = reader(&client);
    reader.read_all(&index).await.unwrap();
    assert_eq!(names(&index, PAYMENTS).len(), 3);
    assert!(index.lock().is_complete());
    assert_eq!(parameter_requests(&coder), 3);
    coder.advance(Duration::from_secs(3_600));
    reader.read_all(&index).await.unwrap();
    assert_eq!(parameter_requests(&coder), 3);
    let new = coder.add_workspace(&dana, "new").parameter("git_repo", PAYMENTS);
    let new = new.last_used_at(coder.clock().now()).create();
    coder.advance(Duration::from_secs(120));
    reader.read_all(&index).await.unwrap();
    assert_eq!(parameter_requests(&coder), 4);
    assert_eq!(index.lock().get(new).unwrap().name, "new");
}

#[async_test]
async fn every_spelling_of_a_repository_is_found_and_no_other_repository() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "https", PAYMENTS, 1);
    add(&coder, &dana, "ssh", "git@github.com:Acme/payments.git", 1);
    add(&coder, &dana, "page", "https://github.com/acme/payments/pulls", 1);
    add(&coder, &dana, "ledger", LEDGER, 1);
    let index = empty();
    reader(&client(&coder, &dana)).read_all(&index).await.unwrap();
    let page = format!("{PAYMENTS}/tree/main/services");
    assert_eq!(names(&index, &page), ["https-0", "ssh-0"]);
    let index = index.lock();
    let ledger = Repository::from_url(LEDGER, &ScmIntegrations::default()).unwrap();
    assert_eq!(index.of_repository(&ledger).len(), 1);
    assert_eq!(index.of_owner(dana.id).count(), 4);
}

#[async_test]
async fn facets_follow_what_is_added_renamed_stopped_and_deleted() {
    let coder = FakeCoder::builder().workspace_renames(true).build();
    let (dana, ali) = (coder.add_user("dana"), coder.add_user("ali"));
    let root = coder.add_owner("root");
    add(&coder, &dana, "pay", PAYMENTS, 2);
    let kept = coder.add_workspace(&ali, "kept").parameter("git_repo", LEDGER).running().create();
    let gone = coder.add_workspace(&ali, "gone").running().create();
    let index = empty();
    let mut reader = reader(&client(&coder, &root));
    reader.read_all(&index).await.unwrap();
    let owners = |index: &Lock<WorkspaceIndex>| {
        let facets = index.lock().facets().clone();
        (facets.owners.get("ali").copied(), facets.statuses.get("running").copied())
    };
    assert_eq!(owners(&index), (Some(2), Some(2)));
    coder.delete(gone);
    coder.stop(kept);
    let rename = RenameWorkspace::new(kept, "renamed".parse().unwrap());
    client(&coder, &ali).send(&rename).await.unwrap();
    coder.advance(Duration::from_secs(3_600));
    reader.read_all(&index).await.unwrap();
    assert_eq!(owners(&index), (Some(1), None));
    assert_eq!(names(&index, LEDGER), ["renamed"]);
    assert_eq!(index.lock().len(), 3);
}

#[async_test]
async fn one_percent_of_changes_costs_at_most_two_percent_of_a_cold_start() {
    let coder = FakeCoder::new();
    let root = coder.add_owner("root");
    add(&coder, &root, "pay", PAYMENTS, 1_000);
    let index = empty();
    let mut reader = reader(&client(&coder, &root));
    reader.read_all(&index).await.unwrap();
    let cold = coder.requests().len();
    coder.forget_requests();
    let changed: Vec<_> =
        index.lock().workspaces().take(10).map(|workspace| workspace.id).collect();
    changed.into_iter().for_each(|id| coder.start(id));
    coder.advance(Duration::from_secs(3_600));
    reader.read_all(&index).await.unwrap();
    let warm = coder.requests().len();
    assert!(warm * 100 <= cold * 2, "{warm} of {cold}");
    assert_eq!(index.lock().facets().statuses.get("running"), Some(&10));
}

#[async_test]
async fn between_two_whole_lists_only_what_was_used_is_listed() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let long_ago = "2026-01-01T00:00:00Z".parse().unwrap();
    coder.add_workspace(&dana, "old").stopped().last_used_at(long_ago).create();
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.read_all(&index).await.unwrap();
    coder.advance(Duration::from_secs(61));
    coder.forget_requests();
    let new = coder.add_workspace(&dana, "new").parameter("git_repo", PAYMENTS);
    let new = new.last_used_at(coder.clock().now()).create();
    reader.read_all(&index).await.unwrap();
    assert!(coder.requests()[0].query.contains("last_used_after"));
    assert_eq!(coder.requests().len(), 2, "a page, and the parameters of what is new");
    assert!(index.lock().get(new).is_some());
    assert_eq!(index.lock().len(), 2);
}

#[async_test]
async fn no_minute_has_more_requests_than_the_budget() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 40);
    let index = empty();
    let client = client(&coder, &dana);
    let mut reader = IndexReader::new(&client, RequestBudget::new(20));
    let mut minutes = 0;
    loop {
        match reader.step(&index).await.unwrap() {
            IndexStep::Working => {}
            IndexStep::UpToDate(_) => break,
            IndexStep::Paused(until) => {
                assert!(coder.requests().len() <= 20);
                coder.forget_requests();
                let pause = until.duration_since(coder.clock().now());
                coder.advance(pause.unsigned_abs());
                minutes += 1;
            }
        }
    }
    assert_eq!((minutes, names(&index, PAYMENTS).len()), (2, 40));
}

#[async_test]
async fn an_outage_and_a_rate_limit_lead_to_a_pause_and_lose_nothing() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 3);
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    let faults = [
        Fault::bad_gateway(),
        Fault::rate_limited(30),
        Fault::rate_limited(0),
        Fault::answer_lost(),
    ];
    for fault in faults {
        coder.fail_next(fault);
        let step = reader.step(&index).await.unwrap();
        let IndexStep::Paused(until) = step else { panic!("{step:?}") };
        assert!(reader.problem().is_some());
        let pause = until.duration_since(coder.clock().now()).unsigned_abs();
        assert!(pause >= Duration::from_secs(5), "{pause:?}");
        coder.advance(pause);
    }
    reader.read_all(&index).await.unwrap();
    assert!(reader.problem().is_none());
    assert!(index.lock().is_complete());
    assert_eq!(names(&index, PAYMENTS).len(), 3);
}

#[async_test]
async fn a_refused_credential_is_an_error_and_keeps_what_is_known() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 1);
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.read_all(&index).await.unwrap();
    coder.suspend(&dana);
    coder.advance(Duration::from_secs(3_600));
    assert!(reader.read_all(&index).await.is_err());
    assert_eq!(names(&index, PAYMENTS).len(), 1);
    let age = index.lock().age(coder.clock().now()).unwrap();
    assert!(age.as_secs() >= 3_600, "the index tells that it is old: {age}");
}

#[async_test]
async fn what_could_not_be_read_is_told_and_read_later() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 1);
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspacebuilds/").times(3));
    reader.read_all(&index).await.unwrap();
    assert!(!index.lock().is_complete());
    let unread: Vec<_> = index.lock().unread().map(|entry| entry.unread.clone()).collect();
    assert!(unread[0].as_ref().unwrap().contains("502"), "{unread:?}");
    assert!(names(&index, PAYMENTS).is_empty());
    coder.advance(Duration::from_secs(3_600));
    reader.read_all(&index).await.unwrap();
    assert!(index.lock().is_complete());
    assert_eq!(names(&index, PAYMENTS).len(), 1);
}

#[async_test]
async fn a_workspace_that_moves_between_two_pages_is_not_lost() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 250);
    let last = coder.add_workspace(&dana, "zzz").parameter("git_repo", LEDGER).stopped().create();
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    assert_eq!(reader.step(&index).await.unwrap(), IndexStep::Working);
    // As soon as it runs, it belongs to the first page, which was read already.
    coder.start(last);
    coder.advance(Duration::from_secs(60));
    reader.read_all(&index).await.unwrap();
    assert_eq!(names(&index, LEDGER), ["zzz"]);
    assert_eq!(index.lock().len(), 251);
    assert!(index.lock().is_complete());
}

#[async_test]
async fn the_value_of_another_parameter_is_neither_kept_nor_saved() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 1);
    let index = empty();
    reader(&client(&coder, &dana)).read_all(&index).await.unwrap();
    assert!(!format!("{index:?}").contains("s3cr3t"));
    let json = String::from_utf8(index.lock().to_json().unwrap()).unwrap();
    assert!(json.contains(PAYMENTS) && !json.contains("s3cr3t"));
}

#[async_test]
async fn a_token_in_a_repositorys_url_is_neither_kept_nor_saved() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "user", "https://t0ken@github.com/acme/payments", 1);
    add(&coder, &dana, "pass", "https://dana:t0ken@github.com/acme/payments.git", 1);
    let index = empty();
    reader(&client(&coder, &dana)).read_all(&index).await.unwrap();
    assert_eq!(names(&index, PAYMENTS), ["pass-0", "user-0"]);
    assert!(!format!("{index:?}").contains("t0ken"));
}

#[async_test]
async fn an_entity_that_the_index_cannot_answer_for_says_why() {
    let index = empty();
    let index = index.lock();
    let of = |keys: &[&str]| index.of(&entity(PAYMENTS, keys)).map(|found| found.len());
    assert_eq!(of(&["GIT_REPO"]), Ok(0));
    assert_eq!(of(&[]), Err(NotSearchable::NoParamKeys));
    assert_eq!(of(&["repo"]), Err(NotSearchable::NotIndexed { key: "repo".to_owned() }));
}

#[async_test]
async fn an_index_of_ones_own_workspaces_holds_no_others() {
    let coder = FakeCoder::new();
    let (root, dana) = (coder.add_owner("root"), coder.add_user("dana"));
    add(&coder, &root, "own", PAYMENTS, 1);
    add(&coder, &dana, "others", PAYMENTS, 1);
    let index = empty();
    reader(&client(&coder, &root)).owner(Owner::Me).read_all(&index).await.unwrap();
    assert_eq!(names(&index, PAYMENTS), ["own-0"]);
}

#[async_test]
async fn a_cold_start_that_crashes_goes_on_from_what_was_saved() {
    let coder = FakeCoder::new();
    let root = coder.add_owner("root");
    add(&coder, &root, "pay", PAYMENTS, 600);
    let client = client(&coder, &root);
    let store = Arc::new(MemoryIndexStore::default());
    let mut first = reader(&client).store(store.clone());
    let index = empty();
    // The crash comes after 520 builds, of which 504 are saved.
    while index.lock().len() < 520 {
        assert_eq!(first.step(&index).await.unwrap(), IndexStep::Working);
    }
    let progress = first.progress(&index.lock());
    assert_eq!((progress.indexed, progress.waiting), (520, 80));
    drop((first, index));
    coder.forget_requests();
    let saved = store.load().await.unwrap().unwrap();
    let index = WorkspaceIndex::from_json(&saved, ["git_repo"], ScmIntegrations::default());
    let index = Lock::new(index.unwrap());
    reader(&client).store(store).read_all(&index).await.unwrap();
    assert_eq!(parameter_requests(&coder), 96);
    assert_eq!(names(&index, PAYMENTS).len(), 600);
}

#[async_test]
async fn a_saved_index_of_fewer_parameters_is_read_anew() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 1);
    let index = empty();
    reader(&client(&coder, &dana)).read_all(&index).await.unwrap();
    let json = index.lock().to_json().unwrap();
    let load = |keys: &[&str]| {
        WorkspaceIndex::from_json(&json, keys, ScmIntegrations::default()).unwrap().len()
    };
    assert_eq!((load(&["git_repo"]), load(&["git_repo", "repo"])), (1, 0));
}

#[test]
fn a_damaged_index_is_an_error_and_no_empty_one() {
    let load = |json: &str| {
        let integrations = ScmIntegrations::default();
        WorkspaceIndex::from_json(json.as_bytes(), ["git_repo"], integrations).unwrap_err()
    };
    assert!(matches!(load("{"), IndexSnapshotError::Damaged(_)));
    assert!(matches!(load(r#"{"version":1,"keys":[]}"#), IndexSnapshotError::Damaged(_)));
    assert!(matches!(load(r#"{"version":2}"#), IndexSnapshotError::Version { found: 2 }));
}

#[async_test]
async fn news_from_elsewhere_is_shown_at_once_unless_something_newer_is_known() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let id = coder.add_workspace(&dana, "pay").running().create();
    let client = client(&coder, &dana);
    let (index, mut reader) = (empty(), reader(&client));
    let mut told = client.send(&GetWorkspace::new(id)).await.unwrap();
    told.latest_build.status = WorkspaceStatus::Stopping;
    let before = coder.clock().now();
    coder.advance(Duration::from_secs(10));
    reader.read_all(&index).await.unwrap();
    let status = || index.lock().get(id).map(|entry| entry.status.clone());
    index.lock().update(&told, before);
    assert_eq!(status(), Some(WorkspaceStatus::Running));
    coder.advance(Duration::from_secs(10));
    index.lock().update(&told, coder.clock().now());
    assert_eq!(status(), Some(WorkspaceStatus::Stopping));
    told.latest_build.status = WorkspaceStatus::Deleted;
    index.lock().update(&told, before);
    assert_eq!(status(), Some(WorkspaceStatus::Stopping));
    index.lock().update(&told, coder.clock().now());
    assert_eq!(status(), None);
}

#[async_test]
async fn a_page_that_is_older_than_what_is_known_changes_nothing() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let [stopped, deleted] =
        ["one", "two"].map(|name| coder.add_workspace(&dana, name).running().create());
    let client = client(&coder, &dana);
    let (index, mut reader) = (empty(), reader(&client));
    reader.read_all(&index).await.unwrap();
    let read = async |id| client.send(&GetWorkspace::new(id)).await.unwrap();
    let (mut one, mut two) = (read(stopped).await, read(deleted).await);
    one.latest_build.status = WorkspaceStatus::Stopping;
    two.latest_build.status = WorkspaceStatus::Deleted;
    // The news is of a moment while the page, which still has both as they were, is under way.
    let news = later(coder.clock().now(), SignedDuration::from_mins(20));
    index.lock().update(&one, news);
    index.lock().update(&two, news);
    coder.advance(Duration::from_secs(20 * 60 - 1));
    reader.read_all(&index).await.unwrap();
    let status = |id| index.lock().get(id).map(|entry| entry.status.clone());
    assert_eq!(status(stopped), Some(WorkspaceStatus::Stopping));
    assert_eq!(status(deleted), None);
    // A later list tells how it is.
    coder.advance(Duration::from_secs(20 * 60));
    reader.read_all(&index).await.unwrap();
    assert_eq!(status(stopped), Some(WorkspaceStatus::Running));
    assert_eq!(status(deleted), Some(WorkspaceStatus::Running));
}

#[async_test]
async fn news_from_before_the_clock_was_set_back_does_not_stop_the_index() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let id = coder.add_workspace(&dana, "pay").running().create();
    let client = client(&coder, &dana);
    let (index, mut reader) = (empty(), reader(&client));
    reader.read_all(&index).await.unwrap();
    let told = client.send(&GetWorkspace::new(id)).await.unwrap();
    index.lock().update(&told, later(coder.clock().now(), SignedDuration::from_hours(24)));
    coder.stop(id);
    coder.advance(Duration::from_secs(20 * 60));
    reader.read_all(&index).await.unwrap();
    assert_eq!(index.lock().get(id).unwrap().status, WorkspaceStatus::Stopped);
}

#[async_test]
async fn builds_that_coder_cannot_read_hold_up_no_others() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let bad: Vec<_> = (0..12)
        .map(|at| coder.add_workspace(&dana, &format!("bad-{at}")).stopped().create())
        .collect();
    add(&coder, &dana, "pay", PAYMENTS, 30);
    for id in &bad {
        let build = coder.workspace(*id).latest_build.id;
        let path = format!("/api/v2/workspacebuilds/{build}/parameters");
        coder.fail_next(Fault::bad_gateway().on(&path).times(100));
    }
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    let mut steps = 0;
    loop {
        steps += 1;
        match reader.step(&index).await.unwrap() {
            IndexStep::Working => {}
            IndexStep::UpToDate(_) => break,
            IndexStep::Paused(until) => panic!("it waits until {until} after {steps} steps"),
        }
    }
    assert_eq!(names(&index, PAYMENTS).len(), 30);
    assert_eq!(index.lock().unread().count(), 12);
}

#[async_test]
async fn what_is_missing_in_great_number_is_listed_again_and_not_asked_for_one_by_one() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let new = |at| coder.add_workspace(&dana, &format!("pay-{at}")).stopped().create();
    let workspaces: Vec<_> = (0..300).map(new).collect();
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.read_all(&index).await.unwrap();
    workspaces.iter().take(250).for_each(|id| coder.delete(*id));
    coder.advance(Duration::from_secs(20 * 60));
    coder.forget_requests();
    reader.read_all(&index).await.unwrap();
    assert_eq!(index.lock().len(), 50);
    assert_eq!(coder.requests().len(), 2, "two lists of one page");
}

#[async_test]
async fn a_build_under_way_is_asked_for_until_it_has_ended() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let id = coder.add_workspace(&dana, "pay").running().create();
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    coder.stop(id);
    reader.read_all(&index).await.unwrap();
    let status = || index.lock().get(id).unwrap().status.clone();
    assert_eq!(status(), WorkspaceStatus::Pending);
    for _ in 0..2 {
        coder.advance(Duration::from_secs(61));
        coder.forget_requests();
        reader.read_all(&index).await.unwrap();
    }
    assert_eq!(status(), WorkspaceStatus::Stopped);
    assert_eq!(coder.count("GET", &format!("/api/v2/workspaces/{id}")), 0, "it has ended");
}

#[async_test]
async fn a_saved_index_tells_what_was_still_to_be_read() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 3);
    let index = empty();
    reader(&client(&coder, &dana)).step(&index).await.unwrap();
    let saved = index.lock().to_json().unwrap();
    let loaded = WorkspaceIndex::from_json(&saved, ["git_repo"], ScmIntegrations::default());
    let loaded = loaded.unwrap();
    assert_eq!((loaded.len(), loaded.waiting()), (0, 3));
    assert!(loaded.listed_at().is_some() && !loaded.is_complete());
}

#[async_test]
async fn the_question_whether_coder_is_away_is_paid_from_the_budget() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 3);
    let index = empty();
    let mut reader = IndexReader::new(&client(&coder, &dana), RequestBudget::new(4));
    coder.fail_next(Fault::bad_gateway().on("/api/v2/workspacebuilds/").times(100));
    while reader.step(&index).await.unwrap() == IndexStep::Working {}
    assert_eq!(coder.requests().len(), 4);
}

#[async_test]
async fn what_is_answered_beside_a_refusal_is_kept() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 8);
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.step(&index).await.unwrap();
    coder.fail_next(Fault::rate_limited(30).on("/api/v2/workspacebuilds/"));
    assert!(matches!(reader.step(&index).await.unwrap(), IndexStep::Paused(_)));
    let index = index.lock();
    assert_eq!((index.len(), index.waiting()), (7, 1));
}

#[async_test]
async fn only_two_whole_lists_in_a_row_take_workspaces_out() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "pay", PAYMENTS, 3);
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.read_all(&index).await.unwrap();
    let empty_list = || {
        let body = r#"{"workspaces":[],"count":0}"#;
        Fault::answer(http::StatusCode::OK, "application/json", body).on("/api/v2/workspaces")
    };
    for _ in 0..2 {
        coder.fail_next(empty_list());
        coder.advance(Duration::from_secs(20 * 60));
        reader.read_all(&index).await.unwrap();
        assert_eq!(index.lock().len(), 3);
    }
    coder.fail_next(empty_list().times(2));
    coder.advance(Duration::from_secs(20 * 60));
    reader.read_all(&index).await.unwrap();
    assert!(index.lock().is_empty());
}

#[async_test]
async fn builds_that_never_end_do_not_take_the_whole_budget() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    for at in 0..40 {
        coder.add_workspace(&dana, &format!("stuck-{at}")).pending().create();
    }
    let index = empty();
    let mut reader = reader(&client(&coder, &dana));
    reader.read_all(&index).await.unwrap();
    coder.advance(Duration::from_secs(61));
    coder.forget_requests();
    reader.read_all(&index).await.unwrap();
    assert_eq!(coder.requests().len(), 33, "a list, and 32 of 40");
}
