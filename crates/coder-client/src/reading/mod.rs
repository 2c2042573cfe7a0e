//! Tolerant reading of answers.

mod list;
mod model;
mod moment;
mod open_enum;
mod read;
mod source;
mod unreadable;
mod values;

pub use list::List;
pub(crate) use model::{blank, model, neutral, place, wire};
pub(crate) use open_enum::open_enum;
pub(crate) use read::{Blank, Neutral, Read};
pub(crate) use source::{Broken, Fields, Model, Number, Place, fill};
pub(crate) use unreadable::Outcome;
pub use unreadable::Unreadable;
