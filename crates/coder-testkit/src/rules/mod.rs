//! Rules that several routes share.

pub(crate) mod authentication;
pub(crate) mod csrf;
mod keys;
pub(crate) mod live;
pub(crate) mod rate_limit;
pub(crate) mod scopes;
pub(crate) mod search;
