//! Reading YAML 1.2 (and with it JSON) exactly as Backstage does, with places and limits.
//!
//! Backstage reads app-config and catalog files with the `yaml` package of npm: core schema, no
//! merge keys, duplicate keys refused, each document of a catalog file on its own. So does this
//! module, and it says where every key and value is written. What it accepts is bounded by
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

mod loader;
mod schema;

use crate::node::{Content, Entry};
use crate::{ConfigError, Location, Node};

/// The most bytes of a file that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of collections.
pub const MAX_DEPTH: usize = 64;
/// The most values in one document, keys not counted. What an anchor marks and what an alias
/// repeats counts again.
pub const MAX_NODES: usize = 50_000;
/// The most documents in one file.
pub const MAX_DOCUMENTS: usize = 10_000;
/// The most values in one file.
pub const MAX_FILE_NODES: usize = 250_000;
/// The most bytes of one key or scalar: 1 MiB.
pub const MAX_SCALAR_BYTES: usize = 1 << 20;
/// The most bytes of text that anchors and aliases may repeat in one document: 1 MiB.
pub const MAX_REPEATED_BYTES: usize = 1 << 20;
/// How often an anchor may be used, counted with the aliases inside it as npm's `yaml` does.
pub const MAX_ALIASES: usize = 100;

/// Reads every document of a YAML or JSON file. A document that is broken does not take the
/// others with it. Empty documents are null.
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
            location: match &second {
                Ok(node) => node.location().clone(),
                Err(error) => error.location().unwrap_or(first.location()).clone(),
            },
            problem: "a second document begins here; this file may hold only one".to_owned(),
        }),
    }
}

/// Reads a JSON file as `JSON.parse` does: of duplicate keys the last one counts.
pub(crate) fn json_document(file: &str, text: &str) -> Result<Node, ConfigError> {
    let place = Place::File(file.into());
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let location = Location::in_file(file, count(error.line()), count(error.column()));
        let problem = error.to_string();
        let problem = problem.split(" at line ").next().unwrap_or(&problem);
        let problem = format!("this is not JSON: {problem}");
        return Err(ConfigError::Syntax { location, problem });
    }
    loader::load_json(&place, text)
}

/// A text that may be JSON; `None` when it is not. Everything in it is at `location`.
pub(crate) fn json(text: &str, location: &Location) -> Option<Result<Node, ConfigError>> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    Some(loader::load_json(&Place::Fixed(location.clone()), text))
}

/// How places are named.
enum Place {
    File(std::sync::Arc<str>),
    /// Lines and columns would say nothing.
    Fixed(Location),
}

/// A list as JavaScript shows it where it takes it for an object: a mapping from index to item.
pub(crate) fn index_map(items: impl IntoIterator<Item = Content>) -> Content {
    Content::Map(Box::new(
        items
            .into_iter()
            .enumerate()
            .map(|(index, content)| {
                let node = Node::new(content, Location::Program);
                (index.to_string(), Entry::new(Location::Program, node))
            })
            .collect(),
    ))
}
