//! Tolerant reading of answers.

mod list;
mod model;
mod open_enum;
mod read;
mod unreadable;
mod values;

pub use list::List;
pub(crate) use model::{filled, model, neutral};
pub(crate) use open_enum::open_enum;
pub(crate) use read::{Neutral, Number, Outcome, Read, Slot};
pub use unreadable::Unreadable;
