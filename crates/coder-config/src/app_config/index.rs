//! `coder.index`: how all workspaces are read at once, and who is shown which of them.

use coder_core::Secret;

use super::reader::{Reader, Section};
use crate::Provenance;

/// The keys that have an effect only with a service account.
const OF_SERVICE_ACCOUNT: [&str; 2] = ["visibility", "bypassRateLimit"];

/// The number of requests a minute that no key sets.
const DEFAULT_REQUESTS_PER_MINUTE: u32 = 256;
/// The greatest number of requests a minute.
const MAX_REQUESTS_PER_MINUTE: u32 = 100_000;

/// The section `coder.index`: how the index of all workspaces is read.
///
/// The struct is exhaustive, so that a portal that does not read a new key does not compile.
#[derive(Clone, Debug)]
pub struct IndexConfig {
    /// `token`: the Coder session token of a service account, which reads one index for everybody.
    /// Without it an index is read for each person, with that person's rights.
    pub token: Option<Secret>,
    /// `visibility`: the workspaces that a person is shown of the service account's index.
    pub visibility: IndexVisibility,
    /// `requestsPerMinute`: the greatest number of requests to Coder in a minute, for each index.
    pub requests_per_minute: u32,
    /// `bypassRateLimit`: whether the service account asks Coder to lift its limit of requests.
    pub bypass_rate_limit: bool,
    /// Place where the token is written, if it is.
    pub provenance: Option<Provenance>,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            token: None,
            visibility: IndexVisibility::default(),
            requests_per_minute: DEFAULT_REQUESTS_PER_MINUTE,
            bypass_rate_limit: false,
            provenance: None,
        }
    }
}

/// Workspaces that a person is shown of a service account's index: `own`, `coder` or `everyone`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum IndexVisibility {
    /// The person's own workspaces.
    #[default]
    Own,
    /// The workspaces that Coder shows to the person: own ones, those that are shared with the person
    /// or with a group of the person, and those that a role shows.
    Coder,
    /// All workspaces, to everybody who is signed in.
    Everyone,
}

impl<'a> Reader<'a> {
    pub(super) fn index(&mut self, coder: &Section<'a>) -> IndexConfig {
        let section = self.section(coder, "index");
        self.only(&section, &["token", "visibility", "requestsPerMinute", "bypassRateLimit"]);
        let written = self.value(&section, "token");
        let token = match &written {
            Some(_) => self.required_secret(&section, "token"),
            None => None,
        };
        if let (Some(token), Some(value)) = (&token, &written)
            && !is_header_value(token)
        {
            self.invalid(value, "holds characters that no HTTP header can carry");
        }
        let visibility = self.parsed(&section, "visibility", |text| match text {
            "own" => Ok(IndexVisibility::Own),
            "coder" => Ok(IndexVisibility::Coder),
            "everyone" => Ok(IndexVisibility::Everyone),
            _ => Err("it must be `own`, `coder` or `everyone`"),
        });
        let requests = self.parsed(&section, "requestsPerMinute", |text| {
            let number = text.parse().ok();
            number
                .filter(|number| (1..=MAX_REQUESTS_PER_MINUTE).contains(number))
                .ok_or("it must be a number from 1 to 100000")
        });
        let bypass = self.flag(&section, "bypassRateLimit");
        let needs_token = OF_SERVICE_ACCOUNT.iter().any(|key| self.value(&section, key).is_some());
        if written.is_none() && needs_token {
            let error = self.missing(&section, "token");
            self.errors.push(error);
        }
        IndexConfig {
            token,
            visibility: visibility.unwrap_or_default(),
            requests_per_minute: requests.unwrap_or(DEFAULT_REQUESTS_PER_MINUTE),
            bypass_rate_limit: bypass.unwrap_or_default(),
            provenance: written.map(|value| value.node.provenance().clone()),
        }
    }
}

/// Returns whether a header can carry the token (RFC 9110 §5.5, without spaces).
fn is_header_value(token: &Secret) -> bool {
    token.expose().bytes().all(|byte| byte.is_ascii_graphic())
}
