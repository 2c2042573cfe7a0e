//! Makes ids and secrets in the shapes Coder gives them.

use std::fmt;
use std::sync::Arc;

use coder_core::{Random, random_bytes};
use uuid::Uuid;

use crate::misuse::misuse;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Source of ids and secrets, which draws them from the injected randomness.
#[derive(Clone)]
pub(crate) struct Mint(pub(crate) Arc<dyn Random>);

/// A secret in two parts, of which Coder stores the first in clear: `<id>-<secret>` for API keys,
/// `coder_<id>_<secret>` for codes, refresh tokens and client secrets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TwoPart {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Mint {
    pub(crate) fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// Draws the parts of an API key.
    pub(crate) fn key(&self) -> TwoPart {
        TwoPart { id: self.text(10), secret: self.text(22) }
    }

    /// Draws the parts of a code, a refresh token or a client secret.
    pub(crate) fn prefixed(&self) -> TwoPart {
        TwoPart { id: self.text(10), secret: self.text(40) }
    }

    /// Draws `length` characters of `[A-Za-z0-9]`.
    pub(crate) fn text(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let block: [u8; 40] = self.bytes();
            let letters = block.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
            text.extend(letters.take(length - text.len()).map(|letter| char::from(*letter)));
        }
        text
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        random_bytes(&*self.0)
            .unwrap_or_else(|_| misuse("the randomness handed to the fake does not deliver"))
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mint")
    }
}

impl TwoPart {
    /// Formats the parts as `<10>-<22>`, the shape of an API key.
    pub(crate) fn as_key(&self) -> String {
        format!("{}-{}", self.id, self.secret)
    }

    /// Formats the parts as `coder_<10>_<40>`, the shape of codes, refresh tokens and client
    /// secrets.
    pub(crate) fn as_prefixed(&self) -> String {
        format!("coder_{}_{}", self.id, self.secret)
    }

    /// Parses a text of the form `coder_<id>_<secret>`.
    pub(crate) fn parse_prefixed(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("coder"), Some(id), Some(secret), None) => {
                Some(Self { id: id.to_owned(), secret: secret.to_owned() })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    fn mint() -> Mint {
        Mint(Arc::new(SeededRandom::new("mint")))
    }

    #[test]
    fn secrets_have_the_shapes_of_coders_own() {
        let letters = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric());
        let key = mint().key().as_key();
        let (id, secret) = key.split_once('-').unwrap();
        assert_eq!((id.len(), secret.len()), (10, 22));
        assert!(letters(id) && letters(secret));

        let code = mint().prefixed().as_prefixed();
        let parts: Vec<_> = code.split('_').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2].len()), ("coder", 10, 40));
        assert!(letters(parts[1]) && letters(parts[2]));
    }

    #[test]
    fn ids_are_version_4_and_differ() {
        let mint = mint();
        let (one, two) = (mint.uuid(), mint.uuid());
        assert_eq!(one.get_version_num(), 4);
        assert_ne!(one, two);
    }

    #[test]
    fn a_text_that_is_not_in_three_parts_is_no_secret() {
        assert!(TwoPart::parse_prefixed("coder_a_b").is_some());
        for wrong in ["coder_a", "coder_a_b_c", "kodar_a_b", ""] {
            assert!(TwoPart::parse_prefixed(wrong).is_none(), "{wrong}");
        }
    }
}
