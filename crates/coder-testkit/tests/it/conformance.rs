//! The catalog in memory keeps the rules.

use backstage_catalog::MemoryCatalog;
use coder_testkit::conformance::catalog::entities;

mod memory_catalog {
    use super::*;
    coder_testkit::catalog_tests!(tokio::test, MemoryCatalog::new(entities()));
}
