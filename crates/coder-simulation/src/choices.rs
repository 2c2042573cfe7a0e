//! Choices that a seed determines.

use coder_core::{Lock, Random, RandomError};

/// A stream of numbers that a seed determines (splitmix64). Not fit for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Choices(u64);

impl Choices {
    /// Begins the stream `name` of this seed.
    pub(crate) fn new(seed: u64, name: u64) -> Self {
        let mut choices = Self(seed ^ name.wrapping_mul(0xA24B_AED4_963E_E407));
        choices.next();
        choices
    }

    /// Draws the next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `limit`; 0 when `limit` is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// Draws one of these.
    pub(crate) fn one_of<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        from.get(self.below(from.len())).copied().unwrap_or(otherwise)
    }
}

/// The randomness of one replica: reproducible, and never the same twice within a schedule.
#[derive(Debug)]
pub(crate) struct SimulatedRandom(Lock<Choices>);

impl SimulatedRandom {
    pub(crate) fn new(choices: Choices) -> Self {
        Self(Lock::new(choices))
    }
}

impl Random for SimulatedRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        let mut choices = self.0.lock();
        for chunk in destination.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(choices.next().to_le_bytes()) {
                *to = from;
            }
        }
        Ok(())
    }
}
