//! `@backstage/catalog-model`: references, and what the catalog demands of an entity.

use coder_config::{
    CatalogVerdict, ConfigError, Entity, EntityRef, EntityRefError, LocationRef, Node,
    check_entity, rules,
};
use coder_testkit::recordings::Json;

use crate::suite::{Outcome, hold};

#[test]
fn entity_ref() {
    hold("entity_ref", run);
}

fn run(input: &Json) -> Outcome {
    let reference = input.get("ref").unwrap_or(&Json::Null);
    match input.text("op") {
        "parse" => parse(reference, input),
        "roundtrip" => parsed(reference, input).map(|parsed| text(parsed.as_str())),
        "stringify" => stringify(reference),
        "compound" => compound(reference),
        "valid" => Ok(Json::Bool(valid(input.text("rule"), input.get("value").unwrap()))),
        "validateEntity" => validate(input.get("entity").unwrap()),
        "parseLocationRef" => {
            let written = reference.as_str().ok_or("TypeError")?;
            let location = LocationRef::parse(written).map_err(|_| "TypeError")?;
            let (kind, target) = (text(location.kind()), text(location.target()));
            Ok(Json::map([("type", kind), ("target", target)]))
        }
        "stringifyLocationRef" => {
            let location = LocationRef::new(reference.text("type"), reference.text("target"));
            Ok(text(&location.map_err(|_| "TypeError")?.to_string()))
        }
        op => panic!("no operation {op}"),
    }
}

fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn parts(parsed: &EntityRef) -> Json {
    let (kind, namespace, name) = (parsed.kind(), parsed.namespace(), parsed.name());
    Json::map([("kind", text(kind)), ("namespace", text(namespace)), ("name", text(name))])
}

fn kind_of(error: &EntityRefError) -> String {
    match error {
        EntityRefError::EmptyPart { .. } => "TypeError",
        _ => "Error",
    }
    .to_owned()
}

fn parse(reference: &Json, input: &Json) -> Outcome {
    let mut answer = parts(&parsed(reference, input)?);
    // A name that is a number stays one in JavaScript; here it is its text.
    if let (Json::Map(answer), Json::Map(reference)) = (&mut answer, reference) {
        for (key, value) in reference.iter().filter(|(_, value)| matches!(value, Json::Number(..)))
        {
            answer.insert(key.clone(), value.clone());
        }
    }
    Ok(answer)
}

fn parsed(reference: &Json, input: &Json) -> Result<EntityRef, String> {
    let context = |key: &str| {
        input.get("context").and_then(|context| context.get(key)).and_then(Json::as_str)
    };
    let (kind, namespace) = (context("defaultKind"), context("defaultNamespace").unwrap_or(""));
    let parsed = match reference {
        Json::String(written) => EntityRef::parse_with_defaults(written, kind, namespace),
        Json::Map(_) => {
            let part = |key: &str| scalar(reference.get(key));
            let kind = part("kind").or(kind.map(str::to_owned)).unwrap_or_default();
            let namespace = part("namespace").unwrap_or_else(|| namespace.to_owned());
            EntityRef::new(&kind, &namespace, &part("name").unwrap_or_default())
        }
        // What is neither a text nor an object does not get here in Rust.
        _ => return Err("Error".to_owned()),
    };
    parsed.map_err(|error| kind_of(&error))
}

fn scalar(value: Option<&Json>) -> Option<String> {
    match value? {
        Json::String(text) => Some(text.clone()),
        Json::Number(_, text) => Some(text.clone()),
        _ => None,
    }
}

/// Reads the reference of an entity, or of an object with the three parts.
fn of_object(reference: &Json) -> Result<EntityRef, String> {
    let names = match reference.get("metadata") {
        Some(metadata @ Json::Map(_)) => metadata,
        Some(_) => return Err("TypeError".to_owned()),
        None => reference,
    };
    let kind = reference.get("kind").and_then(Json::as_str).ok_or("TypeError")?;
    let name = names.get("name").and_then(Json::as_str).ok_or("TypeError")?;
    let namespace = names.get("namespace").and_then(Json::as_str).unwrap_or_default();
    EntityRef::new(kind, namespace, name).map_err(|error| kind_of(&error))
}

fn stringify(reference: &Json) -> Outcome {
    of_object(reference).map(|reference| text(&reference.to_string()))
}

fn compound(reference: &Json) -> Outcome {
    of_object(reference).map(|reference| parts(&reference))
}

fn valid(rule: &str, value: &Json) -> bool {
    let Json::String(text) = value else { return false };
    match rule {
        "isValidApiVersion" => rules::is_api_version(text),
        "isValidKind" => rules::is_kind(text),
        "isValidEntityName" => rules::is_object_name(text),
        "isValidNamespace" => rules::is_dns_label(text),
        "isValidLabelKey" | "isValidAnnotationKey" => rules::is_annotation_key(text),
        "isValidLabelValue" => rules::is_label_value(text),
        "isValidAnnotationValue" => true,
        "isValidTag" => rules::is_tag(text),
        other => panic!("no rule {other}"),
    }
}

fn validate(entity: &Json) -> Outcome {
    let node = node(entity);
    let verdict = check_entity(&node).map_err(|error| match error {
        // The catalog's own policies and the rules of a kind fail differently.
        ConfigError::Invalid { path, problem, .. }
            if path.starts_with("spec.") || path == "spec" && problem.contains("required") =>
        {
            "TypeError"
        }
        _ => "Error",
    })?;
    let entity = Entity::from_node(&node).map_err(|_| "Error")?;
    let reference = entity.entity_ref();
    Ok(Json::map([
        ("namespace", text(reference.namespace())),
        ("kindKnown", Json::Bool(verdict != CatalogVerdict::ForeignKind)),
        ("kindCheck", Json::Bool(verdict == CatalogVerdict::Accepted)),
        ("ref", text(reference.as_str())),
    ]))
}

/// Reads a value as it comes from a catalog's server.
pub(crate) fn node(value: &Json) -> Node {
    Node::from_json(&value.to_value())
}
