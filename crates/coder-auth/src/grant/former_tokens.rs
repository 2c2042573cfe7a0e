//! The access tokens that a grant had before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The number of former tokens that a grant remembers.
const KEPT: usize = 16;

/// The access tokens that a grant had before its present one, the newest first, as SHA-256 hashes.
///
/// A page may hold one of them: a login in another browser or a rotation has replaced it since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerTokens(Vec<String>);

impl FormerTokens {
    /// Returns the list with one more token, the newest.
    pub(crate) fn with(mut self, token: &Secret) -> Self {
        let hash = hash(token);
        self.0.retain(|known| *known != hash);
        self.0.insert(0, hash);
        self.0.truncate(KEPT);
        self
    }

    /// Tells whether the grant had this token.
    pub(crate) fn contain(&self, token: &Secret) -> bool {
        !self.0.is_empty() && self.0.contains(&hash(token))
    }
}

fn hash(token: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sixteen_tokens_of_a_grant_are_known_and_none_is_kept_in_clear() {
        let tokens: Vec<Secret> = (0..20).map(|at| Secret::new(format!("token-{at}"))).collect();
        let former = tokens.iter().fold(FormerTokens::default(), FormerTokens::with);
        let known = tokens.iter().filter(|token| former.contain(token)).count();
        assert_eq!(known, KEPT);
        assert!(former.contain(&tokens[19]) && !former.contain(&tokens[3]));
        assert!(!serde_json::to_string(&former).unwrap().contains("token-"));
        let again = former.clone().with(&tokens[19]);
        assert_eq!(again, former, "a token is remembered once");
    }
}
