//! The chores of the repository: `cargo xtask …`.
fn main() {}
