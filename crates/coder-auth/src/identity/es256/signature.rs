//! Signatures, and the error of one that cannot be made.

use crate::error::BugError;

/// The length of a signature in bytes: two numbers of 32 bytes.
const SIGNATURE: usize = 64;

/// A signature as JWS has it (RFC 7518 §3.4).
pub(in crate::identity) type Signature = [u8; SIGNATURE];

pub(super) fn unsigned() -> BugError {
    BugError::new("an identity token cannot be signed")
}
