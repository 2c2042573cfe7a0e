//! Suites that hold every implementation of a trait to the same rules.
//!
//! Each rule is an async function that panics when it is broken; a macro makes one test of each.
//!
//! - [`auth_store_tests!`](crate::auth_store_tests): `coder_auth::store::AuthStore`.
//! - [`catalog_tests!`](crate::catalog_tests): `backstage_catalog::Catalog`.
//! - [`index_store_tests!`](crate::index_store_tests): `coder_workspaces::index::IndexStore`.

#[cfg(feature = "conformance")]
pub mod auth_store;
#[cfg(feature = "conformance")]
pub mod catalog;
#[cfg(feature = "workspaces")]
#[cfg_attr(docsrs, doc(cfg(feature = "workspaces")))]
pub mod index_store;
