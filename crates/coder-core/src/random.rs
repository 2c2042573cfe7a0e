//! The seam to the system's randomness.

use crate::{MaybeSend, MaybeSync};

/// A source of random bytes for keys, handles and verifiers.
///
/// Tests may use a counter; every other program uses the operating system's generator.
pub trait Random: MaybeSend + MaybeSync {
    /// Fills `destination` with random bytes.
    ///
    /// # Errors
    ///
    /// When the source cannot deliver. Nothing may be derived from the buffer then.
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError>;
}

/// The error of a source of randomness that did not deliver.
#[derive(Debug, thiserror::Error)]
#[error("the source of randomness failed: {reason}")]
pub struct RandomError {
    reason: String,
}

impl RandomError {
    /// Creates the error with the reason that the source gave.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Returns `N` random bytes.
///
/// # Errors
///
/// As [`Random::fill`].
pub fn random_bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}
