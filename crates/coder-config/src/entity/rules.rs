//! The rules that Backstage's catalog has for an entity, beyond those of reading it.

use super::kinds;
use super::placeholders::{given, may_be_placeholder};
use super::verdict::{CatalogVerdict, broken, missing};
use crate::message::shown;
use crate::node::Entry;
use crate::{ConfigError, Node};

/// Checks a descriptor as Backstage's catalog does when it takes an entity in.
///
/// A placeholder that is still there, like `$text: ./openapi.yaml`, may stand for any value, so it breaks
/// no rule.
///
/// # Errors
///
/// The first rule that is broken, with its place.
pub fn check_entity(node: &Node) -> Result<CatalogVerdict, ConfigError> {
    envelope(node)?;
    formats(node)?;
    kinds::check(node)
}

/// Returns why Backstage's catalog refuses a descriptor; `None` when it takes the entity in, or when
/// the kind is somebody else's and its rules are not known.
///
/// A kind of Backstage's in another spelling or API version is refused, since no part of the catalog
/// takes it for its own.
pub fn catalog_refusal(node: &Node) -> Option<ConfigError> {
    match check_entity(node) {
        Ok(CatalogVerdict::Accepted | CatalogVerdict::ForeignKind) => None,
        Ok(CatalogVerdict::NotRecognised) => {
            let text = |key| shown(node.get(key).and_then(Node::as_str).unwrap_or_default());
            let (kind, version) = (text("kind"), text("apiVersion"));
            let rule = format!(
                "is `{kind}` of `{version}`, which is none of Backstage's in this spelling"
            );
            Some(broken("kind", node.get("kind").unwrap_or(node), &rule))
        }
        Err(error) => Some(error),
    }
}

/// The members a mapping must or may have, and what they must be.
struct Shape<'a> {
    node: &'a Node,
    path: &'a str,
}

impl<'a> Shape<'a> {
    fn new(node: &'a Node, path: &'a str) -> Result<Self, ConfigError> {
        match node.as_map() {
            Some(_) => Ok(Self { node, path }),
            None => Err(broken(path, node, "must be a mapping")),
        }
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn required(&self, key: &str) -> Result<&'a Node, ConfigError> {
        self.node.get(key).ok_or_else(|| missing(self.path(key), self.node, key, "is required"))
    }

    fn text(&self, key: &str) -> Result<(), ConfigError> {
        match self.node.get(key) {
            Some(node) => filled(&self.path(key), node),
            None => Ok(()),
        }
    }

    fn texts(&self, key: &str) -> Result<(), ConfigError> {
        let Some(node) = given(self.node, key) else { return Ok(()) };
        let path = self.path(key);
        let items = node.as_list().ok_or_else(|| broken(&path, node, "must be a list"))?;
        items.iter().try_for_each(|item| filled(&path, item))
    }
}

fn filled(path: &str, node: &Node) -> Result<(), ConfigError> {
    match node.as_str() {
        Some("") => Err(broken(path, node, "must not be empty")),
        Some(_) => Ok(()),
        None if may_be_placeholder(node) => Ok(()),
        None => Err(broken(path, node, "must be a string")),
    }
}

fn envelope(node: &Node) -> Result<(), ConfigError> {
    let root = Shape::new(node, "the entity")?;
    let root = Shape { path: "", ..root };
    for key in ["apiVersion", "kind"] {
        root.required(key)?;
        root.text(key)?;
    }
    root.required("metadata")?;
    if let Some(metadata) = given(node, "metadata") {
        envelope_of_metadata(&Shape::new(metadata, "metadata")?)?;
    }
    if let Some(spec) = given(node, "spec") {
        Shape::new(spec, "spec")?;
    }
    for (key, Entry { node, .. }) in root.node.as_map().into_iter().flatten() {
        if !["apiVersion", "kind", "metadata", "spec"].contains(&key.as_str()) {
            return Err(broken(key, node, "is no field of an entity"));
        }
    }
    Ok(())
}

fn envelope_of_metadata(metadata: &Shape<'_>) -> Result<(), ConfigError> {
    metadata.required("name")?;
    for key in ["name", "namespace", "title", "uid", "etag"] {
        metadata.text(key)?;
    }
    // The schema of Backstage demands a string, and allows an empty one.
    if let Some(node) = given(metadata.node, "description")
        && node.as_str().is_none()
    {
        return Err(broken("metadata.description", node, "must be a string"));
    }
    for key in ["labels", "annotations"] {
        let Some(node) = given(metadata.node, key) else { continue };
        let path = metadata.path(key);
        let members = node.members().ok_or_else(|| broken(&path, node, "must be a mapping"))?;
        for (name, value) in members.filter(|(name, _)| !name.is_empty()) {
            if value.as_str().is_none() && !may_be_placeholder(value) {
                return Err(broken(format!("{path}.{name}"), value, "must be a string"));
            }
        }
    }
    metadata.texts("tags")?;
    if let Some(links) = given(metadata.node, "links") {
        let path = metadata.path("links");
        let items = links.as_list().ok_or_else(|| broken(&path, links, "must be a list"))?;
        for item in items.iter().filter(|item| !may_be_placeholder(item)) {
            let link = Shape::new(item, &path)?;
            link.required("url")?;
            ["url", "title", "icon", "type"].into_iter().try_for_each(|key| link.text(key))?;
        }
    }
    Ok(())
}

fn formats(node: &Node) -> Result<(), ConfigError> {
    const NAME: &str = "must be letters and digits, with `-`, `_` or `.` between them, at most 63";
    const KEY: &str = "must be a name, possibly with a DNS name and `/` before it";
    let check = |path: &str, node: &Node, text: &str, valid: fn(&str) -> bool, rule: &str| {
        if valid(text) { Ok(()) } else { Err(broken(path, node, rule)) }
    };
    let text = |node: &Node, path: &str, valid, rule: &str| match node.as_str() {
        Some(text) => check(path, node, text, valid, rule),
        None => Ok(()),
    };
    let field = |key: &str, valid, rule: &str| match node.get(key) {
        Some(node) => text(node, key, valid, rule),
        None => Ok(()),
    };
    field("apiVersion", is_api_version, "must be like `backstage.io/v1alpha1`")?;
    field("kind", is_kind, "must be letters and digits, at most 63, a letter first")?;
    let Some(metadata) = given(node, "metadata") else { return Ok(()) };
    let member = |key: &str, valid, rule: &str| match metadata.get(key) {
        Some(node) => text(node, &format!("metadata.{key}"), valid, rule),
        None => Ok(()),
    };
    member("name", is_object_name, NAME)?;
    let namespace = "must be lower-case letters and digits with `-` between them, at most 63";
    member("namespace", is_dns_label, namespace)?;
    for (name, node) in given(metadata, "labels").and_then(Node::members).into_iter().flatten() {
        let path = format!("metadata.labels.{name}");
        check(&path, node, name, is_annotation_key, KEY)?;
        text(node, &path, is_label_value, NAME)?;
    }
    for (name, node) in given(metadata, "annotations").and_then(Node::members).into_iter().flatten()
    {
        check(&format!("metadata.annotations.{name}"), node, name, is_annotation_key, KEY)?;
    }
    for tag in metadata.get("tags").and_then(Node::as_list).unwrap_or_default() {
        let rule = "must be lower-case letters, digits, `:`, `+` or `#`, with `-` between them";
        text(tag, "metadata.tags", is_tag, rule)?;
    }
    for link in metadata.get("links").and_then(Node::as_list).unwrap_or_default() {
        if let Some(url) = link.get("url") {
            text(url, "metadata.links.url", |text| url::Url::parse(text).is_ok(), "must be a URL")?;
        }
        for key in ["title", "icon"] {
            if let Some(node) = link.get(key) {
                let filled = |text: &str| !crate::javascript::trim(text).is_empty();
                text(node, &format!("metadata.links.{key}"), filled, "must not be blank")?;
            }
        }
    }
    Ok(())
}

fn bounded(text: &str) -> bool {
    (1..=63).contains(&text.len())
}

/// Returns `true` if a text may be `metadata.name`.
pub fn is_object_name(text: &str) -> bool {
    bounded(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Returns `true` if a text may be `metadata.namespace`: a DNS label (RFC 1123).
pub fn is_dns_label(text: &str) -> bool {
    bounded(text)
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Returns `true` if a text may be `kind`.
pub fn is_kind(text: &str) -> bool {
    bounded(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Returns `true` if a text may be `apiVersion`.
pub fn is_api_version(text: &str) -> bool {
    let version = |text: &str| bounded(text) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    with_prefix(text, version)
}

/// Tells whether a text may be the key of an annotation or a label.
///
/// The key is a name as in [`is_object_name`], alone or after a prefix and one `/`. The prefix is a
/// DNS name of at most 253 characters, each part of it as in [`is_dns_label`].
pub fn is_annotation_key(text: &str) -> bool {
    with_prefix(text, is_object_name)
}

/// Returns `true` if a text may be the value of a label.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_object_name(text)
}

/// Returns `true` if a text may be a tag.
pub fn is_tag(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b":+#".contains(&b);
    bounded(text) && text.split('-').all(|part| !part.is_empty() && part.bytes().all(plain))
}

fn with_prefix(text: &str, valid: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        Some((prefix, rest)) => {
            let dns = (1..=253).contains(&prefix.len()) && prefix.split('.').all(is_dns_label);
            dns && !rest.contains('/') && valid(rest)
        }
        None => valid(text),
    }
}
