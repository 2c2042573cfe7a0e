//! Rows that JavaScript keeps.

use std::sync::Arc;

use async_trait::async_trait;
use coder_auth::store::{AuthStore, StoreError};
use js_sys::{Array, JSON, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::platform::thrown_message;
use crate::rows::{Commit, Row, RowAuthStore, RowRange, Rows};

#[wasm_bindgen]
extern "C" {
    /// A store of the interface `RowStore` in `edge.d.ts`. What it gives may be promises.
    #[derive(Clone, Debug)]
    pub type JsRows;

    #[wasm_bindgen(method, catch)]
    fn read(this: &JsRows, keys: Vec<String>) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn list(this: &JsRows, range: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn commit(this: &JsRows, commit: JsValue) -> Result<JsValue, JsValue>;
}

/// Returns the store of a login that keeps its rows in `rows`.
pub fn row_auth_store(rows: &JsRows) -> Arc<dyn AuthStore> {
    Arc::new(RowAuthStore::new(Arc::new(rows.clone())))
}

#[async_trait(?Send)]
impl Rows for JsRows {
    async fn read(&self, keys: &[String]) -> Result<Vec<Option<String>>, StoreError> {
        let values = settled("read", Self::read(self, keys.to_vec())).await?;
        let values: Array = values.dyn_into().map_err(|_| wrong("read", "an array"))?;
        let text = |value: JsValue| match value.as_string() {
            Some(text) => Ok(Some(text)),
            None if value.is_null() || value.is_undefined() => Ok(None),
            None => Err(wrong("read", "texts and `null`")),
        };
        values.iter().map(text).collect()
    }

    async fn list(&self, range: &RowRange) -> Result<Vec<Row>, StoreError> {
        let rows = settled("list", Self::list(self, to_js(range)?)).await?;
        let rows: Array = rows.dyn_into().map_err(|_| wrong("list", "an array"))?;
        let row = |row: JsValue| {
            let text = |name: &str| Reflect::get(&row, &name.into()).ok()?.as_string();
            let row = text("key").zip(text("value")).map(|(key, value)| Row { key, value });
            row.ok_or_else(|| wrong("list", "rows, each with the texts `key` and `value`"))
        };
        rows.iter().map(row).collect()
    }

    async fn commit(&self, commit: &Commit) -> Result<bool, StoreError> {
        let is_done = settled("commit", Self::commit(self, to_js(commit)?)).await?;
        is_done.as_bool().ok_or_else(|| wrong("commit", "`true` or `false`"))
    }
}

fn to_js(value: &impl Serialize) -> Result<JsValue, StoreError> {
    let text = serde_json::to_string(value).map_err(StoreError::new)?;
    JSON::parse(&text).map_err(|_| StoreError::new("a change cannot be handed over"))
}

/// Waits for the outcome of a method.
async fn settled(method: &str, given: Result<JsValue, JsValue>) -> Result<JsValue, StoreError> {
    let outcome = match given {
        Ok(given) => JsFuture::from(Promise::resolve(&given)).await,
        Err(error) => Err(error),
    };
    outcome.map_err(|error| {
        StoreError::new(format!("`{method}` of the store failed: {}", thrown_message(&error)))
    })
}

fn wrong(method: &str, expected: &str) -> StoreError {
    StoreError::new(format!("`{method}` of the store must give {expected}"))
}
