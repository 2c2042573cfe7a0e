//! The store in memory keeps what the trait promises.

use std::sync::Arc;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;

coder_testkit::auth_store_tests!(tokio::test, {
    let store = Arc::new(MemoryAuthStore::new());
    async move || store.clone() as Arc<dyn AuthStore>
});

/// An `Arc` of a store is a store, so every entrance takes it as well.
mod shared {
    use super::*;

    coder_testkit::auth_store_tests!(tokio::test, {
        let store: Arc<dyn AuthStore> = Arc::new(MemoryAuthStore::new());
        async move || Arc::new(Arc::clone(&store)) as Arc<dyn AuthStore>
    });
}
