//! The chores of the repository, as a library: the map of the house and the checks it has to pass.
//!
//! The command `cargo xtask` is a thin door to this crate; the architecture tests hold every
//! member of the workspace to the map:
//!
//! ```
//! use xtask::house::{self, Floor};
//!
//! let core: Vec<_> = house::core().map(|member| member.name).collect();
//! assert!(core.contains(&"coder-core"));
//! assert!(!core.contains(&"coder-axum"));
//!
//! let client = house::member("coder-client").unwrap();
//! assert_eq!(client.floor, Floor::First);
//! assert!(client.may_import("coder-core"));
//! assert!(!client.may_import("coder-auth"));
//! ```
//!
//! # What it is not
//!
//! It is not published, and nothing that is published may depend on it.
#![expect(clippy::print_stdout, reason = "a chore talks to the person who started it")]

pub mod circles;
mod command;
mod conformance;
pub mod coverage_table;
mod dist;
pub mod doc_style;
pub mod error_style;
mod features;
mod front_end;
mod fuzz;
mod fuzz_http;
pub mod house;
mod javascript;
mod measure;
mod npm;
mod packages;
mod packaging;
mod programs;
mod readme;
pub mod rustdoc_json;
mod semver;
mod simulate;
mod steps;
mod summary;
mod swagger_coverage;
mod tools;

pub use conformance::conformance;
pub use dist::{dist, licences_for, sbom_for};
pub use front_end::portal;
pub use fuzz::fuzz;
pub use fuzz_http::fuzz_http;
pub use javascript::format_javascript;
pub use measure::measure;
pub use npm::npm;
pub use readme::readme;
pub use simulate::simulate;
pub use steps::Step;
pub use summary::run;
pub use swagger_coverage::swagger_coverage;
