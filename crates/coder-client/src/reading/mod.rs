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
pub(crate) use model::{filled, model, neutral, wire};
pub(crate) use open_enum::open_enum;
pub(crate) use read::{Neutral, Outcome, Read, Slot};
pub(crate) use source::{Broken, Field, Fields, Number, fill};
pub use unreadable::Unreadable;
