//! A login, from its attempt in the browser to the session.

pub(crate) mod attempt;
pub(crate) mod completion;
