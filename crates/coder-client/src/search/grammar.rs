//! Coder's search grammar, in which no value may become a filter of its own.
//!
//! Coder splits a query on spaces outside double quotes, takes what contains `:` for a filter, and
//! splits that on `:` outside quotes into exactly two parts. There is no escape character: what
//! cannot be said in quotes cannot be said.

/// The error for a value that Coder's search grammar cannot express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The value is empty. It would match everything, or Coder would refuse it.
    #[error("a search value is empty")]
    Empty,
    /// The grammar has no way to write a character in such a value.
    #[error("`{}` cannot be searched for: Coder's search has no way to write {character:?} in it; search for another text", value.escape_debug())]
    Character {
        /// The value that was refused.
        value: String,
        /// The first character that cannot be written.
        character: char,
    },
    /// The name cannot be that of a filter.
    #[error("`{}` is no search filter; their names consist of a to z, `-` and `_`", key.escape_debug())]
    Key {
        /// The name that was refused.
        key: String,
    },
    /// The query opens a double quote and does not close it.
    #[error("the search `{}` opens a double quote and does not close it", query.escape_debug())]
    UnbalancedQuote {
        /// The query that was refused.
        query: String,
    },
}

impl FilterError {
    /// Returns `true` when the grammar cannot write the value, but the value is not an attempt to
    /// change the query. A caller can compare such a value itself.
    pub fn is_inexpressible(&self) -> bool {
        matches!(self, Self::Character { character: ',' | '=', .. })
    }
}

/// Checks a name or value inside of a `param` filter, which Coder splits at `,` and `=`.
pub(super) fn param_part(text: &str) -> Result<&str, FilterError> {
    match quotable(text)?.chars().find(|character| matches!(character, ',' | '=')) {
        Some(character) => Err(FilterError::Character { value: text.to_owned(), character }),
        None => Ok(text),
    }
}

/// Checks that a value stays one value between double quotes.
pub(super) fn quotable(value: &str) -> Result<&str, FilterError> {
    if value.is_empty() {
        return Err(FilterError::Empty);
    }
    match value.chars().find(|character| *character == '"' || character.is_control()) {
        Some(character) => Err(FilterError::Character { value: value.to_owned(), character }),
        None => Ok(value),
    }
}

/// Returns the parts of `text` between `delimiter`s outside of double quotes, without empty ones.
pub(super) fn split(text: &str, delimiter: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|character| {
        quoted ^= character == '"';
        !quoted && character == delimiter
    })
    .filter(|part| !part.is_empty())
    .collect()
}
