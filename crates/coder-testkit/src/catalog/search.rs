//! What a catalog indexes, and the grammar of its parameter `filter`.

use std::collections::BTreeMap;

use serde_json::Value;

/// Longer keys are not indexed, and of longer values only that they are there.
const MAX_INDEXED: usize = 200;

/// The fields that are not indexed, or in another way than the rest.
const SPECIAL: [&str; 7] = [
    "attachments",
    "relations",
    "status",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.etag",
];

/// One condition: a key, and the values it may have; without any, it must merely be there.
type Conditions = BTreeMap<String, Vec<String>>;

/// All parameters `filter` of a request: an entity passes when it meets all conditions of one.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Conditions>);

impl Filters {
    /// Reads the parameters as Backstage does: a comma ends a condition, white space at the ends
    /// is dropped, and two values of one key mean either of them.
    pub(super) fn parse<'a>(parameters: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut all = Vec::new();
        for parameter in parameters {
            let mut conditions = Conditions::new();
            for statement in parameter.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                let (key, value) = match statement.split_once('=') {
                    Some((key, value)) => (key.trim(), Some(value.trim())),
                    None => (statement, None),
                };
                if key.is_empty() {
                    return Err(format!(
                        "Invalid filter, '{statement}' is not a valid statement (expected a \
                         string on the form a=b or a= or a)"
                    ));
                }
                let values = conditions.entry(key.to_lowercase()).or_default();
                values.extend(value.map(str::to_lowercase));
            }
            if !conditions.is_empty() {
                all.push(conditions);
            }
        }
        Ok(Self(all))
    }

    pub(super) fn let_pass(&self, entity: &Value) -> bool {
        let rows = index(entity);
        let meets = |(key, values): (&String, &Vec<String>)| {
            rows.iter().filter(|(name, _)| name == key).any(|(_, indexed)| {
                values.is_empty() || indexed.as_ref().is_some_and(|value| values.contains(value))
            })
        };
        self.0.is_empty() || self.0.iter().any(|conditions| conditions.iter().all(meets))
    }
}

/// Returns the rows of the search table: keys and values in lower case. Only texts, numbers,
/// booleans and nulls make one; an item of a list makes another one that says that it is there.
fn index(entity: &Value) -> Vec<(String, Option<String>)> {
    let mut rows = Vec::new();
    visit("", entity, &mut rows);
    for key in ["/metadata/name", "/metadata/namespace", "/metadata/uid"] {
        let value = entity.pointer(key).and_then(Value::as_str).map(str::to_owned);
        rows.push((key.trim_start_matches('/').replace('/', "."), value));
    }
    for relation in entity.get("relations").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| relation.get(key).and_then(Value::as_str).unwrap_or_default();
        rows.push((format!("relations.{}", text("type")), Some(text("targetRef").to_owned())));
    }
    rows.retain(|(key, _)| key.len() <= MAX_INDEXED);
    rows.into_iter()
        .map(|(key, value)| {
            let value = value.filter(|value| value.len() <= MAX_INDEXED);
            (key.to_lowercase(), value.map(|value| value.to_lowercase()))
        })
        .collect()
}

fn visit(path: &str, value: &Value, rows: &mut Vec<(String, Option<String>)>) {
    if SPECIAL.contains(&path) {
        return;
    }
    match value {
        Value::Null => rows.push((path.to_owned(), None)),
        Value::Bool(value) => rows.push((path.to_owned(), Some(value.to_string()))),
        Value::Number(value) => rows.push((path.to_owned(), Some(value.to_string()))),
        Value::String(value) => rows.push((path.to_owned(), Some(value.clone()))),
        Value::Array(items) => {
            for item in items {
                visit(path, item, rows);
                if let Value::String(text) = item {
                    rows.push((format!("{path}.{text}"), Some("true".to_owned())));
                }
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                visit(&path, value, rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what a real catalog answered for such an entity, statement by statement.
    #[test]
    fn filters_mean_what_they_mean_to_backstage() {
        let entity = serde_json::json!({
            "kind": "Component",
            "metadata": { "name": "pay", "namespace": "default", "tags": ["rust"] },
            "spec": { "coder": { "templateName": "Dev" }, "replicas": 3, "public": true },
            "relations": [{ "type": "ownedBy", "targetRef": "group:default/pay" }],
            "status": { "level": "error" },
        });
        let passes = |filter: &str| Filters::parse([filter].into_iter()).unwrap().let_pass(&entity);
        for filter in [
            "",
            "kind=COMPONENT",
            "kind=api,kind=component",
            " kind = component ,, metadata.name=pay",
            "spec.coder.templatename=DEV",
            "spec.replicas=3,spec.public=true",
            "metadata.tags=rust,metadata.tags=go",
            "metadata.tags.rust=true",
            "relations.ownedby=group:default/pay",
            "spec.replicas",
        ] {
            assert!(passes(filter), "{filter}");
        }
        for filter in
            ["kind=", "kind=api", "spec.coder", "spec=3", "relations", "status.level=error", "x"]
        {
            assert!(!passes(filter), "{filter}");
        }
        assert!(Filters::parse(["=x"].into_iter()).is_err());
    }
}
