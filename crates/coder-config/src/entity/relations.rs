//! Who belongs to whom, as the catalog derives it from `spec`.

use serde_json::Value;

use super::Entity;
use crate::EntityRef;

impl Entity {
    /// The groups a User is a member of: its `memberOf` relations and `spec.memberOf`, each once.
    pub fn member_of(&self) -> Vec<EntityRef> {
        self.related("memberOf", "memberOf", "group")
    }

    /// The owners of an entity: its `ownedBy` relations and `spec.owner`, each once.
    pub fn owned_by(&self) -> Vec<EntityRef> {
        self.related("ownedBy", "owner", "group")
    }

    fn related(&self, relation: &str, field: &str, kind: &str) -> Vec<EntityRef> {
        let derived = self
            .relations
            .iter()
            .filter(|candidate| candidate.relation == relation)
            .map(|relation| relation.target_ref.clone());
        let written = match self.spec.get(field) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let namespace = self.entity_ref().namespace();
        let written = written
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
