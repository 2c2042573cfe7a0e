//! The store over rows keeps what the trait promises, over rows that do what theirs promises.
#![cfg(feature = "rows")]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use coder_auth::store::{AuthStore, StoreError};
use coder_core::Lock;
use coder_wasm::rows::{Commit, Row, RowAuthStore, RowRange, Rows};

/// Rows in memory. Each call waits once, so that transitions meet each other.
#[derive(Default)]
struct MemoryRows(Lock<BTreeMap<String, String>>);

#[async_trait]
impl Rows for MemoryRows {
    async fn read(&self, keys: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        tokio::task::yield_now().await;
        let rows = self.0.lock();
        Ok(keys.iter().map(|key| rows.get(key).cloned()).collect())
    }

    async fn list(&self, range: &RowRange) -> Result<Vec<Row>, StoreError> {
        tokio::task::yield_now().await;
        let rows = self.0.lock();
        let rows = rows.range(range.start.clone()..range.end.clone());
        let rows = rows.map(|(key, value)| Row { key: key.clone(), value: value.clone() });
        Ok(rows.take(range.limit as usize).collect())
    }

    async fn commit(&self, commit: &Commit) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        let mut rows = self.0.lock();
        if commit.checks.iter().any(|check| rows.get(&check.key) != check.value.as_ref()) {
            return Ok(false);
        }
        for Row { key, value } in commit.writes.clone() {
            assert!(key.is_ascii() && key.len() <= 100, "{key}");
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(true)
    }
}

coder_testkit::auth_store_tests!(tokio::test, {
    let rows: Arc<dyn Rows> = Arc::new(MemoryRows::default());
    async move || Arc::new(RowAuthStore::new(Arc::clone(&rows))) as Arc<dyn AuthStore>
});
