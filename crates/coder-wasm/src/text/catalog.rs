//! Files of a catalog.

use coder_config::{CoderSpec, Entity, Node, lint_catalog_info as lint, yaml};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::places::{Place, Texts};
use super::remarks::Remark;
use crate::answer::{Answer, answer};

/// Tells everything about a file of a catalog.
#[wasm_bindgen(js_name = lintCatalogInfo)]
pub fn lint_catalog_info(file: &str, text: &str) -> Answer {
    let texts = Texts::from_iter([(file, text)]);
    answer(Ok(Remark::all(lint(file, text), &texts)))
}

/// Reads the entities of a file of a catalog, with the place of every value. A document that is not an entity is
/// left out: [`lint_catalog_info`] tells why.
#[wasm_bindgen(js_name = readCatalogInfo)]
pub fn read_catalog_info(file: &str, text: &str) -> Answer {
    let texts = Texts::from_iter([(file, text)]);
    let documents = yaml::documents(file, text).into_iter().flatten();
    let entities = documents
        .filter_map(|node| Some(Written::new(&node, Entity::from_node(&node).ok()?, &texts)));
    answer(Ok(entities.collect::<Vec<_>>()))
}

/// An entity as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    entity_ref: String,
    entity: Entity,
    coder: Option<Coder>,
    places: Places,
}

impl Written {
    fn new(node: &Node, entity: Entity, texts: &Texts<'_>) -> Self {
        let mut places = Places(Vec::new());
        places.collect(String::new(), node, texts);
        Self {
            entity_ref: entity.entity_ref().to_string(),
            coder: entity.coder_spec().map(Coder::from),
            entity,
            places,
        }
    }
}

/// The section `spec.coder`, as far as it can be used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Coder {
    template_name: Option<String>,
    mode: Option<String>,
    params: Vec<(String, String)>,
}

impl From<CoderSpec> for Coder {
    fn from(spec: CoderSpec) -> Self {
        Self {
            template_name: spec.template.map(|template| template.to_string()),
            mode: spec.mode.map(|mode| mode.to_string()),
            params: spec.params.into_iter().collect(),
        }
    }
}

/// The place of each value by its path.
#[derive(Serialize)]
#[serde(transparent)]
struct Places(Vec<(String, Place)>);

impl Places {
    fn collect(&mut self, path: String, node: &Node, texts: &Texts<'_>) {
        for (key, member) in node.members().into_iter().flatten() {
            let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.collect(below, member, texts);
        }
        for (index, item) in node.as_list().unwrap_or_default().iter().enumerate() {
            self.collect(format!("{path}[{index}]"), item, texts);
        }
        if let Some(place) = texts.place(node.location()) {
            self.0.push((path, place));
        }
    }
}
