//! The limits of a YAML file, so that a hostile one cannot exhaust the process.

/// The most bytes of a file that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of collections.
pub const MAX_DEPTH: usize = 64;
/// The most values in one document, keys not counted. The values that an
/// alias repeats count again, and so do those that its anchor marks.
pub const MAX_NODES: usize = 50_000;
/// The most documents in one file.
pub const MAX_DOCUMENTS: usize = 10_000;
/// The most values in one file.
pub const MAX_FILE_NODES: usize = 250_000;
/// The most bytes of one key or scalar: 1 MiB.
pub const MAX_SCALAR_BYTES: usize = 1 << 20;
/// The most bytes of text that anchors and aliases may repeat in one document: 1 MiB.
pub const MAX_REPEATED_BYTES: usize = 1 << 20;
/// How often an anchor may be used, counted with the aliases inside it as npm's `yaml` does.
pub const MAX_ALIASES: usize = 100;
