//! Coder's search grammar, so that a value can never become a filter of its own.
//!
//! Coder splits a query on spaces outside double quotes, takes what contains `:` for a filter, and
//! splits that on `:` outside quotes into exactly two parts. There is no escape character: what
//! cannot be said in quotes cannot be said.

/// A value that Coder's search grammar cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// An empty value would filter nothing, or not be accepted.
    #[error("a search value is empty")]
    Empty,
    /// The grammar has no way to write this character in such a value.
    #[error("`{}` cannot be searched for: coder's search has no way to write {character:?} in it", value.escape_debug())]
    Character {
        /// The value.
        value: String,
        /// The first character that cannot be written.
        character: char,
    },
    /// Not the name of a filter.
    #[error("`{}` is no search filter; their names consist of a to z, `-` and `_`", key.escape_debug())]
    Key {
        /// The name.
        key: String,
    },
    /// A written query opens a quote and does not close it.
    #[error("the search `{}` opens a double quote and does not close it", query.escape_debug())]
    UnbalancedQuote {
        /// The query.
        query: String,
    },
}

impl FilterError {
    /// Whether the value could be compared on the caller's side instead: the grammar cannot write
    /// it, but it is no attempt to leave its place either.
    pub fn is_inexpressible(&self) -> bool {
        matches!(self, Self::Character { character: ',' | '=', .. })
    }
}

/// A name or value inside a `param` filter. Coder splits those on `,` and `=`.
pub(super) fn param_part(text: &str) -> Result<&str, FilterError> {
    match speakable(text)?.chars().find(|character| matches!(character, ',' | '=')) {
        Some(character) => Err(FilterError::Character { value: text.to_owned(), character }),
        None => Ok(text),
    }
}

/// A value that stays one value between double quotes.
pub(super) fn speakable(value: &str) -> Result<&str, FilterError> {
    if value.is_empty() {
        return Err(FilterError::Empty);
    }
    match value.chars().find(|character| *character == '"' || character.is_control()) {
        Some(character) => Err(FilterError::Character { value: value.to_owned(), character }),
        None => Ok(value),
    }
}

/// The parts of `text` between `delimiter`s outside double quotes, without the empty ones.
pub(super) fn split(text: &str, delimiter: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|character| {
        quoted ^= character == '"';
        !quoted && character == delimiter
    })
    .filter(|part| !part.is_empty())
    .collect()
}
