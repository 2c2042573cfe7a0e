//! Access to sealed records and callers, for the simulation of the login. Not part of the public
//! API.

use coder_core::Secret;

use crate::caller::Caller;
use crate::grant::StoredPair;
use crate::seal::SealingKeys;
use crate::store::PairRecord;

/// Returns the access token of a stored pair; `None` when it cannot be opened.
pub fn access_token_of(keys: &SealingKeys, record: &PairRecord) -> Option<Secret> {
    StoredPair::open(keys, record).ok().map(|pair| pair.tokens.access_token)
}

/// Gives the token with which a caller asks Coder.
pub fn token_of(caller: &Caller) -> &Secret {
    caller.access_token()
}
