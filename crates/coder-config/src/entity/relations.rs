//! Who belongs to whom, as the catalog derives it from `spec`.

use serde_json::Value;

use super::{Entity, Relation};
use crate::{EntityRef, EntityRefError};

/// A field of `spec` that names other entities.
pub(super) struct Field {
    pub(super) kind: &'static str,
    pub(super) field: &'static str,
    /// Kind of a target that names none; without it each target must name its kind.
    pub(super) target_kind: Option<&'static str>,
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
pub(super) const FIELDS: [Field; 22] = [
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

impl Field {
    /// Reads the text of a target.
    pub(super) fn target(&self, text: &str, namespace: &str) -> Result<EntityRef, EntityRefError> {
        EntityRef::parse_with_defaults(text, self.target_kind, namespace)
    }
}

impl Entity {
    /// Returns the relations that `spec` states, each with the entity that has it: for a User
    /// `memberOf` and, of the Group that it names, `hasMember`.
    ///
    /// They are those of Backstage's own kinds. A text that is not a reference states none.
    pub fn stated_relations(&self) -> Vec<(EntityRef, Relation)> {
        let source = self.entity_ref();
        let mut stated = Vec::new();
        for field in FIELDS.iter().filter(|field| self.is_kind(field.kind)) {
            let texts = self.written(field.field).iter().filter_map(Value::as_str);
            for target in texts.filter_map(|text| field.target(text, source.namespace()).ok()) {
                stated.push((source.clone(), Relation::new(field.outgoing, target.clone())));
                stated.push((target, Relation::new(field.incoming, source.clone())));
            }
        }
        stated
    }

    /// Returns the values of a field of `spec` that is a list, or a value alone.
    fn written(&self, field: &str) -> &[Value] {
        match self.spec.get(field) {
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        }
    }

    /// Returns the groups that a User is a member of: its `memberOf` relations and
    /// `spec.memberOf`, each once.
    pub fn member_of(&self) -> Vec<EntityRef> {
        self.related("memberOf", "memberOf", "group")
    }

    /// Returns the owners of an entity: its `ownedBy` relations and `spec.owner`, each once.
    pub fn owned_by(&self) -> Vec<EntityRef> {
        self.related("ownedBy", "owner", "group")
    }

    fn related(&self, relation: &str, field: &str, kind: &str) -> Vec<EntityRef> {
        let derived = self
            .relations
            .iter()
            .filter(|candidate| candidate.relation == relation)
            .map(|relation| relation.target_ref.clone());
        let namespace = self.entity_ref().namespace();
        let written = self
            .written(field)
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|text| EntityRef::parse_with_defaults(text, kind, namespace).ok());
        let mut all: Vec<EntityRef> = Vec::new();
        for entity_ref in derived.chain(written) {
            if !all.contains(&entity_ref) {
                all.push(entity_ref);
            }
        }
        all
    }
}
