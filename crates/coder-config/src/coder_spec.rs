//! `spec.coder` of a catalog entity.

use coder_core::with_causes;
use indexmap::IndexMap;

use crate::message::shown;
use crate::{CreationMode, Node, Notice, TemplateRef};

/// Section `spec.coder` of an entity.
///
/// It is read leniently: a field that cannot be used is left out and explained in
/// [`notices`](Self::notices); the others count. Scalars that should be strings keep the text
/// they were written as, so `version: 1.20` is the parameter `1.20`; null means "not set", and so
/// does an empty `templateName`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CoderSpec {
    /// `templateName`: the template to create from.
    pub template: Option<TemplateRef>,
    /// `mode`: whether a creation link asks first.
    pub mode: Option<CreationMode>,
    /// `params`: the template's parameters, in the order they are written.
    pub params: IndexMap<String, String>,
    /// Warnings about values that were ignored, each with its place.
    pub notices: Vec<Notice>,
}

const KEYS: &[&str] = &["templateName", "mode", "params"];

impl CoderSpec {
    /// Reads the value of `spec.coder`. Null is an empty one.
    pub fn from_node(node: &Node) -> Self {
        let mut reader = Reader { spec: Self::default() };
        reader.read(node);
        reader.spec
    }
}

struct Reader {
    spec: CoderSpec,
}

impl Reader {
    fn read(&mut self, node: &Node) {
        if node.is_null() {
            return;
        }
        let Some(map) = node.as_map() else {
            let problem = format!("is {} and is ignored; write a mapping", node.kind());
            return self.notice("spec.coder", node, &problem);
        };
        for (key, entry) in map {
            let node = &entry.node;
            match key.as_str() {
                _ if node.is_null() => {}
                "templateName" => self.template(node),
                "mode" => self.mode(node),
                "params" => self.params(node),
                _ => {
                    let path = format!("spec.coder.{key}");
                    let hint = crate::suggest::or_known(key, KEYS);
                    let message = format!("`{path}` is not known and ignored{hint}");
                    self.spec.notices.push(Notice::new(path, message).at(entry.key.clone()));
                }
            }
        }
    }

    fn notice(&mut self, path: &str, node: &Node, problem: &str) {
        let notice = Notice::new(path, format!("`{path}` {problem}"));
        self.spec.notices.push(notice.at(node.provenance().clone()));
    }

    fn text<'a>(&mut self, path: &str, node: &'a Node) -> Option<&'a str> {
        let text = node.scalar_text();
        if text.is_none() {
            let problem = format!("is {} and is ignored; write a string", node.kind());
            self.notice(path, node, &problem);
        }
        text
    }

    fn template(&mut self, node: &Node) {
        const PATH: &str = "spec.coder.templateName";
        let Some(text) = self.text(PATH, node).filter(|text| !text.is_empty()) else { return };
        match TemplateRef::parse(text) {
            Ok(template) => self.spec.template = Some(template),
            Err(error) => {
                let problem =
                    format!("is `{}` and is ignored: {}", shown(text), with_causes(&error));
                self.notice(PATH, node, &problem);
            }
        }
    }

    fn mode(&mut self, node: &Node) {
        const PATH: &str = "spec.coder.mode";
        let Some(text) = self.text(PATH, node).filter(|text| !text.is_empty()) else { return };
        match text.parse() {
            Ok(mode) => self.spec.mode = Some(mode),
            Err(_) => {
                let problem =
                    format!("is `{}` and is ignored; it must be `manual` or `auto`", shown(text));
                self.notice(PATH, node, &problem);
            }
        }
    }

    fn params(&mut self, node: &Node) {
        let Some(members) = node.members() else {
            let problem = format!(
                "is {} and is ignored; write a mapping from parameter to value",
                node.kind()
            );
            return self.notice("spec.coder.params", node, &problem);
        };
        for (name, value) in members.filter(|(_, value)| !value.is_null()) {
            if let Some(text) = self.text(&format!("spec.coder.params.{name}"), value) {
                self.spec.params.insert(name.to_owned(), text.to_owned());
            }
        }
    }
}
