//! The routes of the auth backend, one file each.

pub(crate) mod answer;
pub(crate) mod callback;
pub(crate) mod link;
pub(crate) mod link_error;
pub(crate) mod logout;
pub(crate) mod refresh;
pub(crate) mod start;
