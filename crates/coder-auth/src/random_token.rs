//! Random texts for names and secrets.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, RandomError, random_bytes};
use zeroize::Zeroizing;

/// Returns `N` random bytes as unpadded base64url, which fits cookies, URLs and columns.
pub(crate) fn random_token<const N: usize>(random: &dyn Random) -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes::<N>(random)?))
}

/// Random bytes that were drawn from a source at once, for work that needs them in pieces.
///
/// The source is the operating system, and each question to it is a system call. Each byte is given
/// out once. When all are used, the source is asked again.
pub(crate) struct DrawnRandom<'a, const N: usize> {
    source: &'a dyn Random,
    drawn: Zeroizing<[u8; N]>,
    used: AtomicUsize,
}

impl<'a, const N: usize> DrawnRandom<'a, N> {
    pub(crate) fn new(source: &'a dyn Random) -> Result<Self, RandomError> {
        let drawn = Zeroizing::new(random_bytes(source)?);
        Ok(Self { source, drawn, used: AtomicUsize::new(0) })
    }
}

impl<const N: usize> Random for DrawnRandom<'_, N> {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        let begin = self.used.fetch_add(destination.len(), Ordering::Relaxed);
        match self.drawn.get(begin..begin.saturating_add(destination.len())) {
            Some(bytes) => {
                destination.copy_from_slice(bytes);
                Ok(())
            }
            None => self.source.fill(destination),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts on with every byte.
    struct Counting(AtomicUsize);

    impl Random for Counting {
        fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
            for byte in destination {
                *byte = u8::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap();
            }
            Ok(())
        }
    }

    #[test]
    fn no_random_byte_is_given_out_twice_also_when_all_that_were_drawn_are_used() {
        let source = Counting(AtomicUsize::new(0));
        let random = DrawnRandom::<5>::new(&source).unwrap();
        let mut seen: Vec<u8> = Vec::new();
        for _ in 0..4 {
            seen.extend(random_bytes::<2>(&random).unwrap());
        }
        let mut unique = seen.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), seen.len(), "{seen:?}");
        assert_eq!(source.0.into_inner(), 9, "five at once, then two at a time");
    }
}
