//! Runnable examples of the coder-backstage crates.
