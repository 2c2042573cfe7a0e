//! Suites that hold every implementation of a trait to the same rules.
//!
//! Each rule is an async function that panics when it is broken; a macro makes one test of each.
//!
//! - [`auth_store_tests!`](crate::auth_store_tests): `coder_auth::store::AuthStore`.
//! - [`catalog_tests!`](crate::catalog_tests): `backstage_catalog::Catalog`.

pub mod auth_store;
pub mod catalog;
