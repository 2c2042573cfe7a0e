//! From a document as it is written to configuration: variables put in, other files fetched.

use super::dropped::{Dropped, DroppedValue, without_value};
use super::environment::{Environment, Substituted};
use super::files::{self, Files};
use crate::message::one_line;
use crate::node::{Content, Entry, Map};
use crate::yaml::{self, MAX_DEPTH, MAX_FILE_NODES};
use crate::{ConfigError, Node, Provenance};
use crate::{Location, javascript};
use coder_core::with_causes;

/// The directives that fetch a value from elsewhere.
const DIRECTIVES: [&str; 3] = ["$file", "$env", "$include"];

pub(super) struct Transform<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) environment: &'a Environment,
    pub(super) errors: Vec<ConfigError>,
    pub(super) dropped: Vec<DroppedValue>,
    /// Every file that was read.
    pub(super) read: Vec<String>,
    pub(super) nodes: usize,
    pub(super) exhausted: bool,
}

/// The most files that one configuration may be made of.
const MAX_FILES: usize = 1_000;

/// The context of a value: the directory that relative paths start from, and the `$include` that
/// leads to it.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) directory: &'a str,
    pub(super) included: Option<&'a Included<'a>>,
    pub(super) depth: usize,
}

/// An `$include` that is being followed.
pub(super) struct Included<'a> {
    /// The file and the path in it.
    target: String,
    at: Provenance,
    by: Option<&'a Self>,
}

impl Context<'_> {
    fn provenance(&self, node: &Node) -> Provenance {
        match self.included {
            Some(included) => node.provenance.included_by(&included.at),
            None => node.provenance.clone(),
        }
    }

    fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..*self }
    }
}

impl Transform<'_> {
    /// Transforms the value with everything in it; `None` when it is dropped or in error.
    pub(super) fn value(&mut self, node: &Node, path: &str, context: Context<'_>) -> Option<Node> {
        if !self.goes_on(node, context) {
            return None;
        }
        match &node.content {
            Content::String(text) => self.text(text, node, path, context),
            Content::Map(map) if map.keys().any(|key| DIRECTIVES.contains(&key.as_str())) => {
                let at = context.provenance(node);
                match self.directive(map, &at, path, context) {
                    Ok(value) => value,
                    Err(problem) => {
                        let problem = one_line(problem);
                        self.errors.push(ConfigError::Directive { at, problem });
                        None
                    }
                }
            }
            _ => self.members(node, path, context),
        }
    }

    /// Counts a value. Once a limit is reached, which is reported once, nothing more is done.
    fn goes_on(&mut self, node: &Node, context: Context<'_>) -> bool {
        self.nodes += 1;
        let (what, limit) = if self.exhausted {
            return false;
        } else if context.depth > MAX_DEPTH {
            ("too many collections inside each other", MAX_DEPTH)
        } else if self.nodes > MAX_FILE_NODES {
            ("too many values, included files counted", MAX_FILE_NODES)
        } else if self.read.len() > MAX_FILES {
            ("too many included files", MAX_FILES)
        } else {
            return true;
        };
        self.exhausted = true;
        let location = node.location().clone();
        self.errors.push(ConfigError::TooLarge { location, what, limit });
        false
    }

    fn text(&mut self, text: &str, node: &Node, path: &str, context: Context<'_>) -> Option<Node> {
        let provenance = context.provenance(node);
        match self.environment.substitute(text) {
            Substituted::Text(text, variables) => {
                let provenance = if variables.is_empty() {
                    provenance
                } else {
                    provenance.with_variables(variables)
                };
                Some(Node::new(Content::String(text.into()), provenance))
            }
            Substituted::Dropped(dropped) => {
                self.drop_value(path, provenance, dropped);
                None
            }
        }
    }

    fn drop_value(&mut self, path: &str, provenance: Provenance, dropped: Dropped) {
        self.dropped.push(DroppedValue { path: path.to_owned(), provenance, dropped });
    }

    /// Transforms what is inside the value, and takes the value itself as it is.
    fn members(&mut self, node: &Node, path: &str, context: Context<'_>) -> Option<Node> {
        let provenance = context.provenance(node);
        let content = match &node.content {
            Content::List(items) => Content::List(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| {
                        self.value(item, &format!("{path}[{index}]"), context.deeper())
                    })
                    .collect(),
            ),
            Content::Map(map) => {
                let mut out = Map::with_capacity(map.len());
                for (key, entry) in map.iter() {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    if key == RESERVED {
                        self.errors.push(reserved(path, &entry.key));
                    } else if let Some(node) = self.value(&entry.node, &path, context.deeper()) {
                        out.insert(key.clone(), Entry::new(entry.key.clone(), node));
                    }
                }
                Content::Map(Box::new(out))
            }
            scalar => scalar.clone(),
        };
        Some(Node::new(content, provenance))
    }

    fn directive(
        &mut self,
        map: &Map,
        at: &Provenance,
        path: &str,
        context: Context<'_>,
    ) -> Result<Option<Node>, String> {
        let mut directives = map.iter().filter(|(key, _)| DIRECTIVES.contains(&key.as_str()));
        let Some((directive, entry)) = directives.next() else { return Ok(None) };
        if map.len() > 1 {
            return Err(format!("`{directive}` must be the only key of its mapping"));
        }
        let Some(written) = entry.node.as_str() else {
            return Err(format!("`{directive}` is {}; it must be a string", entry.node.kind()));
        };
        let (argument, variables) = match self.environment.substitute(written) {
            Substituted::Text(text, variables) => (text, variables),
            Substituted::Dropped(Dropped::Variables(names) | Dropped::Defaults(names)) => {
                let missing = without_value(&names);
                return Err(format!("`{directive}: {written}` cannot be followed: {missing}"));
            }
            Substituted::Dropped(Dropped::PathInFile { .. }) => return Ok(None),
        };
        let at = if variables.is_empty() { at.clone() } else { at.with_variables(variables) };
        match directive.as_str() {
            "$env" => Ok(self.variable(&argument, &at, path)),
            "$file" => self.file(&argument, &at, context).map(Some),
            _ => self.include(&argument, &at, path, context),
        }
    }

    fn variable(&mut self, name: &str, at: &Provenance, path: &str) -> Option<Node> {
        let names = vec![name.to_owned()];
        match self.environment.get(name) {
            Some(value) => Some(Node::new(Content::String(value.into()), at.with_variables(names))),
            None => {
                self.drop_value(path, at.clone(), Dropped::Variables(names));
                None
            }
        }
    }

    fn read(&mut self, path: &str) -> Result<String, String> {
        let text = self.files.read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file `{path}`"),
            _ => format!("cannot read `{path}`: {}", with_causes(&error)),
        })?;
        self.read.push(path.to_owned());
        Ok(text)
    }

    fn file(
        &mut self,
        argument: &str,
        at: &Provenance,
        context: Context<'_>,
    ) -> Result<Node, String> {
        let file = files::join(context.directory, argument);
        let text = self.read(&file)?;
        let provenance = Provenance::at(Location::in_file(file, 1, 1)).included_by(at);
        Ok(Node::new(Content::String(javascript::trim_end(&text).into()), provenance))
    }

    fn include(
        &mut self,
        argument: &str,
        at: &Provenance,
        path: &str,
        context: Context<'_>,
    ) -> Result<Option<Node>, String> {
        let (name, inside) = argument.split_once('#').unwrap_or((argument, ""));
        let file = files::join(context.directory, name);
        let json = match files::extension(&file) {
            ".json" => true,
            ".yaml" | ".yml" => false,
            _ => {
                return Err(format!(
                    "cannot include `{name}`: only .yaml, .yml and .json files can be included"
                ));
            }
        };
        let included =
            Included { target: format!("{file}#{inside}"), at: at.clone(), by: context.included };
        refuse_cycle(&included)?;
        let text = self.read(&file)?;
        let root =
            if json { yaml::json_document(&file, &text) } else { yaml::document(&file, &text) };
        let root =
            root.map_err(|error| format!("cannot include `{name}`: {}", with_causes(&error)))?;
        let mut node = &root;
        for (index, part) in inside.split('.').filter(|_| !inside.is_empty()).enumerate() {
            let Some(map) = node.as_map() else {
                let before: Vec<_> = inside.split('.').take(index).collect();
                return Err(format!(
                    "`{}` in `{name}` is {}, so it has no `{part}`",
                    before.join("."),
                    node.kind()
                ));
            };
            match map.get(part) {
                Some(entry) => node = &entry.node,
                None if inside.split('.').count() == index + 1 => {
                    let dropped =
                        Dropped::PathInFile { file: file.clone(), path: inside.to_owned() };
                    self.drop_value(path, at.clone(), dropped);
                    return Ok(None);
                }
                None => return Err(format!("`{name}` has nothing at `{inside}`")),
            }
        }
        let context = Context {
            directory: files::directory(&file),
            included: Some(&included),
            depth: context.depth,
        };
        // The top of an included value is not looked at for directives, as in Backstage.
        Ok(match node.as_str() {
            Some(text) => self.text(text, node, path, context),
            None => self.members(node, path, context),
        })
    }
}

fn refuse_cycle(included: &Included<'_>) -> Result<(), String> {
    let mut way = vec![included.at.location().to_string()];
    let mut by = included.by;
    while let Some(outer) = by {
        way.push(outer.at.location().to_string());
        if outer.target == included.target {
            way.reverse();
            return Err(format!("this includes itself, on the way {}", way.join(" → ")));
        }
        by = outer.by;
    }
    Ok(())
}

/// The key that JavaScript keeps for itself.
const RESERVED: &str = "__proto__";

fn reserved(path: String, at: &Location) -> ConfigError {
    let problem = "is a name that JavaScript keeps for itself, so Backstage reads it as something \
                   else; rename it";
    ConfigError::invalid(path, Provenance::at(at.clone()), problem)
}

/// Adds an error for each key in a value that JavaScript keeps for itself.
pub(super) fn refuse_reserved(node: &Node, path: &str, errors: &mut Vec<ConfigError>) {
    for (index, item) in node.as_list().unwrap_or_default().iter().enumerate() {
        refuse_reserved(item, &format!("{path}[{index}]"), errors);
    }
    for (key, entry) in node.as_map().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if key == RESERVED {
            errors.push(reserved(path, &entry.key));
        } else {
            refuse_reserved(&entry.node, &path, errors);
        }
    }
}
