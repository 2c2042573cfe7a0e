//! A door for the simulation of the login: what sealed records hold. Not part of the public API.

use coder_core::Secret;

use crate::grant::Grant;
use crate::grant::tokens::TokenPair;
use crate::seal::{Purpose, SealingKeys};
use crate::store::{GrantRecord, PendingRecord};

/// Gives the access token of a stored grant; `None` when it cannot be opened.
pub fn access_token_of_grant(keys: &SealingKeys, record: &GrantRecord) -> Option<Secret> {
    Grant::open(keys, record).ok().map(|grant| grant.tokens.access_token)
}

/// Gives the access token of a pending pair; `None` when it cannot be opened.
pub fn access_token_of_pending(keys: &SealingKeys, record: &PendingRecord) -> Option<Secret> {
    let purpose = Purpose::new(&["pending tokens", record.attempt.as_str()]);
    let plaintext = keys.open(&purpose, &record.sealed).ok()?;
    serde_json::from_slice::<TokenPair>(&plaintext).ok().map(|tokens| tokens.access_token)
}
