//! One file: its entities, and what is wrong with it.

use coder_core::with_causes;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coder_config::{
    ConfigError, Entity, Node, Notice, PlaceholderError, Placeholders, UnreadPlaceholder,
    catalog_refusal, entity_notices, yaml,
};

use super::disk::{Stamp, name_from, stamp};
use super::parts::{Part, Parts, Place};

/// A file as it was last read.
#[derive(Clone)]
pub(super) struct File {
    pub(super) stamp: Stamp,
    /// Whether the file must be read again although its stamp is the same: the system did not let
    /// it be read, and a change of rights changes no stamp.
    is_unreadable: bool,
    /// The files that its placeholders read.
    parts: Vec<Part>,
    pub(super) content: Arc<Content>,
}

/// Entities that count, and notices about the file as it is now.
#[derive(Default)]
pub(super) struct Content {
    pub(super) entities: Vec<Arc<Entity>>,
    pub(super) notices: Vec<Notice>,
    /// The placeholders whose files are never read here.
    pub(super) elsewhere: Vec<UnreadPlaceholder>,
    /// Whether the entities are those of a whole file.
    is_whole: bool,
    /// Whether a part of the file could not be read, and has never been: nobody knows which
    /// entities are in it.
    pub(super) is_unknown: bool,
}

impl File {
    /// Reads the file, unless `former` says what is in it.
    ///
    /// While a file cannot be read as a whole, what was read from it before goes on to count.
    pub(super) fn read(place: Place<'_>, former: Option<&Self>) -> Self {
        let stamp = stamp(place.path);
        if let Some(former) = former
            && former.stamp == stamp
            && !former.is_unreadable
            && Parts::are_unchanged(&former.parts)
        {
            return former.clone();
        }
        let name = name_from(place.root, place.path);
        let former_parts = former.map_or(&[][..], |former| &former.parts);
        let mut attempt = Attempt::read(&name, stamp, Parts::new(place, former_parts));
        let last_whole = former.map(|former| &former.content).filter(|content| content.is_whole);
        let content = match last_whole {
            Some(whole) if !attempt.is_whole && !whole.entities.is_empty() => {
                attempt.notices.push(kept(&name, whole.entities.len()));
                Content {
                    entities: whole.entities.clone(),
                    notices: attempt.notices,
                    elsewhere: attempt.elsewhere,
                    is_whole: true,
                    is_unknown: false,
                }
            }
            _ => Content {
                entities: attempt.entities,
                notices: attempt.notices,
                elsewhere: attempt.elsewhere,
                is_whole: attempt.is_whole,
                is_unknown: attempt.is_unknown,
            },
        };
        Self {
            stamp,
            is_unreadable: attempt.is_unreadable,
            parts: attempt.parts,
            content: Arc::new(content),
        }
    }
}

fn kept(name: &str, count: usize) -> Notice {
    let counts = match count {
        1 => "its entity of before counts".to_owned(),
        count => format!("its {count} entities of before count"),
    };
    Notice::new("", format!("until `{name}` can be read, {counts}"))
}

/// The result of one reading of a file.
#[derive(Default)]
struct Attempt {
    entities: Vec<Arc<Entity>>,
    notices: Vec<Notice>,
    elsewhere: Vec<UnreadPlaceholder>,
    /// Whether every document is an entity, and what was read for its placeholders can be read still.
    is_whole: bool,
    /// Whether some text could not be read as YAML.
    is_unknown: bool,
    /// Whether the system does not let a file be read.
    is_unreadable: bool,
    parts: Vec<Part>,
}

/// Reads a file up to one byte more than is accepted: it may have grown since its size was seen.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(yaml::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Attempt {
    fn read(name: &str, stamp: Stamp, parts: Parts<'_>) -> Self {
        if stamp.is_some_and(|(_, bytes)| bytes > yaml::MAX_BYTES as u64) {
            let limit = yaml::MAX_BYTES;
            return Self::failed(format!(
                "`{name}` is too large; at most {limit} bytes are accepted"
            ));
        }
        match bounded(parts.path()).map(String::from_utf8) {
            Ok(Ok(text)) => Self::parse(name, &text, parts),
            Ok(Err(_)) => Self::failed(format!("cannot read `{name}`: it is not UTF-8 text")),
            Err(error) => {
                let why = with_causes(&error);
                let failed = Self::failed(format!("cannot read `{name}`: {why}"));
                Self { is_unreadable: true, ..failed }
            }
        }
    }

    fn failed(message: String) -> Self {
        Self { notices: vec![Notice::new("", message)], is_unknown: true, ..Self::default() }
    }

    fn parse(name: &str, text: &str, mut parts: Parts<'_>) -> Self {
        let mut attempt = Self { is_whole: true, ..Self::default() };
        let mut unused = Vec::new();
        let mut placeholders = Placeholders::new(|target: &str| parts.read(target));
        for document in yaml::documents(name, text) {
            match document {
                Ok(node) if node.is_null() => {}
                Ok(mut node) => {
                    let unread = placeholders.resolve(&mut node);
                    unused.extend(unread.iter().map(|unread| unread.target.clone()));
                    attempt.entity(&node, unread);
                }
                Err(error) => {
                    attempt.notices.push(error.into());
                    attempt.is_whole = false;
                    attempt.is_unknown = true;
                }
            }
        }
        let outcome = parts.finish(&unused);
        attempt.is_whole &= !outcome.is_broken;
        attempt.is_unreadable = outcome.is_unreadable;
        attempt.parts = outcome.parts;
        attempt
    }

    /// Takes in a document, whose placeholders are replaced except those that are `unread`.
    fn entity(&mut self, node: &Node, unread: Vec<UnreadPlaceholder>) {
        self.notices.extend(entity_notices(node));
        let mut is_missing_something = false;
        for unread in unread {
            match unread.error {
                PlaceholderError::Elsewhere => self.elsewhere.push(unread),
                PlaceholderError::Unusable(_) => {
                    is_missing_something = true;
                    self.notices.push(unread.into());
                }
            }
        }
        match Entity::from_node(node) {
            Ok(entity) => {
                self.notices.extend(catalog_refusal(node).map(refused_by_backstage));
                self.entities.push(Arc::new(entity));
            }
            Err(error) => {
                self.notices.push(error.into());
                self.is_whole = false;
                self.is_unknown |= is_missing_something;
            }
        }
    }
}

/// Makes a notice of an error that this portal can do without, and adds that Backstage refuses the
/// entity: somebody may share the file with Backstage.
fn refused_by_backstage(error: ConfigError) -> Notice {
    let mut notice = Notice::from(error);
    notice.message.push_str("; Backstage's catalog refuses the entity");
    notice
}

/// Files by their paths.
pub(super) type Files = std::collections::BTreeMap<PathBuf, File>;
