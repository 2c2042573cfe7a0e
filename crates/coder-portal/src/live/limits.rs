//! The numbers of streams and workspaces that a portal serves at a time.

/// The number of workspaces on one page.
pub(super) const MAX_WORKSPACES: usize = 64;
/// The number of streams that one person may have open at a time.
pub(super) const MAX_PAGES_OF_A_PERSON: usize = 32;
/// The number of workspaces that one person may watch at a time, with all pages together.
pub(super) const MAX_WORKSPACES_OF_A_PERSON: usize = 256;
/// The number of streams that may be open at a time.
pub(super) const MAX_PAGES: usize = 4_000;
/// The number of workspaces that may be watched at a time: each is a connection to Coder.
pub(super) const MAX_FEEDS: usize = 8_000;
