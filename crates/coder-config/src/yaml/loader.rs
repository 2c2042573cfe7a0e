//! From parser events to [`Node`]s, without recursion and within the limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag,
};

use super::schema::{self, Schema};
use super::stand_in::StandIns;
use super::{
    MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_NODES, MAX_NODES,
    MAX_REPEATED_BYTES, MAX_SCALAR_BYTES, Place,
};
use crate::node::{Content, Entry, KeyKind, Map};
use crate::{ConfigError, Location, Node, javascript};

/// The namespace of YAML's own tags.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

fn parser_options() -> Options {
    granit_parser::options! {
        // One above ours, so that our own message is given.
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
        emit_comments: false,
    }
}

/// Reads a text that is known to be JSON.
pub(super) fn load_json(place: &Place, text: &str) -> Result<Node, ConfigError> {
    acceptable(place, text, true)?;
    let text = whole_characters(text);
    let (text, stand_ins) = StandIns::put_into(&text);
    let mut options = parser_options();
    options.simple_key_max_lookahead = MAX_SCALAR_BYTES;
    let mut parser = Parser::new_from_str_with_options(&text, options);
    let mut builder = Builder { last_key_counts: true, stand_ins, ..Builder::new(place, &text) };
    let root = builder.run(&mut parser)?;
    Ok(root.unwrap_or_else(|| Node::new(Content::Null, place.at(1, 1))))
}

pub(super) fn load(place: &Place, text: &str) -> Vec<Result<Node, ConfigError>> {
    if let Err(error) = acceptable(place, text, false) {
        return vec![Err(error)];
    }
    let (text, stand_ins) = StandIns::put_into(text);
    let text = text.as_ref();
    let mut parser = Parser::new_from_str_with_options(text, parser_options());
    let mut documents = Vec::new();
    let mut file_nodes = 0;
    loop {
        let mut builder = Builder { stand_ins: stand_ins.clone(), ..Builder::new(place, text) };
        match builder.run(&mut parser) {
            Ok(Some(node)) => documents.push(Ok(node)),
            Ok(None) => return documents,
            Err(error) => {
                // Looking for the next document takes time in proportion to what is left.
                let over = matches!(error, ConfigError::TooLarge { .. });
                documents.push(Err(error));
                if over || !matches!(parser.proceed_next_document(), Ok(true)) {
                    return documents;
                }
            }
        }
        file_nodes += builder.nodes;
        let excess = if documents.len() >= MAX_DOCUMENTS {
            Some(("too many documents in one file", MAX_DOCUMENTS))
        } else if file_nodes > MAX_FILE_NODES {
            Some(("too many values in one file", MAX_FILE_NODES))
        } else {
            None
        };
        if let Some((what, limit)) = excess {
            let location = builder.last;
            documents.push(Err(ConfigError::TooLarge { location, what, limit }));
            return documents;
        }
    }
}

/// What is refused before the parser sees it.
fn acceptable(place: &Place, text: &str, json: bool) -> Result<(), ConfigError> {
    if text.len() > MAX_BYTES {
        return Err(ConfigError::TooLarge {
            location: place.at(1, 1),
            what: "the file has too many bytes",
            limit: MAX_BYTES,
        });
    }
    if json {
        return Ok(());
    }
    // YAML takes a lone carriage return for a line break, npm's `yaml` for text. Nobody means it.
    let mut line = 1;
    let mut line_start = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => {
                line += 1;
                line_start = index + 1;
            }
            b'\r' if text.as_bytes().get(index + 1) != Some(&b'\n') => {
                let before = text.get(line_start..index).unwrap_or_default();
                return Err(ConfigError::Syntax {
                    location: place.at(line, before.chars().count() + 1),
                    problem: "a carriage return without a line feed; \
                              save the file with ordinary line ends"
                        .to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

impl Place {
    /// A place by line and column from 1.
    fn at(&self, line: usize, column: usize) -> Location {
        let bounded = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match self {
            Self::File(file) => Location::in_file(Arc::clone(file), bounded(line), bounded(column)),
            Self::Fixed(location) => location.clone(),
        }
    }
}

/// JSON writes characters beyond U+FFFF as two escapes, which YAML does not know. A half of such
/// a pair alone is no character; it becomes U+FFFD.
fn whole_characters(text: &str) -> Cow<'_, str> {
    let half = |at: usize, range: std::ops::Range<u32>| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok().filter(|half| range.contains(half))
    };
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let (high, low) = (half(at, 0xD800..0xDC00), half(at + 6, 0xDC00..0xE000));
        let (character, end) = match (high, low) {
            (Some(high), Some(low)) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(code), at + 12)
            }
            (Some(_), None) => (Some(char::REPLACEMENT_CHARACTER), at + 6),
            (None, _) if half(at, 0xDC00..0xE000).is_some() => {
                (Some(char::REPLACEMENT_CHARACTER), at + 6)
            }
            // Any other escape: the character behind the backslash belongs to it.
            _ => (None, at + 2),
        };
        if let Some(character) = character {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push(character);
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// A node with what it costs to repeat it.
#[derive(Clone)]
struct Built {
    node: Node,
    cost: Cost,
}

#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    /// npm's alias count: the greatest among the members, 1 for a scalar.
    aliases: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.aliases = self.aliases.max(other.aliases);
    }
}

struct Anchored {
    built: Built,
    uses: usize,
}

enum Collection {
    List(Vec<Node>),
    Map { map: Map, key: Option<Key> },
}

/// A collection that is still being filled.
struct Frame {
    collection: Collection,
    anchor: usize,
    location: Location,
    start: usize,
    tag: Option<String>,
    cost: Cost,
}

struct Key {
    text: String,
    kind: KeyKind,
    location: Location,
}

struct Builder<'a> {
    place: &'a Place,
    text: &'a str,
    /// JSON: of duplicate keys the last one counts.
    last_key_counts: bool,
    stand_ins: StandIns,
    schema: Schema,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    nodes: usize,
    repeated_bytes: usize,
    last: Location,
}

impl<'a> Builder<'a> {
    fn new(place: &'a Place, text: &'a str) -> Self {
        Self {
            place,
            text,
            last_key_counts: false,
            stand_ins: StandIns::default(),
            schema: Schema::Core,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            repeated_bytes: 0,
            last: place.at(1, 1),
        }
    }

    /// Reads up to the end of the next document; `None` at the end of the file.
    fn run(&mut self, parser: &mut Parser<'a, StrInput<'a>>) -> Result<Option<Node>, ConfigError> {
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.syntax(&error))?;
            match event {
                Event::DocumentStart(_, version) => {
                    if version.is_some_and(|version| version.major == 1 && version.minor == 1) {
                        self.schema = Schema::Yaml11;
                    }
                    self.last = self.location(&span);
                }
                Event::DocumentEnd => {
                    let empty = || Node::new(Content::Null, self.last.clone());
                    return Ok(Some(self.root.take().unwrap_or_else(empty)));
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.scalar(&text, style, anchor, tag.as_deref(), &span)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    self.open(Collection::List(Vec::new()), anchor, tag.as_deref(), &span)?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    let map = Collection::Map { map: Map::new(), key: None };
                    self.open(map, anchor, tag.as_deref(), &span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(&span)?,
                Event::Alias(id) => self.alias(id, &span)?,
                _ => {}
            }
        }
        Ok(None)
    }

    fn location(&self, span: &Span) -> Location {
        self.at(span.start.line(), span.start.col())
    }

    fn at(&self, line: usize, column: usize) -> Location {
        self.place.at(line, column + 1)
    }

    fn syntax(&self, error: &ScanError) -> ConfigError {
        let marker = error.marker();
        let location = self.at(marker.line(), marker.col());
        // The parser looks a little ahead, so it may meet its limit before ours is.
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return Self::too_deep(location);
        }
        ConfigError::Syntax { location, problem: error.info() }
    }

    fn too_deep(location: Location) -> ConfigError {
        let what = "too many collections inside each other";
        ConfigError::TooLarge { location, what, limit: MAX_DEPTH }
    }

    fn count(&mut self, nodes: usize, location: &Location) -> Result<(), ConfigError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let what = "too many values in one document";
        Err(ConfigError::TooLarge { location: location.clone(), what, limit: MAX_NODES })
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<(), ConfigError> {
        let location = self.location(span);
        if text.len() > MAX_SCALAR_BYTES {
            let what = "a scalar has too many bytes";
            return Err(ConfigError::TooLarge { location, what, limit: MAX_SCALAR_BYTES });
        }
        self.count(1, &location)?;
        let text = self.stand_ins.take_out(text);
        let text = text.as_ref();
        let content = match tag {
            Some(tag) => {
                let name = tag.suffix_in_namespace(YAML_TAGS).unwrap_or_default();
                schema::tagged(text, &name, self.schema)
            }
            None if style == ScalarStyle::Plain => schema::plain(text, self.schema),
            None => Content::String(text.into()),
        };
        let node = Node::new(content, location);
        let built = Built { node, cost: Cost { nodes: 1, bytes: text.len(), aliases: 1 } };
        self.finish(built, anchor, Some(text))
    }

    fn open(
        &mut self,
        collection: Collection,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<(), ConfigError> {
        let location = self.location(span);
        if self.stack.len() >= MAX_DEPTH {
            return Err(Self::too_deep(location));
        }
        self.count(1, &location)?;
        let tag = tag.and_then(|tag| tag.suffix_in_namespace(YAML_TAGS)).map(Cow::into_owned);
        let start = span.start.byte_offset().unwrap_or(self.text.len());
        let cost = Cost { nodes: 1, ..Cost::default() };
        self.stack.push(Frame { collection, anchor, location, start, tag, cost });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), ConfigError> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let content = match (frame.collection, frame.tag.as_deref()) {
            (_, Some("set" | "omap")) => schema::emptied(),
            (Collection::List(items), _) => Content::List(items),
            (Collection::Map { map, .. }, _) => Content::Map(Box::new(map)),
        };
        // A collection is a key only through its source text.
        let end = span.end.byte_offset().unwrap_or(self.text.len());
        let source = self.text.get(frame.start..end).map(str::trim_end);
        let node = Node::new(content, frame.location);
        self.finish(Built { node, cost: frame.cost }, frame.anchor, source)
    }

    fn alias(&mut self, id: usize, span: &Span) -> Result<(), ConfigError> {
        let location = self.location(span);
        let Some(anchored) = self.anchors.get_mut(&id) else {
            let problem = "this alias stands inside the very value it refers to".to_owned();
            return Err(ConfigError::Syntax { location, problem });
        };
        anchored.uses += 1;
        let weight = anchored.uses.saturating_mul(anchored.built.cost.aliases);
        if weight > MAX_ALIASES {
            let what = "too many aliases of one anchor";
            return Err(ConfigError::TooLarge { location, what, limit: MAX_ALIASES });
        }
        let mut built = anchored.built.clone();
        built.cost.aliases = weight;
        self.repeat(built.cost, &location)?;
        let text = built.node.scalar_text().map(str::to_owned);
        self.finish(built, 0, text.as_deref())
    }

    fn repeat(&mut self, cost: Cost, location: &Location) -> Result<(), ConfigError> {
        self.count(cost.nodes, location)?;
        self.repeated_bytes = self.repeated_bytes.saturating_add(cost.bytes);
        if self.repeated_bytes <= MAX_REPEATED_BYTES {
            return Ok(());
        }
        let what = "anchors and aliases repeat too many bytes of text";
        let location = location.clone();
        Err(ConfigError::TooLarge { location, what, limit: MAX_REPEATED_BYTES })
    }

    /// Puts a finished value where it belongs: an item, a key, a member or the root. `text` is
    /// what it is called as a key.
    fn finish(
        &mut self,
        built: Built,
        anchor: usize,
        text: Option<&str>,
    ) -> Result<(), ConfigError> {
        if anchor != 0 {
            self.repeat(built.cost, &built.node.location().clone())?;
            self.anchors.insert(anchor, Anchored { built: built.clone(), uses: 1 });
        }
        let Built { node, cost } = built;
        self.last = node.location().clone();
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.cost.add(cost);
        match &mut frame.collection {
            Collection::List(items) => items.push(node),
            Collection::Map { map, key } => match key.take() {
                None => *key = Some(Key::from_node(&node, text.unwrap_or_default())),
                Some(Key { text, location, .. })
                    if text == "<<" && self.schema == Schema::Yaml11 =>
                {
                    merge(map, &node, &location);
                }
                Some(key) => insert(map, key, node, self.last_key_counts)?,
            },
        }
        Ok(())
    }
}

impl Key {
    fn from_node(node: &Node, text: &str) -> Self {
        let (text, kind) = match &node.content {
            Content::String(text) => (text.to_string(), KeyKind::Text),
            Content::Null => (String::new(), KeyKind::Other),
            Content::Bool { value, .. } => (value.to_string(), KeyKind::Other),
            Content::Number { value, .. } => (javascript::number_text(*value), KeyKind::Other),
            Content::List(_) | Content::Map(_) => (text.to_owned(), KeyKind::Other),
        };
        Self { text, kind, location: node.location().clone() }
    }
}

fn insert(map: &mut Map, key: Key, node: Node, last_counts: bool) -> Result<(), ConfigError> {
    if let Some(entry) = map.get(&key.text)
        && entry.kind == key.kind
        && !last_counts
    {
        let first = entry.key.clone();
        return Err(ConfigError::DuplicateKey { key: key.text, location: key.location, first });
    }
    map.insert(key.text, Entry { key: key.location, kind: key.kind, node });
    Ok(())
}

/// YAML 1.1's `<<`: members of the mappings below it, where the mapping has none of that name.
fn merge(map: &mut Map, node: &Node, key: &Location) {
    let sources = node.as_list().unwrap_or(std::slice::from_ref(node));
    for members in sources.iter().filter_map(Node::as_map) {
        for (name, entry) in members {
            map.entry(name.clone()).or_insert_with(|| Entry {
                key: key.clone(),
                kind: KeyKind::Merged,
                ..entry.clone()
            });
        }
    }
}
