//! HTTP as Backstage speaks it: reading requests, writing answers, cookies, origins.

pub(crate) mod cookies;
pub(crate) mod origins;
pub(crate) mod popup;
pub(crate) mod request;
pub(crate) mod response;
