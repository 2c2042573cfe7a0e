//! References to entities.

use coder_config::{EntityRef, EntityRefError};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::answer::{Answer, Fault, answer};

/// Reads a reference, with the kind and the namespace where it names none.
#[wasm_bindgen(js_name = parseEntityRef)]
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen takes optional texts by value")]
pub fn parse_entity_ref(
    reference: &str,
    kind: Option<String>,
    namespace: Option<String>,
) -> Answer {
    let namespace = namespace.unwrap_or_default();
    answer(parts(EntityRef::parse_with_defaults(reference, kind.as_deref(), &namespace)))
}

/// Writes a reference in its canonical form: in lower case, with kind and namespace.
#[wasm_bindgen(js_name = stringifyEntityRef)]
pub fn stringify_entity_ref(kind: &str, namespace: Option<String>, name: &str) -> Answer {
    let reference =
        EntityRef::new(kind, &namespace.unwrap_or_default(), name).map_err(|error| fault(&error));
    answer(reference.map(|reference| reference.to_string()))
}

fn parts(reference: Result<EntityRef, EntityRefError>) -> Result<Parts, Fault> {
    let reference = reference.map_err(|error| fault(&error))?;
    Ok(Parts {
        kind: reference.kind().to_owned(),
        namespace: reference.namespace().to_owned(),
        name: reference.name().to_owned(),
    })
}

fn fault(error: &EntityRefError) -> Fault {
    Fault::from_error("invalidEntityRef", error)
}

#[derive(Serialize)]
struct Parts {
    kind: String,
    namespace: String,
    name: String,
}
