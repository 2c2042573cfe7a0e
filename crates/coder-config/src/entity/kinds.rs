//! The rules of Backstage's own kinds.

use super::placeholders::{given, may_be_placeholder};
use super::relations::FIELDS;
use super::verdict::{CatalogVerdict, broken, missing};
use crate::{ConfigError, Node};
use coder_core::with_causes;

/// Required and optional keys in `spec` of a kind.
struct Kind {
    name: &'static str,
    required: &'static [&'static str],
    texts: &'static [&'static str],
    lists: &'static [&'static str],
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "Component",
        required: &["type", "lifecycle", "owner"],
        texts: &["type", "lifecycle", "owner", "system", "subcomponentOf"],
        lists: &["providesApis", "consumesApis", "dependsOn", "dependencyOf"],
    },
    Kind {
        name: "API",
        required: &["type", "lifecycle", "owner", "definition"],
        texts: &["type", "lifecycle", "owner", "system", "definition"],
        lists: &[],
    },
    Kind {
        name: "Resource",
        required: &["type", "owner"],
        texts: &["type", "owner", "system"],
        lists: &["dependsOn", "dependencyOf"],
    },
    Kind { name: "System", required: &["owner"], texts: &["owner", "domain", "type"], lists: &[] },
    Kind {
        name: "Domain",
        required: &["owner"],
        texts: &["owner", "subdomainOf", "type"],
        lists: &[],
    },
    Kind {
        name: "Group",
        required: &["type", "children"],
        texts: &["type", "parent"],
        lists: &["children", "members"],
    },
    Kind { name: "User", required: &["memberOf"], texts: &[], lists: &["memberOf"] },
    Kind { name: "Location", required: &[], texts: &["type", "target"], lists: &["targets"] },
];

/// Returns the keys that `spec` of this kind may hold.
pub(super) fn keys_of_spec(kind: &str) -> Vec<&'static str> {
    let kind = KINDS.iter().find(|known| known.name == kind);
    let own = kind.into_iter().flat_map(|kind| [kind.required, kind.texts, kind.lists]);
    let profile: &[&str] = match kind.map(|kind| kind.name) {
        Some("User" | "Group") => &["profile"],
        Some("Location") => &["presence"],
        _ => &[],
    };
    own.chain([profile]).flatten().copied().collect()
}

pub(super) fn check(node: &Node) -> Result<CatalogVerdict, ConfigError> {
    let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
    let (written, version) = (text("kind"), text("apiVersion"));
    let Some(kind) = KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(written)) else {
        return Ok(CatalogVerdict::ForeignKind);
    };
    let known = matches!(version, "backstage.io/v1alpha1" | "backstage.io/v1beta1");
    if kind.name != written || !known {
        return Ok(CatalogVerdict::NotRecognised);
    }
    let Some(spec) = node.get("spec") else {
        let rule = format!("is required of a {written}");
        return Err(missing("spec".to_owned(), node, "spec", &rule));
    };
    if may_be_placeholder(spec) {
        return Ok(CatalogVerdict::Accepted);
    }
    for key in kind.required {
        if spec.get(key).is_none() {
            let rule = format!("is required of a {written}");
            return Err(missing(format!("spec.{key}"), spec, key, &rule));
        }
    }
    let filled = |path: String, node: &Node| match node.as_str() {
        Some(text) if !text.is_empty() => Ok(()),
        None if may_be_placeholder(node) => Ok(()),
        _ => Err(broken(path, node, "must be a string that is not empty")),
    };
    for key in kind.texts {
        if let Some(node) = spec.get(key) {
            filled(format!("spec.{key}"), node)?;
        }
    }
    for key in kind.lists {
        let Some(node) = given(spec, key) else { continue };
        let Some(items) = node.as_list() else {
            return Err(broken(format!("spec.{key}"), node, "must be a list"));
        };
        items.iter().try_for_each(|item| filled(format!("spec.{key}"), item))?;
    }
    references(node, spec, kind)?;
    if let Some(profile) = given(spec, "profile").filter(|_| matches!(kind.name, "User" | "Group"))
    {
        if profile.as_map().is_none() {
            return Err(broken("spec.profile".to_owned(), profile, "must be a mapping"));
        }
        for key in ["displayName", "email", "picture"] {
            if let Some(node) = profile.get(key) {
                filled(format!("spec.profile.{key}"), node)?;
            }
        }
    }
    if let Some(presence) = given(spec, "presence").filter(|_| kind.name == "Location")
        && !matches!(presence.as_str(), Some("required" | "optional"))
    {
        let rule = "must be `required` or `optional`";
        return Err(broken("spec.presence".to_owned(), presence, rule));
    }
    Ok(CatalogVerdict::Accepted)
}

/// Checks the fields that name other entities. Backstage's catalog gives up on an entity when it
/// cannot read one of them.
fn references(node: &Node, spec: &Node, kind: &Kind) -> Result<(), ConfigError> {
    let namespace = node.get("metadata").and_then(|metadata| metadata.get("namespace"));
    let namespace = namespace.and_then(Node::as_str).unwrap_or_default();
    for field in FIELDS.iter().filter(|field| field.kind == kind.name) {
        let Some(written) = given(spec, field.field) else { continue };
        for item in written.as_list().unwrap_or(std::slice::from_ref(written)) {
            let Some(text) = item.as_str() else { continue };
            if let Err(error) = field.target(text, namespace) {
                let problem = format!("names no entity: {}", with_causes(&error));
                return Err(broken(format!("spec.{}", field.field), item, &problem));
            }
        }
    }
    Ok(())
}
