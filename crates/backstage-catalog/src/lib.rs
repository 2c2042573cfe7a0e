//! Where Backstage catalog entities come from: a trait, a catalog in memory, catalog files, and the
//! catalog of a Backstage backend.
//!
//! ```toml
//! [dependencies]
//! backstage-catalog = "0.1"
//! coder-config = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! ```
//! use backstage_catalog::{Catalog, EntityFilter, MemoryCatalog};
//!
//! const TEXT: &str = "
//! apiVersion: backstage.io/v1alpha1
//! kind: Component
//! metadata: { name: payments }
//! spec: { type: service, lifecycle: production, owner: team-a }
//! ";
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let entities = coder_config::parse_entities("catalog-info.yaml", TEXT);
//!     let catalog = MemoryCatalog::new(entities.into_iter().collect::<Result<Vec<_>, _>>()?);
//!     let services = catalog.entities(&EntityFilter::kind("component")).await?;
//!     assert_eq!(services[0].entity_ref().to_string(), "component:default/payments");
//!     Ok(())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | have a catalog in memory, for tests | [`MemoryCatalog`] |
//! | read catalog files | `FileCatalog` |
//! | ask the catalog of a Backstage backend | [`RemoteCatalog`] |
//! | have the catalog that an app-config names | `ConfiguredCatalog` |
//! | search entities | [`Catalog::entities`] with an [`EntityFilter`] |
//! | read a large catalog page by page | [`EntityPage`], [`PageCursor`] |
//! | be a catalog | [`Catalog`] |
//!
//! # What it is not
//!
//! It is not a catalog backend: it does not process, store or watch entities, and it knows no rules
//! beyond those of reading.
//!
//! # Features
//!
//! - `native`: [`FileCatalog`](https://docs.rs/backstage-catalog/latest/backstage_catalog/struct.FileCatalog.html),
//!   a catalog of files on a disk, and `ConfiguredCatalog`, the catalog that an app-config names.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod catalog;
mod error;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod file;
mod filter;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod from_config;
mod memory;
mod page;
mod relations;
mod remote;

pub use catalog::Catalog;
pub use coder_config::{Entity, EntityRef, EntityRefError};
pub use error::CatalogError;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
pub use file::FileCatalog;
pub use filter::EntityFilter;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
pub use from_config::ConfiguredCatalog;
pub use memory::MemoryCatalog;
pub use page::{EntityPage, PageCursor};
pub use remote::{CatalogUrl, CatalogUrlError, RemoteCatalog};
