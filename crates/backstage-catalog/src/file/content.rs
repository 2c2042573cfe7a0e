//! One file: its entities, and what is wrong with it.

use coder_core::with_causes;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use coder_config::{ConfigError, Entity, Notice, check_entity, entity_notices, yaml};

/// Time of change and size of a file, by which a change is noticed; `None` when it cannot be seen.
pub(super) type Stamp = Option<(SystemTime, u64)>;

pub(super) fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// A file as it was last read.
#[derive(Clone)]
pub(super) struct File {
    pub(super) stamp: Stamp,
    /// Whether the file must be read again although its stamp is the same: the system did not let
    /// it be read, and a change of rights changes no stamp.
    is_unreadable: bool,
    pub(super) content: Arc<Content>,
}

/// Entities that count, and notices about the file as it is now.
#[derive(Default)]
pub(super) struct Content {
    pub(super) entities: Vec<Arc<Entity>>,
    pub(super) notices: Vec<Notice>,
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
    pub(super) fn read(path: &Path, root: &Path, former: Option<&Self>) -> Self {
        let stamp = stamp(path);
        if let Some(former) = former
            && former.stamp == stamp
            && !former.is_unreadable
        {
            return former.clone();
        }
        let mut attempt = Attempt::read(path, root, stamp);
        let last_whole = former.map(|former| &former.content).filter(|content| content.is_whole);
        let content = match last_whole {
            Some(whole) if !attempt.is_whole && !whole.entities.is_empty() => {
                attempt.notices.push(kept(&name_from(root, path), whole.entities.len()));
                Content {
                    entities: whole.entities.clone(),
                    notices: attempt.notices,
                    is_whole: true,
                    is_unknown: false,
                }
            }
            _ => Content {
                entities: attempt.entities,
                notices: attempt.notices,
                is_whole: attempt.is_whole,
                is_unknown: attempt.is_unknown,
            },
        };
        Self { stamp, is_unreadable: attempt.is_unreadable, content: Arc::new(content) }
    }
}

fn kept(name: &str, count: usize) -> Notice {
    let counts = match count {
        1 => "its entity of before counts".to_owned(),
        count => format!("its {count} entities of before count"),
    };
    Notice::new("", format!("until `{name}` can be read, {counts}"))
}

/// What one reading of a file found.
#[derive(Default)]
struct Attempt {
    entities: Vec<Arc<Entity>>,
    notices: Vec<Notice>,
    /// Whether every document is an entity.
    is_whole: bool,
    /// Whether some text could not be read as YAML.
    is_unknown: bool,
    /// Whether the system does not let the file be read.
    is_unreadable: bool,
}

impl Attempt {
    fn read(path: &Path, root: &Path, stamp: Stamp) -> Self {
        let name = name_from(root, path);
        if stamp.is_some_and(|(_, bytes)| bytes > yaml::MAX_BYTES as u64) {
            let limit = yaml::MAX_BYTES;
            return Self::failed(format!(
                "`{name}` is too large; at most {limit} bytes are accepted"
            ));
        }
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => Self::parse(&name, &text),
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

    fn parse(name: &str, text: &str) -> Self {
        let mut attempt = Self { is_whole: true, ..Self::default() };
        for document in yaml::documents(name, text) {
            match document {
                Ok(node) if node.is_null() => {}
                Ok(node) => {
                    attempt.notices.extend(entity_notices(&node));
                    match Entity::from_node(&node) {
                        Ok(entity) => {
                            let refused = check_entity(&node).err();
                            attempt.notices.extend(refused.map(refused_by_backstage));
                            attempt.entities.push(Arc::new(entity));
                        }
                        Err(error) => {
                            attempt.notices.push(error.into());
                            attempt.is_whole = false;
                        }
                    }
                }
                Err(error) => {
                    attempt.notices.push(error.into());
                    attempt.is_whole = false;
                    attempt.is_unknown = true;
                }
            }
        }
        attempt
    }
}

/// How a file is called to those who see its entities.
pub(super) fn name_from(root: &Path, path: &Path) -> String {
    let directory = path.parent().and_then(Path::parent);
    let below = path.strip_prefix(root).ok();
    // What lies elsewhere is called by its last two names.
    let name = below.or_else(|| path.strip_prefix(directory?).ok()).unwrap_or(path);
    name.display().to_string()
}

/// This portal can do without the field; who shares the file with Backstage wants to know.
fn refused_by_backstage(error: ConfigError) -> Notice {
    let mut notice = Notice::from(error);
    notice.message.push_str("; Backstage's catalog refuses the entity");
    notice
}

/// Files by their paths.
pub(super) type Files = std::collections::BTreeMap<PathBuf, File>;
