//! Relations between entities, as Backstage's catalog derives them from what both sides say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coder_config::{Entity, EntityRef, Relation};
use serde_json::Value;

/// A field of `spec` that names other entities.
struct Field {
    kind: &'static str,
    field: &'static str,
    /// Kind of a target that names none; without it each target must name its kind.
    target_kind: Option<&'static str>,
    /// Relation from the entity that has the field to the target.
    outgoing: &'static str,
    /// Relation from the target back.
    incoming: &'static str,
}

const fn field(
    kind: &'static str,
    field: &'static str,
    target_kind: &'static str,
    [outgoing, incoming]: [&'static str; 2],
) -> Field {
    let target_kind = if target_kind.is_empty() { None } else { Some(target_kind) };
    Field { kind, field, target_kind, outgoing, incoming }
}

const OWNED: [&str; 2] = ["ownedBy", "ownerOf"];
const PART: [&str; 2] = ["partOf", "hasPart"];
const PROVIDES: [&str; 2] = ["providesApi", "apiProvidedBy"];
const CONSUMES: [&str; 2] = ["consumesApi", "apiConsumedBy"];
const DEPENDS: [&str; 2] = ["dependsOn", "dependencyOf"];
const NEEDED: [&str; 2] = ["dependencyOf", "dependsOn"];
const MEMBER: [&str; 2] = ["memberOf", "hasMember"];
const MEMBERS: [&str; 2] = ["hasMember", "memberOf"];
const CHILD: [&str; 2] = ["childOf", "parentOf"];
const PARENT: [&str; 2] = ["parentOf", "childOf"];

/// The fields that Backstage's `BuiltinKindsEntityProcessor` follows, and `spec.owner` of a Template,
/// which the scaffolder's processor follows.
const FIELDS: [Field; 22] = [
    field("Component", "owner", "Group", OWNED),
    field("Component", "subcomponentOf", "Component", PART),
    field("Component", "providesApis", "API", PROVIDES),
    field("Component", "consumesApis", "API", CONSUMES),
    field("Component", "dependsOn", "", DEPENDS),
    field("Component", "dependencyOf", "", NEEDED),
    field("Component", "system", "System", PART),
    field("API", "owner", "Group", OWNED),
    field("API", "system", "System", PART),
    field("Resource", "owner", "Group", OWNED),
    field("Resource", "dependsOn", "", DEPENDS),
    field("Resource", "dependencyOf", "", NEEDED),
    field("Resource", "system", "System", PART),
    field("User", "memberOf", "Group", MEMBER),
    field("Group", "parent", "Group", CHILD),
    field("Group", "children", "Group", PARENT),
    field("Group", "members", "User", MEMBERS),
    field("System", "owner", "Group", OWNED),
    field("System", "domain", "Domain", PART),
    field("Domain", "owner", "Group", OWNED),
    field("Domain", "subdomainOf", "Domain", PART),
    field("Template", "owner", "Group", OWNED),
];

/// Adds to each entity the relations that it and the others state.
///
/// A target that is not among the entities is kept, as in Backstage. Relations that an entity has
/// already are not repeated. Each entity's new relations are ordered by type and target.
pub(crate) fn derive(entities: &mut BTreeMap<EntityRef, Arc<Entity>>) {
    let mut derived = BTreeMap::<EntityRef, BTreeSet<(&str, EntityRef)>>::new();
    for entity in entities.values() {
        let source = entity.entity_ref();
        for field in FIELDS.iter().filter(|field| entity.is_kind(field.kind)) {
            for target in targets(entity, field) {
                derived.entry(source.clone()).or_default().insert((field.outgoing, target.clone()));
                derived.entry(target).or_default().insert((field.incoming, source.clone()));
            }
        }
    }
    for (source, relations) in derived {
        let Some(entity) = entities.get_mut(&source) else { continue };
        let is_new = |relation: &Relation| !entity.relations.contains(relation);
        let new: Vec<_> = relations
            .into_iter()
            .map(|(relation, target)| Relation::new(relation, target))
            .filter(is_new)
            .collect();
        if !new.is_empty() {
            Arc::make_mut(entity).relations.extend(new);
        }
    }
}

/// Returns the entities that a field names. A text that is no reference names none.
fn targets(entity: &Entity, field: &Field) -> Vec<EntityRef> {
    let written = match entity.spec.get(field.field) {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let namespace = entity.entity_ref().namespace();
    let parse = |text| EntityRef::parse_with_defaults(text, field.target_kind, namespace).ok();
    written.iter().filter_map(Value::as_str).filter_map(parse).collect()
}
