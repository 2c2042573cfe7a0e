//! The dice of requests that overlap at the token endpoint.

use std::collections::HashMap;
use std::fmt;

use coder_core::random_bytes;

use super::{Code, RefreshToken};
use crate::SeededRandom;

/// So many overlapping refreshes with one token succeed, at most.
const REFRESHES: u32 = 3;

/// A request waits for up to so many turns of its executor between arrival and answer.
pub(crate) const TURNS: u8 = 8;

/// Races, which are decided by a seed.
pub(crate) struct Races {
    pub(crate) random: SeededRandom,
    /// The number of requests that have redeemed a code or a refresh token, by its first part.
    pub(crate) redeemed: HashMap<String, u32>,
    /// The code or token that the request that is being answered had read when it arrived.
    pub(crate) seen: Option<Seen>,
}

/// The code or token that a request had read when it arrived.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Code(Code),
    RefreshToken(RefreshToken),
}

/// The kind of text that a request redeems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    RefreshToken,
}

/// The outcome of a request that has shown a good code or refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The request gets a pair.
    Wins,
    /// The request has read the token after another request had used it up.
    ComesTooLate,
    /// The request finds that the record it has read is gone when it writes.
    Stumbles,
}

impl Races {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: SeededRandom::new(format!("races {seed}")),
            redeemed: HashMap::new(),
            seen: None,
        }
    }

    /// Draws a number below `limit`.
    pub(crate) fn draw(&self, limit: u8) -> u8 {
        random_bytes::<1>(&self.random).map_or(0, |[byte]| byte % limit)
    }

    pub(crate) fn verdict(&self, kind: Kind, redeemed: u32) -> Verdict {
        match (kind, self.draw(4)) {
            (Kind::Code, 0) => Verdict::ComesTooLate,
            (Kind::RefreshToken, 0 | 1) if redeemed < REFRESHES => Verdict::Wins,
            (Kind::RefreshToken, 0 | 2) => Verdict::ComesTooLate,
            (Kind::RefreshToken, _) => Verdict::Stumbles,
            (Kind::Code, _) => Verdict::Wins,
        }
    }
}

impl fmt::Debug for Races {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Races")
    }
}
