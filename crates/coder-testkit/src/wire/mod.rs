//! Requests and answers: what is read from the one, and how the other is written.

pub(crate) mod call;
pub(crate) mod cors;
pub(crate) mod events;
pub(crate) mod fault;
pub(crate) mod input;
pub(crate) mod recorded;
pub(crate) mod reply;
pub(crate) mod socket;
