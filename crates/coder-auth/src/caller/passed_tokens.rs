//! Coder tokens that callers bring along: confirmed by Coder before they count.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use coder_client::UserId;
use coder_core::{Lock, Secret, is_within};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::error::{AuthError, AuthErrorKind};
use crate::grant::profile::Profile;
use crate::session::error::SessionError;
use crate::upstream::Upstream;

/// Coder's answer about a token counts for this time, a refusal too.
const ANSWER_TTL: SignedDuration = SignedDuration::from_mins(1);
/// The number of answers that are kept. Above it, refusals are dropped first, which costs requests
/// and nothing else.
const MAX_ANSWERS: usize = 10_000;
/// The number of tokens that Coder may refuse within a minute. After that, tokens that Coder has
/// never accepted are not tried for the rest of the minute.
///
/// A question counts as refused from its beginning until Coder accepts the token. So neither many
/// questions at once nor callers who go away before the answer exceed the number.
///
/// Strangers must not use up the number of requests that Coder allows this server.
const MAX_REFUSALS: u32 = 120;
/// The greatest length of a token. Coder's tokens have 33 characters.
pub(crate) const MAX_TOKEN: usize = 1024;

/// Coder's answers about the tokens that came with requests to this process.
///
/// A token is kept as its SHA-256 hash, together with the deployment that it was shown to and its
/// user.
#[derive(Default)]
pub(crate) struct PassedTokens(Lock<Table>);

#[derive(Default)]
struct Table {
    answers: HashMap<[u8; 32], Answer>,
    refused: u32,
    refused_since: Timestamp,
}

#[derive(Clone)]
struct Answer {
    /// The token's user; `None` if Coder refused the token.
    account: Option<(UserId, Arc<Profile>)>,
    at: Timestamp,
}

impl PassedTokens {
    /// Confirms that Coder accepts `token` at this deployment, and returns the token's user.
    ///
    /// # Errors
    ///
    /// The status is 401 if Coder refuses the token, 503 if Coder does not answer.
    pub(crate) async fn confirm(
        &self,
        upstream: &Upstream,
        token: &Secret,
        now: Timestamp,
    ) -> Result<(UserId, Arc<Profile>), AuthError> {
        if !is_token(token.expose()) {
            return Err(SessionError::TokenRefused.into());
        }
        let hash = Sha256::new()
            .chain_update(upstream.deployment().as_str())
            .chain_update([0])
            .chain_update(token.expose())
            .finalize()
            .into();
        let last = self.table().answers.get(&hash).cloned();
        if let Some(answer) = last.as_ref().filter(|answer| is_within(ANSWER_TTL, now, answer.at)) {
            return told(answer.account.clone());
        }
        let was_good = last.is_some_and(|answer| answer.account.is_some());
        let question = if was_good { None } else { Some(self.ask(now)?) };
        let account = match upstream.user(token).await {
            Ok((user, profile)) => Some((user, Arc::new(profile))),
            Err(error) if error.is_about_the_token() => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(question) = question.filter(|_| account.is_some()) {
            question.accepted();
        }
        self.table().remember(hash, Answer { account: account.clone(), at: now });
        told(account)
    }

    /// Counts a question about a token that Coder has never accepted.
    ///
    /// # Errors
    ///
    /// The status is 503 when no more of them may be asked for now.
    pub(crate) fn ask(&self, now: Timestamp) -> Result<Question<'_>, AuthError> {
        let mut table = self.table();
        if !is_within(ANSWER_TTL, now, table.refused_since) {
            (table.refused, table.refused_since) = (0, now);
        }
        if table.refused >= MAX_REFUSALS {
            let retry_after = ANSWER_TTL.unsigned_abs();
            return Err(AuthErrorKind::TooManyTokens { retry_after }.into());
        }
        table.refused += 1;
        Ok(Question { tokens: self, counted_in: table.refused_since })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock()
    }
}

impl Table {
    fn remember(&mut self, hash: [u8; 32], answer: Answer) {
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.retain(|_, answer| answer.account.is_some());
        }
        if self.answers.len() >= MAX_ANSWERS {
            self.answers.clear();
        }
        self.answers.insert(hash, answer);
    }
}

/// A question about a token that Coder has never accepted.
#[must_use = "an accepted token must not count as refused"]
pub(crate) struct Question<'a> {
    tokens: &'a PassedTokens,
    /// Beginning of the minute that it was counted in.
    counted_in: Timestamp,
}

impl Question<'_> {
    /// Takes the question out of the count, because Coder has accepted the token.
    pub(crate) fn accepted(self) {
        let mut table = self.tokens.table();
        if table.refused_since == self.counted_in {
            table.refused = table.refused.saturating_sub(1);
        }
    }
}

fn told(account: Option<(UserId, Arc<Profile>)>) -> Result<(UserId, Arc<Profile>), AuthError> {
    account.ok_or_else(|| SessionError::TokenRefused.into())
}

/// Tells whether a text can be a token of Coder at all.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TOKEN && text.bytes().all(|byte| byte.is_ascii_graphic())
}
