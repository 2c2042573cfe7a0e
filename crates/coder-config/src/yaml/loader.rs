//! From parser events to [`Node`]s, without recursion and within the limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag,
};

use super::characters::{StandIns, whole_characters};
use super::indentation::{Begins, First, indenting_tab, is_no_space, is_outdented};
use super::limits::{
    MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_NODES, MAX_NODES,
    MAX_REPEATED_BYTES, MAX_SCALAR_BYTES,
};
use super::mapping::{Key, insert, merge};
use super::problem::{TAB, problem};
use super::schema::{self, Schema};
use crate::node::{Content, Map};
use crate::{ConfigError, Location, Node};

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
    let characters = whole_characters(text);
    let escapes_replaced = matches!(characters, Cow::Owned(_));
    let (text, stand_ins) = StandIns::put_into(&characters);
    let mut options = parser_options();
    options.simple_key_max_lookahead = MAX_SCALAR_BYTES;
    let mut parser = Parser::new_from_str_with_options(&text, options);
    let offsets = !escapes_replaced;
    let mut builder = Builder { json: true, offsets, stand_ins, ..Builder::new(place, &text) };
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
    let mut documents: Vec<Result<Node, ConfigError>> = Vec::new();
    let mut file_nodes = 0;
    let mut schema = Schema::Core;
    loop {
        let mut builder =
            Builder { schema, stand_ins: stand_ins.clone(), ..Builder::new(place, text) };
        match builder.run(&mut parser) {
            Ok(Some(node)) => documents.push(Ok(node)),
            Ok(None) => return documents,
            Err(error) => {
                // Looking for the next document takes time in proportion to what is left.
                let over = matches!(error, ConfigError::TooLarge { .. });
                if builder.left_over {
                    documents.pop();
                }
                documents.push(Err(error));
                if over || !matches!(parser.proceed_next_document(), Ok(true)) {
                    return documents;
                }
            }
        }
        // YAML 1.1 holds until another directive says otherwise.
        schema = builder.schema;
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

/// Refuses a text that is too large or too deep, before it is parsed.
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
                let location = place.at(line, before.chars().count() + 1);
                return Err(ConfigError::Syntax {
                    location: location.with_span(index..index + 1),
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

/// Naming of places in a text.
pub(super) enum Place {
    /// Line and column of a file.
    File(Arc<str>),
    /// One place for all, where lines and columns would say nothing.
    Fixed(Location),
}

impl Place {
    /// Makes a place by line and column from 1.
    fn at(&self, line: usize, column: usize) -> Location {
        let bounded = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match self {
            Self::File(file) => Location::in_file(Arc::clone(file), bounded(line), bounded(column)),
            Self::Fixed(location) => location.clone(),
        }
    }
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
    /// The column of a block collection; `None` for one in brackets.
    block: Option<usize>,
    collection: Collection,
    anchor: usize,
    location: Location,
    tag: Option<String>,
    cost: Cost,
}

struct Builder<'a> {
    place: &'a Place,
    text: &'a str,
    /// Whether the text is JSON: the last of duplicate keys counts, and tabs are space.
    json: bool,
    stand_ins: StandIns,
    /// Whether offsets in this text can be told in the original one.
    offsets: bool,
    /// Offset behind the last thing that was read.
    end: usize,
    left_over: bool,
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
            json: false,
            stand_ins: StandIns::default(),
            offsets: true,
            end: 0,
            left_over: false,
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
                    match version {
                        Some(version) if (version.major, version.minor) == (1, 1) => {
                            self.schema = Schema::Yaml11;
                        }
                        Some(_) => self.schema = Schema::Core,
                        None => {}
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
                Event::SequenceStart(style, anchor, tag) => {
                    let list = Collection::List(Vec::new());
                    self.open(list, style, anchor, tag.as_deref(), &span)?;
                }
                Event::MappingStart(style, anchor, tag) => {
                    let map = Collection::Map { map: Map::new(), key: None };
                    self.open(map, style, anchor, tag.as_deref(), &span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(&span)?,
                Event::Alias(id) => self.alias(id, &span)?,
                _ => {}
            }
        }
        Ok(None)
    }

    /// Returns the place of a span without the white space behind it.
    fn location(&self, span: &Span) -> Location {
        let location = self.at(span.start.line(), span.start.col());
        match span.byte_range() {
            Some(range) => {
                let text = self.text.get(range.clone()).unwrap_or_default();
                self.with_span(location, range.start..range.start + text.trim_end().len())
            }
            None => location,
        }
    }

    /// Adds the bytes of the original text that `range` of the parsed text stands for.
    fn with_span(&self, location: Location, range: Range<usize>) -> Location {
        if !self.offsets {
            return location;
        }
        let [start, end] =
            [range.start, range.end].map(|offset| self.stand_ins.original_offset(offset));
        location.with_span(start..end)
    }

    /// Moves the end of what was read behind a scalar, an alias or a bracket.
    fn pass(&mut self, location: &Location) {
        self.end = location.span().map_or(self.end, |span| span.end.max(self.end));
    }

    fn at(&self, line: usize, column: usize) -> Location {
        self.place.at(line, column + 1)
    }

    fn syntax(&mut self, error: &ScanError) -> ConfigError {
        let marker = error.marker();
        let mut location = self.at(marker.line(), marker.col());
        if let Some(offset) = marker.byte_offset() {
            let rest = self.text.get(offset..).unwrap_or_default();
            let character = rest.chars().next().map_or(0, char::len_utf8);
            location = self.with_span(location, offset..offset + character);
        }
        // The parser looks a little ahead, so it may meet its limit before ours is.
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
            return Self::too_deep(location);
        }
        // What stands behind a document without a `---` is a fault of that document.
        self.left_over = matches!(error.kind(), ErrorKind::ExpectedDocumentStart);
        ConfigError::Syntax { location, problem: problem(error) }
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
        self.pass(&location);
        if text.len() > MAX_SCALAR_BYTES {
            let what = "a scalar has too many bytes";
            return Err(ConfigError::TooLarge { location, what, limit: MAX_SCALAR_BYTES });
        }
        self.count(1, &location)?;
        self.without_tabs(span, span.start.col(), First::Scalar)?;
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        if self.in_brackets() {
            self.indented(span, Begins::Inside, &location)?;
        } else if quoted {
            self.indented(span, Begins::Anywhere, &location)?;
        }
        let text = self.stand_ins.take_out(text);
        let text = text.as_ref();
        let content = match tag {
            Some(tag) => {
                let name = tag.suffix_in_namespace(YAML_TAGS).unwrap_or_default();
                schema::tagged(text, &name, self.schema).map_err(|problem| {
                    let problem = problem.to_owned();
                    ConfigError::Syntax { location: location.clone(), problem }
                })?
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
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<(), ConfigError> {
        let column = match (&collection, style) {
            (Collection::List(_), StructureStyle::Block) => self.dash_at_parent(span),
            _ => None,
        };
        let column = column.unwrap_or(span.start.col());
        let mut location = self.at(span.start.line(), column);
        if let Some(range) = span.byte_range() {
            let start = range.start.saturating_sub(span.start.col().saturating_sub(column));
            location = self.with_span(location, start..start);
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Self::too_deep(location));
        }
        let block = (style == StructureStyle::Block).then_some(column);
        let begins = if block.is_some() { First::Block } else { First::Flow };
        self.without_tabs(span, column, begins)?;
        if block.is_none() && self.in_brackets() {
            self.indented(&Span::empty(span.start), Begins::Inside, &location)?;
        }
        self.count(1, &location)?;
        let tag = tag.and_then(|tag| tag.suffix_in_namespace(YAML_TAGS)).map(Cow::into_owned);
        let cost = Cost { nodes: 1, ..Cost::default() };
        self.stack.push(Frame { block, collection, anchor, location, tag, cost });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), ConfigError> {
        if self.in_brackets() {
            let outer = self.stack.iter().rev().nth(1);
            let is_at_block = outer.is_none_or(|outer| outer.block.is_some());
            let begins = if is_at_block { Begins::AtTheBlock } else { Begins::Inside };
            let location = self.location(span);
            self.indented(&Span::empty(span.start), begins, &location)?;
            self.pass(&location);
        }
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let content = match (frame.collection, frame.tag.as_deref()) {
            (Collection::Map { map, .. }, Some("set")) => {
                if let Some(entry) = map.values().find(|entry| !entry.node.is_null()) {
                    let problem = "the items of a set have no values".to_owned();
                    let location = entry.node.location().clone();
                    return Err(ConfigError::Syntax { location, problem });
                }
                schema::emptied()
            }
            (Collection::List(_), Some("omap")) => schema::emptied(),
            (Collection::List(items), _) => Content::List(items),
            (Collection::Map { map, .. }, _) => Content::Map(Box::new(map)),
        };
        let node = Node::new(content, frame.location.until(self.end));
        self.finish(Built { node, cost: frame.cost }, frame.anchor, None)
    }

    fn in_brackets(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.block.is_none())
    }

    /// Returns the column of the first dash of a list that is indented no more than the mapping it
    /// is in. The parser lets such a list begin behind that dash.
    fn dash_at_parent(&self, span: &Span) -> Option<usize> {
        let Some(Frame { block: Some(column), collection: Collection::Map { .. }, .. }) =
            self.stack.last()
        else {
            return None;
        };
        let (indentation, rest) = self.line_before(span)?.split_at_checked(*column)?;
        let is_dash = rest.strip_prefix('-').is_some_and(|rest| !rest.starts_with(is_no_space));
        (is_dash && !indentation.contains(is_no_space)).then_some(*column)
    }

    /// Returns the text before a value in its line.
    fn line_before(&self, span: &Span) -> Option<&'a str> {
        let before = self.text.get(..span.byte_range()?.start)?;
        before.rsplit('\n').next()
    }

    /// Refuses tabs that indent. `column` is where the value begins.
    fn without_tabs(&self, span: &Span, column: usize, first: First) -> Result<(), ConfigError> {
        if self.json || self.in_brackets() {
            return Ok(());
        }
        let Some(line) = self.line_before(span).filter(|line| line.contains('\t')) else {
            return Ok(());
        };
        let start = span.byte_range().map(|range| range.start - line.len());
        let line: String = line.chars().take(column).collect();
        let is_key = matches!(
            self.stack.last(),
            Some(Frame { collection: Collection::Map { key: None, .. }, .. })
        );
        let first = if is_key && first == First::Scalar { First::Key } else { first };
        let block = self.stack.iter().rev().find_map(|frame| frame.block);
        match indenting_tab(&line, block, first) {
            None => Ok(()),
            Some(at) => {
                let mut location = self.at(span.start.line(), at);
                let tab = line.char_indices().nth(at).map(|(offset, _)| offset);
                if let (Some(start), Some(tab)) = (start, tab) {
                    location = self.with_span(location, start + tab..start + tab + 1);
                }
                Err(ConfigError::Syntax { location, problem: TAB.to_owned() })
            }
        }
    }

    /// Refuses what npm's `yaml` takes for the end of the block.
    fn indented(&self, span: &Span, begins: Begins, at: &Location) -> Result<(), ConfigError> {
        let block = self.stack.iter().rev().find_map(|frame| frame.block);
        let text = span.byte_range().and_then(|range| self.text.get(range));
        let (Some(block), Some(text)) = (block, text) else { return Ok(()) };
        if is_outdented(text, span.start.col(), block, begins) {
            return Err(ConfigError::Syntax {
                location: at.clone(),
                problem: "what is in quotes or brackets must be indented more than the block it \
                          is in"
                    .to_owned(),
            });
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Span) -> Result<(), ConfigError> {
        let location = self.location(span);
        self.pass(&location);
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
        // A collection is called by its alias as a key.
        let range = span.byte_range().and_then(|range| self.text.get(range));
        let text = built.node.scalar_text().or(range).map(str::to_owned);
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
                None => *key = Some(Key::from_node(&node, text)),
                Some(Key { text, location, .. })
                    if text == "<<" && self.schema == Schema::Yaml11 =>
                {
                    merge(map, &node, &location)?;
                }
                Some(key) => insert(map, key, node, self.json)?,
            },
        }
        Ok(())
    }
}
