//! Requests that overlap at the token endpoint.
//!
//! Coder reads the code or the refresh token of a request first, and writes the new pair later,
//! without asking whether another request was faster. With races switched on, a request at one of
//! the fake's doors reads when it arrives and writes when it is answered; in between others may
//! arrive. What becomes of a request that was overtaken is decided by the seed.

use http::Method;

use crate::model::{Code, RefreshToken, Seen, TwoPart};
use crate::model::{Kind, TURNS, Verdict};
use crate::store::{Deployment, State};
use crate::wire::call::{Call, first};

/// A token request that has arrived and is not answered yet.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) seen: Option<Seen>,
    /// For how many turns of the executor it waits.
    pub(crate) turns: u8,
}

impl Deployment<'_> {
    /// Lets a token request read what it needs; `None` for other requests, and without races.
    pub(crate) fn arrive(&self, call: &Call) -> Option<Arrival> {
        let races = self.state.races.as_ref()?;
        if call.method != Method::POST || call.segments != ["oauth2", "tokens"] {
            return None;
        }
        let read = |name| {
            first(&call.form, name)
                .or_else(|| call.query(name))
                .and_then(TwoPart::parse_prefixed)
                .map(|parts| parts.id)
        };
        let code = read("code").and_then(|id| self.state.codes.get(&id)).cloned().map(Seen::Code);
        let refresh_token = read("refresh_token")
            .and_then(|id| self.state.refresh_tokens.get(&id))
            .cloned()
            .map(Seen::RefreshToken);
        Some(Arrival { seen: code.or(refresh_token), turns: 1 + races.draw(TURNS) })
    }

    /// Finds the code with that first part, and tells whether it is only there because this request
    /// had read it before another one used it up.
    pub(super) fn find_code(&self, id: &str) -> Option<(Code, bool)> {
        if let Some(code) = self.state.codes.get(id) {
            return Some((code.clone(), false));
        }
        match self.state.overtaken(id)? {
            Seen::Code(code) if code.parts.id == id => Some((code.clone(), true)),
            Seen::Code(_) | Seen::RefreshToken(_) => None,
        }
    }

    /// Finds a refresh token as [`Deployment::find_code`] finds a code.
    pub(super) fn find_refresh_token(&self, id: &str) -> Option<(RefreshToken, bool)> {
        if let Some(token) = self.state.refresh_tokens.get(id) {
            return Some((token.clone(), false));
        }
        match self.state.overtaken(id)? {
            Seen::RefreshToken(token) if token.parts.id == id => Some((token.clone(), true)),
            Seen::Code(_) | Seen::RefreshToken(_) => None,
        }
    }
}

impl State {
    /// Begins to answer a request that had read `seen` when it arrived.
    pub(crate) fn begin_answer(&mut self, seen: Option<Seen>) {
        if let Some(races) = &mut self.races {
            races.seen = seen;
        }
    }

    /// Returns the record that the request had read, when another one has redeemed it since. A
    /// record that was revoked is gone for everybody.
    fn overtaken(&self, id: &str) -> Option<&Seen> {
        let races = self.races.as_ref()?;
        races.redeemed.get(id)?;
        races.seen.as_ref()
    }

    /// Redeems a code or a refresh token; a request that was overtaken may lose.
    pub(super) fn finish_race(&mut self, id: &str, is_raced: bool, kind: Kind) -> Verdict {
        let Some(races) = &mut self.races else { return Verdict::Wins };
        let redeemed = races.redeemed.get(id).copied().unwrap_or_default();
        let verdict = if is_raced { races.verdict(kind, redeemed) } else { Verdict::Wins };
        if verdict == Verdict::Wins {
            races.redeemed.insert(id.to_owned(), redeemed + 1);
        }
        verdict
    }
}
