//! The stores and catalogs of this house that need nothing but memory keep the rules.

use backstage_catalog::MemoryCatalog;
use coder_auth::MemoryAuthStore;
use coder_testkit::conformance::catalog::entities;

mod memory_catalog {
    use super::*;
    coder_testkit::catalog_tests!(tokio::test, MemoryCatalog::new(entities()));
}

mod memory_auth_store {
    use super::*;
    coder_testkit::auth_store_tests!(tokio::test, MemoryAuthStore::new());
}
