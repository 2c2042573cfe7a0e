//! Reading YAML 1.2 (and with it JSON) exactly as Backstage does, with places and limits.
//!
//! Backstage reads app-config and catalog files with the `yaml` package of npm: core schema, no
//! merge keys, duplicate keys refused, each document of a catalog file on its own. So does this
//! module, and it says where every key and value is written. Its input is bounded by
//! [`MAX_BYTES`], [`MAX_DEPTH`], [`MAX_NODES`], [`MAX_SCALAR_BYTES`] and [`MAX_ALIASES`], so that
//! no input can make it hang or fill the memory.
//!
//! ```
//! let [document] = coder_config::yaml::documents("app-config.yaml", "app:\n  title: Acme\n")
//!     .try_into()
//!     .expect("one document");
//! let title = document?.get("app").and_then(|app| app.get("title")).cloned().expect("a title");
//! assert_eq!(title.as_str(), Some("Acme"));
//! assert_eq!(title.location().to_string(), "app-config.yaml:2:10");
//! # Ok::<_, coder_config::ConfigError>(())
//! ```
//!
//! Where it differs from npm's `yaml`, it is on purpose or nobody writes it:
//!
//! - Releases of that package differ among themselves: up to 2.3 it lets a tab behind spaces indent,
//!   a list begin behind its key (`a: - b`) and a value in brackets stand in its key's column. Here,
//!   as in later releases, these are errors.
//! - A carriage return without a line feed is an error wherever it stands.
//! - A tab alone on a line ends no literal text, and may stand between `-` and an anchor or tag.
//! - Keys that are lists or mappings are called by their text in one line: `[ null ]`, `{ a: }`.
//! - `...` alone is not a document; a quote that only looks closed (`'''`) is not.

mod characters;
mod indentation;
mod limits;
mod loader;
mod mapping;
mod problem;
mod schema;

use crate::node::Content;
use crate::{ConfigError, Location, Node};
use coder_core::with_causes;

use loader::Place;

pub use limits::{
    MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_NODES, MAX_NODES,
    MAX_REPEATED_BYTES, MAX_SCALAR_BYTES,
};

/// Reads every document of a YAML or JSON file. A document that is broken does not take the
/// others with it; one that exceeds a limit ends the reading. Empty documents are null.
///
/// `file` names the file in places and messages.
pub fn documents(file: &str, text: &str) -> Vec<Result<Node, ConfigError>> {
    loader::load(&Place::File(file.into()), text)
}

/// Reads a file that holds one document; an empty file is null.
///
/// # Errors
///
/// When it is not YAML, holds more than one document, or exceeds a limit.
pub fn document(file: &str, text: &str) -> Result<Node, ConfigError> {
    let mut documents = loader::load(&Place::File(file.into()), text).into_iter();
    let Some(first) = documents.next() else {
        return Ok(Node::new(Content::Null, Location::in_file(file, 1, 1)));
    };
    let first = first?;
    match documents.next() {
        None => Ok(first),
        Some(second) => Err(ConfigError::Syntax {
            location: second?.location().clone(),
            problem: "a second document begins here; this file may hold only one".to_owned(),
        }),
    }
}

/// Reads a JSON file as `JSON.parse` does: of duplicate keys the last one counts.
pub(crate) fn json_document(file: &str, text: &str) -> Result<Node, ConfigError> {
    let place = Place::File(file.into());
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let offset = byte_offset(text, error.line(), error.column());
        let location = Location::in_file(file, count(error.line()), count(error.column()))
            .with_span(offset..offset);
        let problem = with_causes(&error);
        let problem = problem.split(" at line ").next().unwrap_or(&problem);
        let problem = format!("this is not JSON: {problem}");
        return Err(ConfigError::Syntax { location, problem });
    }
    loader::load_json(&place, text)
}

/// Returns the offset of a place that serde_json tells: the line from 1, the column in bytes.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len);
    let mut offset = (before.sum::<usize>() + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Parses a text that may be JSON; `None` when it is not. Everything in it is at `location`.
pub(crate) fn json(text: &str, location: &Location) -> Option<Result<Node, ConfigError>> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    Some(loader::load_json(&Place::Fixed(location.clone()), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read_json(text: &str) -> Node {
        json_document("x.json", text).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    #[test]
    fn json_is_read_as_javascript_reads_it() {
        for (text, value) in [
            (r#"{"a":1,"a":2}"#, json!({"a": 2})),
            ("{\t\"a\"\t:\r\n\t[1,\t2\n]}", json!({"a": [1, 2]})),
            (r#""\ud83d\ude00 \\ud83d \ud83d \u0041 \/""#, json!("😀 \\ud83d \u{fffd} A /")),
            (
                r##"["yes","1","null","~","", "# no comment", "&a", "*a", "!t"]"##,
                json!(["yes", "1", "null", "~", "", "# no comment", "&a", "*a", "!t"]),
            ),
            (
                "[-0.5e1, 1E3, 12345678901234567890]",
                json!([-5, 1000, 12345678901234567890_u64 as f64]),
            ),
            (r#"{"a":{"b":[{},[],null,true]}}"#, json!({"a": {"b": [{}, [], null, true]}})),
        ] {
            assert_eq!(read_json(text).to_json(), value, "{text}");
        }
        let long = format!("{{\"{}\":1}}", "k".repeat(5000));
        assert_eq!(read_json(&long).as_map().map(|map| map.len()), Some(1));
    }

    #[test]
    fn differences_from_npm_yaml_are_those_of_the_documentation() {
        let read = |text: &str| documents("x", text).remove(0);
        for refused in
            ["a:\n \tb: 1\n", "a: - b\n", "a:\n[1]\n", "a: \"x\ry\"\n", "# c\ra: 1\n", "'''"]
        {
            assert!(read(refused).is_err(), "{refused:?}");
        }
        for (text, value) in [
            ("a: |\n  x\n\t\nb: 1\n", json!({ "a": "x\n", "b": 1 })),
            ("-\t&x y\n", json!(["y"])),
            ("? - \n: 1\n", json!({ "[ null ]": 1 })),
            ("? b:\n: 1\n", json!({ "{ b: }": 1 })),
        ] {
            assert_eq!(read(text).unwrap().to_json(), value, "{text:?}");
        }
        assert!(documents("x", "...\n").is_empty());
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        let error = json_document("x.json", "{\"a\": 1,\n a: 2}").unwrap_err();
        assert_eq!(error.to_string(), "x.json:2:2: this is not JSON: key must be a string");
    }

    /// Adds a line for each key and value: its kind, and the text that its span marks.
    fn marked(node: &Node, text: &str, lines: &mut String) {
        let mut line = |kind: &str, location: &Location| {
            let span = location.span().expect("every place of a file has a span");
            let marked = text.get(span).expect("a span lies between characters");
            lines.push_str(&format!("{kind} {marked:?}\n"));
        };
        line(node.kind(), node.location());
        for item in node.as_list().unwrap_or_default() {
            marked(item, text, lines);
        }
        for entry in node.as_map().into_iter().flat_map(|map| map.values()) {
            lines.push_str("key ");
            marked(&Node::new(Content::Null, entry.key.clone()), text, lines);
            marked(&entry.node, text, lines);
        }
    }

    #[test]
    fn a_span_marks_a_whole_key_and_a_whole_value() {
        let mut lines = String::new();
        for text in [
            "a: one two \nb:\n  - 1\n  - 'x y'   # comment\nc: {d: \"e\", f: [1, 2 ]}\n",
            "text: |\n  first\n  second\n\nnext: >-\n  folded\n  line\n",
            "a: &x {b: 1}\nc: *x\nd: !!str 5\n",
            "a:\nb: ''\nc: null\nlist:\n- a\n- b: 1\n  c: 2\n",
            "\u{feff}é: 'ü \u{1}\u{7f} ß'\nnächste: x\u{1}y\u{9f}\n",
            "one: 1\r\ntwo:\r\n  three: |\r\n    x\r\n",
            "{\"a\": [1,\n 2], \"b\": {\"c\": null}}",
        ] {
            for document in documents("x", text) {
                marked(&document.unwrap(), text, &mut lines);
            }
            lines.push('\n');
        }
        insta::assert_snapshot!("spans", lines);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[\\PC]{0,12}".prop_map(Value::from),
        ];
        scalar.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".{0,12}", inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_value_comes_back_as_it_was_written(value in any_json()) {
            prop_assert_eq!(&read_json(&value.to_string()).to_json(), &value);
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(read_json(&pretty).to_json(), value);
        }
    }
}
