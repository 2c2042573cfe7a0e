//! Relations between entities, as Backstage's catalog derives them from what both sides state.

use std::collections::BTreeMap;
use std::sync::Arc;

use coder_config::{Entity, EntityRef, Relation};

/// Adds to each entity the relations that it and the others state.
///
/// A target that is not among the entities is kept, as in Backstage. Relations that an entity has
/// already are not repeated. Each entity's new relations are ordered by type and target.
pub(crate) fn derive(entities: &mut BTreeMap<EntityRef, Arc<Entity>>) {
    let mut derived = BTreeMap::<EntityRef, Vec<Relation>>::new();
    for (source, relation) in entities.values().flat_map(|entity| entity.stated_relations()) {
        derived.entry(source).or_default().push(relation);
    }
    for (source, mut relations) in derived {
        let Some(entity) = entities.get_mut(&source) else { continue };
        relations.retain(|relation| !entity.relations.contains(relation));
        relations.sort_by(|one, other| {
            one.relation.cmp(&other.relation).then_with(|| one.target_ref.cmp(&other.target_ref))
        });
        relations.dedup();
        if !relations.is_empty() {
            Arc::make_mut(entity).relations.append(&mut relations);
        }
    }
}
