//! `cargo xtask swagger-coverage --swagger FILE`: whether our models have the fields of Coder's API description.
//!
//! What differs on purpose is explained where it is: in a comment above the model,
//!
//! ```text
//! // coder: codersdk.DERPRegion                    the definition, where it is not codersdk.<Model>
//! // coder: no definition: <reason>
//! // coder: without members, source: <reason>      fields that are not modelled
//! // coder: beside username: <reason>              fields that the definition does not have
//! // coder: in other letters: <reason>             names are compared without regard to case
//! ```
//!
//! An explanation of what is not so any more is a fault as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::command::root;

/// A file that does not hold what it should.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be read: {reason}", path.display())]
struct Unreadable {
    path: PathBuf,
    reason: String,
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { path: path.to_owned(), reason: reason.to_string() }
}

/// Compares the models with the description in `swagger` and prints, for each model that differs
/// without an explanation, how.
///
/// Gives whether everything is explained.
pub fn swagger_coverage(swagger: &Path) -> bool {
    compare(swagger).unwrap_or_else(|error| {
        println!("{error}");
        false
    })
}

fn compare(swagger: &Path) -> Result<bool, Unreadable> {
    let text = fs::read_to_string(swagger).map_err(|error| unreadable(swagger, &error))?;
    let description: Value =
        serde_json::from_str(&text).map_err(|error| unreadable(swagger, &error))?;
    crate::coverage_table::keep_operations(&description)
        .map_err(|reason| unreadable(swagger, &reason))?;
    let definitions = description.get("definitions").and_then(Value::as_object);
    let definitions = definitions.ok_or_else(|| unreadable(swagger, &"it has no definitions"))?;

    let folder = &root().join("crates/coder-client/src/models");
    let mut models = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let source = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        models.extend(models_of(&source));
    }
    models.sort_by(|one, other| one.name.cmp(&other.name));
    let faults: Vec<String> = models
        .iter()
        .filter_map(|model| {
            let differences = model.differences(&models, definitions);
            (!differences.is_empty()).then(|| format!("{}: {}", model.name, differences.join("; ")))
        })
        .collect();
    let explained = models.iter().filter(|model| model.is_explained()).count();
    faults.iter().for_each(|fault| println!("{fault}"));
    println!(
        "{} models, {explained} with an explanation, {} with unexplained differences",
        models.len(),
        faults.len()
    );
    Ok(faults.is_empty())
}

/// A model, as its source says it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Model {
    name: String,
    /// As they are called in JSON.
    fields: BTreeSet<String>,
    /// Models whose fields are among its own.
    flattened: Vec<String>,
    definition: Option<String>,
    has_none: bool,
    without: BTreeSet<String>,
    beside: BTreeSet<String>,
    other_letters: bool,
}

impl Model {
    fn is_explained(&self) -> bool {
        self.has_none || self.other_letters || !self.without.is_empty() || !self.beside.is_empty()
    }

    fn explain(&mut self, explanation: &str) {
        let (what, reason) = explanation.split_once(": ").unwrap_or((explanation, ""));
        let names = |list: &str| list.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        match (what.split_once(' ').unwrap_or((what, "")), reason) {
            (("without", list), reason) if !reason.is_empty() => self.without.extend(names(list)),
            (("beside", list), reason) if !reason.is_empty() => self.beside.extend(names(list)),
            (("no", "definition"), reason) if !reason.is_empty() => self.has_none = true,
            (("in", "other letters"), reason) if !reason.is_empty() => self.other_letters = true,
            _ => self.definition = Some(explanation.to_owned()),
        }
    }

    /// Lists the differences without an explanation.
    fn differences(&self, models: &[Self], definitions: &Map<String, Value>) -> Vec<String> {
        let wanted = self.definition.clone();
        let wanted = wanted.unwrap_or_else(|| format!("codersdk.{}", self.name));
        let known = definitions.keys().find(|name| name.eq_ignore_ascii_case(&wanted));
        let Some(known) = known else {
            return if self.has_none {
                Vec::new()
            } else {
                vec![format!("there is no definition `{wanted}`")]
            };
        };
        if self.has_none {
            return vec![format!("`{known}` is a definition")];
        }
        let letters = |name: &String| {
            if self.other_letters { name.to_lowercase() } else { name.clone() }
        };
        let theirs: BTreeSet<String> = properties(known, definitions).iter().map(letters).collect();
        let ours: BTreeSet<String> = self.all_fields(models).iter().map(letters).collect();
        let missing: BTreeSet<String> = theirs.difference(&ours).cloned().collect();
        let unknown: BTreeSet<String> = ours.difference(&theirs).cloned().collect();
        let mut differences = Vec::new();
        for (what, found, explained) in
            [("missing", &missing, &self.without), ("unknown", &unknown, &self.beside)]
        {
            let list = |names: Vec<&String>| {
                names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            };
            let news: Vec<&String> = found.difference(explained).collect();
            if !news.is_empty() {
                differences.push(format!("{what} in `{known}`: {}", list(news)));
            }
            let stale: Vec<&String> = explained.difference(found).collect();
            if !stale.is_empty() {
                differences.push(format!("explained as {what}, but not so: {}", list(stale)));
            }
        }
        differences
    }

    fn all_fields(&self, models: &[Self]) -> BTreeSet<String> {
        let mut fields = self.fields.clone();
        for name in &self.flattened {
            if let Some(model) = models.iter().find(|model| model.name == *name) {
                fields.extend(model.fields.iter().cloned());
            }
        }
        fields
    }
}

/// Returns the fields of a definition, with those of the definitions that it consists of.
fn properties(name: &str, definitions: &Map<String, Value>) -> BTreeSet<String> {
    let Some(definition) = definitions.get(name) else { return BTreeSet::new() };
    let own = |value: &Value| {
        let properties = value.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(|fields| fields.keys().cloned()).collect::<Vec<_>>()
    };
    let mut all: BTreeSet<String> = own(definition).into_iter().collect();
    for part in definition.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        all.extend(own(part));
        if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
            all.extend(properties(reference.trim_start_matches("#/definitions/"), definitions));
        }
    }
    all
}

/// Reads the structs of a file line by line: rustfmt has given them all the same form.
fn models_of(source: &str) -> Vec<Model> {
    let mut models = Vec::new();
    let mut explanations: Vec<&str> = Vec::new();
    let mut attributes: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open: Option<(Model, String)> = None;
    for line in source.lines().map(str::trim) {
        if let Some(explanation) = line.strip_prefix("// coder: ") {
            explanations.push(explanation);
        } else if let Some(attribute) = line.strip_prefix("#[serde(") {
            for key in ["rename", "rename_all"] {
                if let Some((_, value)) = attribute.split_once(&format!("{key} = \"")) {
                    attributes.insert(key, value.split('"').next().unwrap_or_default());
                }
            }
            if attribute.starts_with("flatten") {
                attributes.insert("flatten", "");
            }
        } else if let Some((model, rename_all)) = &mut open {
            if line == "}" {
                models.extend(open.take().map(|(model, _)| model));
            } else if let Some((name, kind)) =
                line.strip_prefix("pub ").and_then(|field| field.split_once(": "))
            {
                let name = name.trim_start_matches("r#");
                if attributes.contains_key("flatten") || kind.contains("#[serde(flatten)]") {
                    let kind = kind.split([' ', ',']).next().unwrap_or_default();
                    model.flattened.push(kind.to_owned());
                } else {
                    let renamed = attributes.get("rename").map(ToString::to_string);
                    model.fields.insert(renamed.unwrap_or_else(|| in_case(name, rename_all)));
                }
                attributes.clear();
            }
        } else if let Some(name) = line.strip_prefix("pub struct ") {
            if let Some(name) = name.strip_suffix(" {") {
                let mut model = Model { name: name.to_owned(), ..Model::default() };
                explanations.iter().for_each(|explanation| model.explain(explanation));
                let rename_all = attributes.get("rename_all").copied().unwrap_or_default();
                open = Some((model, rename_all.to_owned()));
            }
            explanations.clear();
            attributes.clear();
        } else if line.is_empty() {
            explanations.clear();
            attributes.clear();
        }
    }
    models
}

/// Returns a field's name as serde's `rename_all` writes it.
fn in_case(name: &str, rename_all: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect::<String>()
        })
    };
    let pascal: String = name.split('_').map(capitalised).collect();
    match rename_all {
        "UPPERCASE" => name.to_uppercase(),
        "PascalCase" => pascal,
        "camelCase" => {
            let first = name.split('_').next().unwrap_or_default();
            pascal.get(first.len()..).map_or_else(String::new, |rest| format!("{first}{rest}"))
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
/// A person.
// coder: codersdk.Human
// coder: without age, shoe_size: nobody's business
// coder: beside nickname: since 9.9, newer than the description
#[derive(Debug)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// First name of the person.
    pub first_name: String,
    #[serde(default, rename = "ID")]
    pub r#id: String,
    pub nickname: String,
    #[serde(flatten)]
    pub address: Address,
}

pub struct Address {
    pub street: String,
}
"#;

    fn differences(source: &str, definition: &str) -> Vec<String> {
        let models = models_of(source);
        let definitions = serde_json::from_str(definition).unwrap();
        models[0].differences(&models, &definitions)
    }

    #[test]
    fn explained_differences_are_none() {
        let alike = r#"{"codersdk.Human": {"allOf": [
            {"properties": {"firstName": {}, "age": {}, "shoe_size": {}}},
            {"$ref": "\#/definitions/codersdk.Thing"}]},
            "codersdk.Thing": {"properties": {"ID": {}, "street": {}}}}"#
            .replace('\\', "");
        assert!(differences(SOURCE, &alike).is_empty(), "{:?}", differences(SOURCE, &alike));
    }

    #[test]
    fn unexplained_and_outdated_differences_are_told() {
        let human = r#"{"codersdk.Human": {"properties":
            {"firstName": {}, "ID": {}, "age": {}, "nickname": {}, "shoes": {}}}}"#;
        assert_eq!(
            differences(SOURCE, human),
            [
                "missing in `codersdk.Human`: `shoes`",
                "explained as missing, but not so: `shoe_size`",
                "unknown in `codersdk.Human`: `street`",
                "explained as unknown, but not so: `nickname`",
            ]
        );
        assert_eq!(differences(SOURCE, "{}"), ["there is no definition `codersdk.Human`"]);
    }
}
