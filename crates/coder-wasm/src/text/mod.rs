//! Catalog files and app-config as texts, with the place of everything.

pub mod app_config;
pub mod catalog;
mod places;
pub mod references;
mod remarks;
