//! The report tells what has no counterpart on the other side, and why.

use coder_config::ScmIntegrations;
use coder_core::{Lock, earlier};
use coder_testkit::{FakeCoder, FakeUser};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{
    IndexReader, NoEntity, OwnershipReport, RequestBudget, WorkspaceIndex,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::async_test;
use crate::fake::client;
use crate::support::entity;

const KEYS: [&str; 2] = ["git_repo", "docs_repo"];

fn add(coder: &FakeCoder, owner: &FakeUser, name: &str, parameter: &str, value: &str) {
    let new = coder.add_workspace(owner, name).parameter(parameter, value);
    new.last_used_at(coder.clock().now()).create();
}

async fn read(coder: &FakeCoder, user: &FakeUser) -> Lock<WorkspaceIndex> {
    let index = Lock::new(WorkspaceIndex::new(KEYS, ScmIntegrations::default()));
    let mut reader = IndexReader::new(&client(coder, user), RequestBudget::default());
    reader.read_all(&index).await.unwrap();
    index
}

fn report(coder: &FakeCoder, index: &Lock<WorkspaceIndex>) -> Value {
    let entities: [(&str, EntityWorkspacesConfig); 3] = [
        ("component:default/payments", entity("https://github.com/acme/payments", &["git_repo"])),
        ("component:default/ledger", entity("https://github.com/acme/ledger", &["git_repo"])),
        ("component:default/empty", entity("https://github.com/acme/empty", &["git_repo"])),
    ];
    let entities = entities.iter().map(|(name, config)| (*name, config));
    let (now, month) = (coder.clock().now(), SignedDuration::from_hours(30 * 24));
    serde_json::to_value(OwnershipReport::new(&index.lock(), entities, now, month)).unwrap()
}

/// Returns the reasons by the names of the workspaces, without the workspaces themselves.
fn reasons(report: &Value) -> Value {
    let orphans = report["workspacesWithoutEntity"].as_array().unwrap();
    let reasons = orphans.iter().map(|orphan| {
        let mut reason = orphan.as_object().unwrap().clone();
        let name = reason.remove("name").unwrap().as_str().unwrap().to_owned();
        for other in ["id", "ownerName", "lastUsedAt"] {
            reason.remove(other).unwrap();
        }
        (name, Value::Object(reason))
    });
    Value::Object(reasons.collect())
}

#[async_test]
async fn each_workspace_without_an_entity_says_why_and_what_it_nearly_belongs_to() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    add(&coder, &dana, "fine", "git_repo", "git@github.com:acme/payments.git");
    add(&coder, &dana, "ledger", "git_repo", "https://github.com/acme/ledger");
    add(&coder, &dana, "slip", "git_repo", "https://github.com/acme/paymnets");
    add(&coder, &dana, "fork", "git_repo", "https://github.com/dana/payments");
    add(&coder, &dana, "mirror", "git_repo", "https://gitlab.com/acme/payments");
    add(&coder, &dana, "foreign", "git_repo", "https://github.com/else/where");
    add(&coder, &dana, "words", "git_repo", "the payments one");
    add(&coder, &dana, "docs", "docs_repo", "https://github.com/acme/payments");
    add(&coder, &dana, "none", "region", "eu");
    add(&coder, &dana, "blank", "git_repo", " ");
    let report = report(&coder, &read(&coder, &dana).await);
    assert_eq!(report["entitiesWithoutWorkspaces"], json!(["component:default/empty"]));
    let near = |difference: &str| {
        json!({
            "entity": "component:default/payments",
            "repository": "https://github.com/acme/payments",
            "difference": difference,
        })
    };
    let not_in_catalog = |value: &str, near_miss: Value| json!({ "reason": "not-in-catalog", "value": value, "nearMiss": near_miss });
    assert_eq!(
        reasons(&report),
        json!({
            "slip": not_in_catalog("https://github.com/acme/paymnets", near("name")),
            "fork": not_in_catalog("https://github.com/dana/payments", near("owner")),
            "mirror": not_in_catalog("https://gitlab.com/acme/payments", near("host")),
            "foreign": not_in_catalog("https://github.com/else/where", Value::Null),
            "words": {
                "reason": "no-repository", "parameter": "git_repo", "value": "the payments one",
            },
            "docs": {
                "reason": "other-parameter",
                "parameter": "docs_repo",
                "entity": "component:default/payments",
            },
            "none": { "reason": "no-parameter" },
            "blank": { "reason": "no-parameter" },
        })
    );
    assert_eq!(report["staleWorkspaces"], json!([]));
}

#[async_test]
async fn a_workspace_that_nobody_uses_is_stale_whether_it_belongs_to_an_entity_or_not() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let payments = "https://github.com/acme/payments";
    for (name, days) in [("old", 31), ("recent", 29)] {
        let then = earlier(coder.clock().now(), SignedDuration::from_hours(days * 24));
        let new = coder.add_workspace(&dana, name).parameter("git_repo", payments);
        new.last_used_at(then).create();
    }
    let report = report(&coder, &read(&coder, &dana).await);
    let stale = report["staleWorkspaces"].as_array().unwrap();
    let names: Vec<_> = stale.iter().map(|workspace| &workspace["name"]).collect();
    assert_eq!(names, ["old"]);
    assert_eq!(report["workspacesWithoutEntity"], json!([]));
}

#[async_test]
async fn near_misses_are_looked_for_where_they_are_asked_for_and_among_names_of_a_usual_length() {
    let coder = FakeCoder::new();
    let dana = coder.add_user("dana");
    let long = "x".repeat(101);
    add(&coder, &dana, "a-slip", "git_repo", "https://github.com/acme/paymnets");
    add(&coder, &dana, "b-slip", "git_repo", "https://github.com/acme/paymentz");
    add(&coder, &dana, "c-long", "git_repo", &format!("https://github.com/acme/{long}"));
    let index = read(&coder, &dana).await;
    let entities = [
        ("component:default/payments", entity("https://github.com/acme/payments", &["git_repo"])),
        (
            "component:default/long",
            entity(&format!("https://github.com/acme/{long}y"), &["git_repo"]),
        ),
    ];
    let found = |places| {
        let entities = entities.iter().map(|(name, config)| (*name, config));
        let (now, month) = (coder.clock().now(), SignedDuration::from_hours(30 * 24));
        let report =
            OwnershipReport::visible(&index.lock(), entities, now, month, |_| true, places);
        let orphans = report.workspaces_without_entity;
        orphans.into_iter().map(|one| match one.reason {
            NoEntity::NotInCatalog { near_miss, .. } => near_miss.is_some(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(found(0..usize::MAX).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(found(1..2).collect::<Vec<_>>(), [false, true, false]);
}
