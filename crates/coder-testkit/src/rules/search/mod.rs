//! The language of `?q=`.

mod lexer;
mod pattern;
mod terms;

pub(crate) use pattern::ilike;
pub(crate) use terms::{FreeText, SearchFault, Terms};
