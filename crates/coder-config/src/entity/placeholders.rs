//! `$text`, `$json`, `$yaml`, `$openapi` and `$asyncapi`: values of an entity that stand in other files.

use coder_core::with_causes;
use std::fmt::{self, Write as _};

use crate::message::{one_line, shown};
use crate::node::{Content, Map};
use crate::yaml::{self, MAX_FILE_NODES};
use crate::{Node, Notice, Provenance};

/// The most bytes that the placeholders of one catalog file may put in: 16 MiB.
const MAX_PLACEHOLDER_BYTES: usize = 16 << 20;

/// The value that a placeholder makes of its file.
#[derive(Clone, Copy)]
enum Format {
    /// A string.
    Text,
    /// The value of a JSON document.
    Json,
    /// The value of a YAML file with one document.
    Yaml,
}

/// The placeholders that Backstage knows. Its resolvers of `$openapi` and `$asyncapi` also put in what
/// the file refers to by `$ref`; here it stays the text that it is.
const FORMATS: [(&str, Format); 5] = [
    ("$text", Format::Text),
    ("$json", Format::Json),
    ("$yaml", Format::Yaml),
    ("$openapi", Format::Text),
    ("$asyncapi", Format::Text),
];

/// Reader that puts in the values of the placeholders of one catalog file.
///
/// As in Backstage's `PlaceholderProcessor`, a placeholder is a mapping whose only key is `$text`,
/// `$json`, `$yaml`, `$openapi` or `$asyncapi`, anywhere in an entity. Other mappings with a `$` key are
/// left alone, with all that is in them. The values that are put in are not searched for placeholders.
///
/// ```
/// use coder_config::{PlaceholderFile, Placeholders, yaml};
///
/// let read = |path: &str| Ok(PlaceholderFile::new(format!("apis/{path}"), "openapi: 3.1.0"));
/// let text = "spec: { definition: { $text: payments.yaml } }";
/// let mut entity = yaml::document("apis/catalog-info.yaml", text)?;
/// assert!(Placeholders::new(read).resolve(&mut entity).is_empty());
/// let definition = entity.get("spec").and_then(|spec| spec.get("definition"));
/// assert_eq!(definition.and_then(|node| node.as_str()), Some("openapi: 3.1.0"));
/// # Ok::<_, coder_config::ConfigError>(())
/// ```
pub struct Placeholders<R> {
    read: R,
    /// Number of bytes that may still be put in.
    bytes: usize,
    /// Number of values that may still be put in.
    nodes: usize,
}

/// The file of a placeholder, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceholderFile {
    name: String,
    text: String,
}

impl PlaceholderFile {
    /// Creates the file; `name` names it in places and messages.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// Reasons why a placeholder is left as it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a reader of files has to decide between the two")]
pub enum PlaceholderError {
    /// The file is not in the folder that placeholders may read, so it never is read.
    #[error("only files of its location's folder are read here")]
    Elsewhere,
    /// The file cannot be used as it is now. The text tells the reason.
    #[error("{0}")]
    Unusable(String),
}

/// A placeholder that is left as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadPlaceholder {
    /// Path of the value in the entity, like `spec.definition`.
    pub path: String,
    /// Place where the placeholder is written.
    pub provenance: Provenance,
    /// Key of the placeholder: `$text`.
    pub key: &'static str,
    /// Path or URL that the placeholder names; empty when its value is not a string.
    pub target: String,
    /// Reason why it was not read.
    pub error: PlaceholderError,
}

impl From<UnreadPlaceholder> for Notice {
    fn from(unread: UnreadPlaceholder) -> Self {
        let UnreadPlaceholder { path, provenance, key, target, error } = unread;
        let separator = if target.is_empty() { "" } else { ": " };
        let written = format!("{key}{separator}{}", shown(&target));
        let message = format!(
            "`{}` is `{written}`, which is not read: {}",
            shown(&path),
            with_causes(&error)
        );
        Self::new(path, message).at(provenance)
    }
}

impl<R> fmt::Debug for Placeholders<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { read: _, bytes, nodes } = self;
        let mut output = formatter.debug_struct("Placeholders");
        output.field("bytes", bytes).field("nodes", nodes).finish_non_exhaustive()
    }
}

impl<R: FnMut(&str) -> Result<PlaceholderFile, PlaceholderError>> Placeholders<R> {
    /// Creates the placeholders of a catalog file. `read` is given a relative path, which starts from
    /// the folder of the catalog file and may hold `..`.
    pub fn new(read: R) -> Self {
        Self { read, bytes: MAX_PLACEHOLDER_BYTES, nodes: MAX_FILE_NODES }
    }

    /// Replaces the placeholders of an entity by their values, and returns those that are left as they
    /// are written.
    pub fn resolve(&mut self, entity: &mut Node) -> Vec<UnreadPlaceholder> {
        let mut unread = Vec::new();
        // Without kind and name there is no entity yet, so it cannot be a placeholder as a whole.
        if let Content::Map(map) = &mut entity.content {
            self.members(map, &mut String::new(), &mut unread);
        }
        unread
    }

    fn members(&mut self, map: &mut Map, path: &mut String, unread: &mut Vec<UnreadPlaceholder>) {
        let length = path.len();
        for (key, entry) in map.iter_mut() {
            if length > 0 {
                path.push('.');
            }
            path.push_str(key);
            self.value(&mut entry.node, path, unread);
            path.truncate(length);
        }
    }

    fn value(&mut self, node: &mut Node, path: &mut String, unread: &mut Vec<UnreadPlaceholder>) {
        let length = path.len();
        match &mut node.content {
            Content::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    // Writing to a string cannot fail.
                    let _ = write!(path, "[{index}]");
                    self.value(item, path, unread);
                    path.truncate(length);
                }
            }
            Content::Map(map) if !map.keys().any(|key| key.starts_with('$')) => {
                self.members(map, path, unread);
            }
            Content::Map(map) => {
                let Some((key, format, target)) = placeholder(map) else { return };
                match self.read(format, target, &node.provenance) {
                    Ok(value) => *node = value,
                    Err(error) => unread.push(UnreadPlaceholder {
                        path: path.clone(),
                        provenance: node.provenance.clone(),
                        key,
                        target: target.as_str().unwrap_or_default().to_owned(),
                        error,
                    }),
                }
            }
            Content::Null | Content::Bool { .. } | Content::Number { .. } | Content::String(_) => {}
        }
    }

    fn read(
        &mut self,
        format: Format,
        target: &Node,
        at: &Provenance,
    ) -> Result<Node, PlaceholderError> {
        let unusable = |problem: String| PlaceholderError::Unusable(one_line(problem));
        let Some(target) = target.as_str() else {
            return Err(unusable(format!("it is {}, and must be a path", target.kind())));
        };
        if !is_relative_path(target) {
            return Err(PlaceholderError::Elsewhere);
        }
        let PlaceholderFile { name, text } = (self.read)(target)?;
        let too_much =
            || unusable("the placeholders of this catalog file put in too much".to_owned());
        self.bytes = self.bytes.checked_sub(text.len()).ok_or_else(too_much)?;
        let without_mark = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut value = match format {
            Format::Text => return Ok(Node::new(Content::String(text.into()), at.clone())),
            Format::Json => yaml::json_document(&name, without_mark),
            Format::Yaml => {
                let mut documents = yaml::documents(&name, &text);
                match (documents.pop(), documents.len()) {
                    (Some(only), 0) => only,
                    (_, others) => {
                        let count = match others {
                            0 => "no document".to_owned(),
                            others => format!("{} documents", others + 1),
                        };
                        return Err(unusable(format!("`{name}` holds {count}, and must hold one")));
                    }
                }
            }
        }
        .map_err(|error| unusable(with_causes(&error)))?;
        self.nodes = self.nodes.checked_sub(included(&mut value, at)).ok_or_else(too_much)?;
        Ok(value)
    }
}

/// Returns the key, the format and the value of a mapping that is a placeholder.
fn placeholder(map: &Map) -> Option<(&'static str, Format, &Node)> {
    let (written, entry) = map.first().filter(|_| map.len() == 1)?;
    let (key, format) = FORMATS.iter().find(|(key, _)| key == written)?;
    Some((key, *format, &entry.node))
}

/// Marks a value and all that is in it as fetched by the placeholder at `at`, and counts the values.
fn included(node: &mut Node, at: &Provenance) -> usize {
    node.provenance = node.provenance.included_by(at);
    1 + match &mut node.content {
        Content::List(items) => items.iter_mut().map(|item| included(item, at)).sum::<usize>(),
        Content::Map(map) => map.values_mut().map(|entry| included(&mut entry.node, at)).sum(),
        Content::Null | Content::Bool { .. } | Content::Number { .. } | Content::String(_) => 0,
    }
}

/// Returns `false` for a URL, for a path from the root of a disk or a repository, and for one of Windows.
fn is_relative_path(target: &str) -> bool {
    let scheme = target.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    !is_scheme && !target.starts_with('/') && !target.contains('\\')
}

/// Returns `true` for a value that some Backstage may replace by that of a file: it may be of any form.
///
/// A plugin can add placeholders of its own, so each `$` key counts.
pub(super) fn may_be_placeholder(node: &Node) -> bool {
    let Some(map) = node.as_map() else { return false };
    map.len() == 1 && map.keys().all(|key| key.starts_with('$'))
}

/// Returns a member whose value is written, and not a placeholder for it.
pub(super) fn given<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|node| !may_be_placeholder(node))
}
