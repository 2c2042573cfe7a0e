//! Circles of files: files of one crate that need each other, so that none can be understood alone.
//!
//! An edge leads from a file to each file whose items it names, by a `use` or by a path. A name that
//! a file only passes on (`pub use`) leads to the file that defines it. What stands under
//! `#[cfg(test)]` does not count.

mod circle;
mod module;
mod path;

pub use circle::{Circle, circles};
pub use module::Edge;
