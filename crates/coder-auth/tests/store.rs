//! The store in memory keeps what the trait promises.

use std::sync::Arc;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;

coder_testkit::auth_store_tests!(tokio::test, {
    let store = Arc::new(MemoryAuthStore::new());
    async move || store.clone() as Arc<dyn AuthStore>
});
