//! The paths that stand in a stream of tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path in the source: `crate::state::State`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) segments: Vec<String>,
    /// The name that a `use` gives it here; `*` for everything.
    pub(super) alias: Option<String>,
    /// Whether it is a `use` that other files can see.
    pub(super) is_passed_on: bool,
}

/// Something of a file that matters here.
#[derive(Debug)]
pub(super) enum Piece {
    /// `mod name;`, with the value of a `#[path]`.
    File { name: String, path: Option<String> },
    /// `mod name { … }`.
    Inline { name: String, body: TokenStream },
    /// The definition of an item.
    Item(String),
    /// A `use`, or a path in other code.
    Path(Named),
    /// A single name in other code.
    Word(String),
}

/// Reads the pieces of a file or of an inline module.
pub(super) fn pieces(tokens: TokenStream) -> Vec<Piece> {
    let mut found = Vec::new();
    scan(tokens, &mut found);
    found
}

fn scan(tokens: TokenStream, found: &mut Vec<Piece>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = Cursor { tokens: &tokens, index: 0 };
    let mut path_attribute = None;
    let mut is_public = false;
    while let Some(token) = at.peek(0) {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let Some(attribute) = at.attribute() else {
                    at.index += 1;
                    continue;
                };
                if is_for_tests(attribute) {
                    at.skip_item();
                } else {
                    path_attribute = path_attribute.or(value_of_path(attribute));
                    literal_paths(attribute.stream(), found);
                }
            }
            TokenTree::Ident(ident) => {
                let word = ident.to_string();
                match word.as_str() {
                    "pub" => {
                        is_public = true;
                        at.index += 1;
                        continue;
                    }
                    "mod" => at.module(path_attribute.take(), found),
                    "use" => at.import(is_public, found),
                    "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static" => {
                        at.index += 1;
                        if let Some(TokenTree::Ident(name)) = at.peek(0) {
                            found.push(Piece::Item(name.to_string()));
                        }
                    }
                    "macro_rules" => {
                        if let Some(TokenTree::Ident(name)) = at.peek(2) {
                            found.push(Piece::Item(name.to_string()));
                        }
                        at.index += 3;
                    }
                    _ => at.path(word, found),
                }
                is_public = false;
            }
            TokenTree::Group(group) => {
                at.index += 1;
                // `pub(crate)`
                if !(is_public && group.delimiter() == Delimiter::Parenthesis) {
                    scan(group.stream(), found);
                    is_public = false;
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {
                at.index += 1;
                is_public = false;
            }
        }
    }
}

/// A place in a list of tokens.
struct Cursor<'a> {
    tokens: &'a [TokenTree],
    index: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a TokenTree> {
        self.tokens.get(self.index + ahead)
    }

    fn is_punct(&self, ahead: usize, wanted: char) -> bool {
        matches!(self.peek(ahead), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
    }

    /// Tells whether `::` stands here.
    fn is_separator(&self) -> bool {
        self.is_punct(0, ':') && self.is_punct(1, ':')
    }

    /// Reads `#[…]` or `#![…]`.
    fn attribute(&mut self) -> Option<&'a Group> {
        let ahead = if self.is_punct(1, '!') { 2 } else { 1 };
        match self.peek(ahead) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                self.index += ahead + 1;
                Some(group)
            }
            _ => None,
        }
    }

    /// Goes behind the item that begins here.
    fn skip_item(&mut self) {
        while let Some(token) = self.peek(0) {
            self.index += 1;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ';' => return,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
                _ => {}
            }
        }
    }

    /// Reads `mod name;` or `mod name { … }`.
    fn module(&mut self, path: Option<String>, found: &mut Vec<Piece>) {
        if let Some(TokenTree::Ident(name)) = self.peek(1) {
            let name = name.to_string();
            match self.peek(2) {
                Some(TokenTree::Group(body)) => {
                    found.push(Piece::Inline { name, body: body.stream() });
                }
                _ => found.push(Piece::File { name, path }),
            }
            self.index += 2;
        }
        self.index += 1;
    }

    /// Reads one `use …;` item.
    fn import(&mut self, is_passed_on: bool, found: &mut Vec<Piece>) {
        self.index += 1;
        let from = self.index;
        while self.peek(0).is_some() && !self.is_punct(0, ';') {
            self.index += 1;
        }
        let tree = self.tokens.get(from..self.index).unwrap_or_default();
        for (segments, alias) in leaves(tree, &[]) {
            found.push(Piece::Path(Named { segments, alias: Some(alias), is_passed_on }));
        }
    }

    /// Reads the path or the word that begins here.
    fn path(&mut self, first: String, found: &mut Vec<Piece>) {
        let is_path_tail = self.goes_on();
        self.index += 1;
        let mut segments = vec![first];
        while self.is_separator()
            && let Some(TokenTree::Ident(next)) = self.peek(2)
        {
            segments.push(next.to_string());
            self.index += 3;
        }
        if is_path_tail {
            return;
        }
        match <[String; 1]>::try_from(segments) {
            Ok([word]) => found.push(Piece::Word(word)),
            Err(segments) => {
                found.push(Piece::Path(Named { segments, alias: None, is_passed_on: false }));
            }
        }
    }

    /// Tells whether a `::`, a `.` or the `'` of a lifetime stands before this place.
    fn goes_on(&self) -> bool {
        let before = |back: usize| {
            let index = self.index.checked_sub(back)?;
            match self.tokens.get(index) {
                Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
                _ => None,
            }
        };
        match before(1) {
            Some(':') => before(2) == Some(':'),
            Some('.' | '\'') => true,
            _ => false,
        }
    }
}

/// Returns the single paths of a `use`, each with what it is called here.
fn leaves(tree: &[TokenTree], before: &[String]) -> Vec<(Vec<String>, String)> {
    let mut all = Vec::new();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    for part in tree.split(is_comma) {
        let mut segments = before.to_vec();
        let mut alias = None;
        let mut is_group = false;
        for token in part {
            match token {
                TokenTree::Ident(ident) => match (ident.to_string(), &mut alias) {
                    (_, Some(alias)) => *alias = ident.to_string(),
                    (word, none) if word == "as" => *none = Some(String::new()),
                    (word, _) if word == "self" && !segments.is_empty() => {}
                    (word, _) => segments.push(word),
                },
                TokenTree::Punct(punct) if punct.as_char() == '*' => alias = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    all.extend(leaves(&inner, &segments));
                    is_group = true;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if !is_group && let Some(last) = segments.last().cloned() {
            all.push((segments, alias.unwrap_or(last)));
        }
    }
    all
}

/// Tells whether an attribute leaves an item to tests.
fn is_for_tests(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text.starts_with("cfg(test") || text.starts_with("cfg(all(test") || text == "test"
}

/// Returns the file of `#[path = "…"]`.
fn value_of_path(attribute: &Group) -> Option<String> {
    let text = attribute.stream().to_string();
    let value = text.strip_prefix("path")?.trim_start().strip_prefix('=')?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// Finds paths that an attribute quotes: `serialize_with = "crate::json::time"`.
fn literal_paths(tokens: TokenStream, found: &mut Vec<Piece>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literal_paths(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let segments: Vec<String> =
                    text.trim_matches('"').split("::").map(str::to_owned).collect();
                let is_name = |segment: &String| {
                    !segment.is_empty()
                        && segment.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
                };
                if segments.len() > 1 && segments.iter().all(is_name) {
                    found.push(Piece::Path(Named { segments, alias: None, is_passed_on: false }));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}
