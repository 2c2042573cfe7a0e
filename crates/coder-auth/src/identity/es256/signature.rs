//! A signature of ES256.

use crate::error::BugError;

/// The length of a signature in bytes: two numbers of 32 bytes.
const LENGTH: usize = 64;
/// A signature as JWS has it (RFC 7518 §3.4).
pub(in crate::identity) type Signature = [u8; LENGTH];

/// Returns the error for a key that makes no signature.
pub(super) fn unsigned() -> BugError {
    BugError::new("an identity token cannot be signed")
}
