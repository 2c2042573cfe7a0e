//! The rules of [`Catalog`].
//!
//! Every function wants a catalog that holds exactly the entities of [`ENTITIES`].

use std::num::NonZeroUsize;

use backstage_catalog::{Catalog, CatalogError, EntityFilter};
use coder_config::{Entity, EntityRef, parse_entities};

use crate::misuse::misuse;

/// The entities a catalog under test has to hold, as the text of a catalog file.
pub const ENTITIES: &str = include_str!("catalog-info.yaml");

/// Returns the entities of [`ENTITIES`].
pub fn entities() -> Vec<Entity> {
    parse_entities("catalog-info.yaml", ENTITIES)
        .into_iter()
        .map(|entity| entity.unwrap_or_else(|error| misuse(&error.to_string())))
        .collect()
}

/// Makes one test of each rule of [`Catalog`](backstage_catalog::Catalog).
///
/// The first argument is the attribute that makes a test; the second an expression, evaluated in
/// each test, that gives a catalog of the entities of
/// [`ENTITIES`](crate::conformance::catalog::ENTITIES).
///
/// ```
/// use backstage_catalog::MemoryCatalog;
/// use coder_testkit::conformance::catalog::entities;
///
/// mod memory {
///     # use super::*;
///     coder_testkit::catalog_tests!(tokio::test, MemoryCatalog::new(entities()));
/// }
/// # fn main() {}
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
#[macro_export]
macro_rules! catalog_tests {
    ($test:meta, $catalog:expr) => {
        $crate::catalog_tests! {
            @cases $test, $catalog;
            an_entity_is_found_by_its_reference
            a_reference_has_no_case
            kind_and_namespace_tell_entities_apart
            an_unknown_reference_finds_nothing
            without_conditions_everything_is_listed_in_order
            kinds_are_compared_without_case
            values_are_compared_along_a_path
            every_condition_must_be_met
            a_path_alone_asks_whether_there_is_anything
            entities_arrive_as_they_were_written
            many_references_are_answered_in_their_order
            pages_hold_every_entity_once
            a_page_keeps_the_filter
            a_value_matches_itself_and_nothing_else
            a_user_is_a_member_of_the_groups_that_either_of_them_names
        }
    };
    (@cases $test:meta, $catalog:expr; $($case:ident)+) => {$(
        #[$test]
        async fn $case() {
            let catalog = $catalog;
            $crate::conformance::catalog::$case(&catalog).await;
        }
    )+};
}

/// Returns the answer of the catalog; a failure fails the test.
#[track_caller]
fn answered<T>(answer: Result<T, CatalogError>) -> T {
    answer.unwrap_or_else(|error| misuse(&format!("the catalog does not answer: {error}")))
}

#[track_caller]
fn reference(text: &str) -> EntityRef {
    text.parse().unwrap_or_else(|_| misuse(&format!("`{text}` is no reference")))
}

async fn title(catalog: &dyn Catalog, entity_ref: &str) -> Option<String> {
    let entity = answered(catalog.entity(&reference(entity_ref)).await);
    entity.map(|entity| entity.metadata.title.clone().unwrap_or_default())
}

/// Returns the references of the entities that a filter finds.
async fn found(catalog: &dyn Catalog, filter: EntityFilter) -> Vec<String> {
    let entities = answered(catalog.entities(&filter).await);
    entities.iter().map(|entity| entity.entity_ref().to_string()).collect()
}

/// Checks that a full reference leads to its entity.
pub async fn an_entity_is_found_by_its_reference(catalog: &dyn Catalog) {
    let title = title(catalog, "component:default/payments").await;
    assert_eq!(title.as_deref(), Some("Payments"));
}

/// Checks that references are compared without case, names included.
pub async fn a_reference_has_no_case(catalog: &dyn Catalog) {
    assert_eq!(title(catalog, "Component:Default/PAYMENTS").await.as_deref(), Some("Payments"));
    assert_eq!(title(catalog, "user:default/alice").await.as_deref(), Some("Alice"));
}

/// Checks that the same name in another namespace or of another kind is another entity.
pub async fn kind_and_namespace_tell_entities_apart(catalog: &dyn Catalog) {
    let other = title(catalog, "component:other/payments").await;
    assert_eq!(other.as_deref(), Some("Payments of others"));
    assert_eq!(title(catalog, "group:default/payments").await.as_deref(), Some("Payments team"));
}

/// Checks that an entity that is not there is `None`, and not an error.
pub async fn an_unknown_reference_finds_nothing(catalog: &dyn Catalog) {
    for unknown in ["component:default/nothing", "api:default/payments", "user:other/alice"] {
        assert_eq!(title(catalog, unknown).await, None, "{unknown}");
    }
}

/// Checks that each entity is listed once, ordered by its reference.
pub async fn without_conditions_everything_is_listed_in_order(catalog: &dyn Catalog) {
    assert_eq!(
        found(catalog, EntityFilter::all()).await,
        [
            "component:default/payments",
            "component:default/web",
            "component:other/payments",
            "group:default/payments",
            "user:default/alice",
            "user:default/bob",
        ]
    );
}

/// Checks that `kind` is compared without case.
pub async fn kinds_are_compared_without_case(catalog: &dyn Catalog) {
    let users = ["user:default/alice", "user:default/bob"];
    for kind in ["User", "user", "USER"] {
        assert_eq!(found(catalog, EntityFilter::kind(kind)).await, users, "{kind}");
    }
    assert!(found(catalog, EntityFilter::kind("Users")).await.is_empty());
}

/// Checks that a path leads through maps, whose keys may hold dots and slashes, and into lists, and
/// that values are compared as text without case.
pub async fn values_are_compared_along_a_path(catalog: &dyn Catalog) {
    for (path, value, references) in [
        ("metadata.name", "Payments", 3),
        ("metadata.namespace", "default", 5),
        ("metadata.annotations.coder.com/user-id", "42", 1),
        ("metadata.tags", "RUST", 2),
        ("spec.type", "service", 1),
        ("spec.profile.email", "ALICE@example.com", 1),
        ("spec.profile.email", "alice@example.co", 0),
        ("spec.replicas", "3", 1),
        ("spec.public", "true", 1),
        ("spec", "service", 0),
    ] {
        let filter = EntityFilter::all().with(path, value);
        assert_eq!(found(catalog, filter).await.len(), references, "{path}={value}");
    }
}

/// Checks that conditions are and-ed, two on the same path too.
pub async fn every_condition_must_be_met(catalog: &dyn Catalog) {
    let tagged = EntityFilter::kind("component").with("metadata.tags", "rust");
    assert_eq!(found(catalog, tagged.clone()).await.len(), 2);
    let both = tagged.clone().with("metadata.tags", "payments");
    assert_eq!(found(catalog, both).await, ["component:default/payments"]);
    assert!(found(catalog, tagged.with("metadata.name", "alice")).await.is_empty());
}

/// Checks that a path without a value asks whether there is anything.
pub async fn a_path_alone_asks_whether_there_is_anything(catalog: &dyn Catalog) {
    let with_coder = EntityFilter::all().having("spec.coder");
    assert_eq!(found(catalog, with_coder).await, ["component:default/payments"]);
    let with_email = EntityFilter::kind("user").having("spec.profile.email");
    assert_eq!(found(catalog, with_email).await, ["user:default/alice"]);
}

/// Checks that annotations, tags and `spec` are what the file says.
pub async fn entities_arrive_as_they_were_written(catalog: &dyn Catalog) {
    for written in entities() {
        let entity = answered(catalog.entity(written.entity_ref()).await);
        let Some(entity) = entity else { misuse(&format!("no {}", written.entity_ref())) };
        assert_eq!(entity.kind, written.kind);
        assert_eq!(entity.metadata.tags, written.metadata.tags);
        assert_eq!(entity.metadata.title, written.metadata.title);
        assert_eq!(entity.spec, written.spec);
        for (name, value) in &written.metadata.annotations {
            assert_eq!(entity.annotation(name), Some(value.as_str()), "{name}");
        }
        assert_eq!(entity.coder_spec().is_some(), written.coder_spec().is_some());
    }
}

/// Checks that many references are answered in the order they were asked in, each as if it were
/// alone.
pub async fn many_references_are_answered_in_their_order(catalog: &dyn Catalog) {
    let asked = ["user:default/bob", "user:default/nobody", "Component:Other/payments", "user:bob"];
    let refs = asked.map(reference);
    let found = answered(catalog.entities_by_refs(&refs).await);
    let found: Vec<Option<String>> =
        found.iter().map(|entity| Some(entity.as_ref()?.entity_ref().to_string())).collect();
    let bob = Some("user:default/bob".to_owned());
    let payments = Some("component:other/payments".to_owned());
    assert_eq!(found, [bob.clone(), None, payments, bob]);
    assert!(answered(catalog.entities_by_refs(&[]).await).is_empty());
}

/// Returns the references on all pages, page by page.
async fn pages(catalog: &dyn Catalog, filter: &EntityFilter, limit: usize) -> Vec<Vec<String>> {
    let Some(limit) = NonZeroUsize::new(limit) else { misuse("a page holds something") };
    let mut pages = Vec::new();
    let mut cursor = None;
    while pages.len() < 100 {
        let page = answered(catalog.page(filter, limit, cursor.as_ref()).await);
        pages.push(page.entities.iter().map(|one| one.entity_ref().to_string()).collect());
        match page.next {
            None => return pages,
            next => cursor = next,
        }
    }
    misuse("the pages have no end")
}

/// Checks that all pages together hold each entity once, whatever the size of a page, and that no
/// page holds too many.
pub async fn pages_hold_every_entity_once(catalog: &dyn Catalog) {
    let everything = EntityFilter::all();
    let expected = found(catalog, everything.clone()).await;
    for limit in 1..=expected.len() + 1 {
        let pages = pages(catalog, &everything, limit).await;
        assert!(pages.iter().all(|page| page.len() <= limit), "{limit}: {pages:?}");
        let mut all: Vec<String> = pages.into_iter().flatten().collect();
        all.sort();
        assert_eq!(all, expected, "pages of {limit}");
    }
}

/// Checks that the second page holds what passes the filter of the first one.
pub async fn a_page_keeps_the_filter(catalog: &dyn Catalog) {
    for filter in
        [EntityFilter::kind("User"), EntityFilter::kind("User").with("metadata.title", "Bob")]
    {
        let expected = found(catalog, filter.clone()).await;
        let mut all: Vec<String> = pages(catalog, &filter, 1).await.into_iter().flatten().collect();
        all.sort();
        assert_eq!(all, expected);
    }
}

/// Checks that no value can become a condition of its own, be of another type, or say "any".
pub async fn a_value_matches_itself_and_nothing_else(catalog: &dyn Catalog) {
    for value in [
        "",
        " ",
        "*",
        "%",
        "null",
        "true",
        "42",
        "alice@example.com,",
        "nobody@example.com,spec.profile.email=alice@example.com",
        "nobody@example.com,kind=user",
        " alice@example.com",
        "alice@example.com&filter=kind=user",
    ] {
        let filter = EntityFilter::kind("user").with("spec.profile.email", value);
        assert!(found(catalog, filter).await.is_empty(), "{value:?}");
    }
}

/// Checks that a user is a member of a Group when the User, the Group or both of them say so.
pub async fn a_user_is_a_member_of_the_groups_that_either_of_them_names(catalog: &dyn Catalog) {
    for user in ["user:default/alice", "user:default/bob"] {
        let entity = answered(catalog.entity(&reference(user)).await);
        let Some(entity) = entity else { misuse(&format!("no {user}")) };
        assert_eq!(entity.member_of(), [reference("group:default/payments")], "{user}");
        let members =
            EntityFilter::kind("user").with("relations.memberOf", "group:default/payments");
        assert!(found(catalog, members).await.contains(&user.to_owned()), "{user}");
    }
}
