//! Randomness that is the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use coder_core::{Random, RandomError};
use sha2::{Digest as _, Sha256};

/// A reproducible source of bytes for tests: SHA-256 over a seed and a counter.
///
/// It never repeats itself within a run and gives the same bytes in the next one, so snapshots
/// hold. It is **not** fit for anything but tests: who knows the seed knows every secret.
#[derive(Debug)]
pub struct SeededRandom {
    seed: String,
    drawn: AtomicU64,
}

impl SeededRandom {
    /// Creates a source that is determined by `seed`.
    pub fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into(), drawn: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        for chunk in destination.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            let block = Sha256::new().chain_update(&self.seed).chain_update(drawn.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block.finalize()) {
                *to = from;
            }
        }
        Ok(())
    }
}
