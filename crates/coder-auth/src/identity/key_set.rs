//! The key set as others read it.

use std::sync::Arc;

use bytes::Bytes;
use coder_core::Lock;

use super::jwk::{Jwk, JwkSet};
use super::signing_key::SigningKey;
use crate::error::BugError;

/// A JSON Web Key Set (RFC 7517 §5) as JSON, which is written again only when its keys change.
#[derive(Default)]
pub(super) struct WrittenKeySet(Lock<Option<Written>>);

struct Written {
    keys: Vec<Arc<SigningKey>>,
    json: Bytes,
}

impl WrittenKeySet {
    /// Returns the set of these keys as JSON.
    pub(super) fn json(&self, keys: Vec<Arc<SigningKey>>) -> Result<Bytes, BugError> {
        let mut written = self.0.lock();
        if let Some(written) = written.as_ref().filter(|written| written.holds(&keys)) {
            return Ok(written.json.clone());
        }
        let set =
            JwkSet { keys: keys.iter().map(|key| Jwk::new(key.id(), key.public())).collect() };
        let json = Bytes::from(serde_json::to_vec(&set).map_err(BugError::unwritable)?);
        *written = Some(Written { keys, json: json.clone() });
        Ok(json)
    }
}

impl Written {
    fn holds(&self, keys: &[Arc<SigningKey>]) -> bool {
        self.keys.len() == keys.len()
            && self.keys.iter().zip(keys).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}
