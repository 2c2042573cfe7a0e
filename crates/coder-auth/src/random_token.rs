//! Random texts for names and secrets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, random_bytes};

/// Returns `N` random bytes as unpadded base64url, which fits cookies, URLs and columns.
pub(crate) fn random_token<const N: usize>(random: &dyn Random) -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<N>(random)?))
}
