//! The place of an index that tests use is one.

use std::sync::Arc;

use coder_testkit::MemoryIndexStore;
use coder_workspaces::index::IndexStore;

use crate::async_test;

coder_testkit::index_store_tests!(async_test => {
    let store = MemoryIndexStore::default();
    async move || Arc::new(store.other_process()) as Arc<dyn IndexStore>
});
