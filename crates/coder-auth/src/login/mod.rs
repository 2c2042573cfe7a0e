//! A login under way.

pub(crate) mod attempt;
