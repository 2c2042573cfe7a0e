//! The id of a request, by which the lines of several logs are found.

use std::fmt;

use coder_core::{Random, RandomError, hex};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// The greatest length of an id, in bytes.
const MAX_LENGTH: usize = 128;

/// The id of a request: that of its header `X-Request-Id`, or a new one.
///
/// A reverse proxy gives its requests ids; the log of this server then has the same ones. An id
/// proves nothing, because every client can send one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The header that brings an id, and with which the answer returns it.
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    /// Takes the id of a request that brings one, well-formed, and makes one otherwise.
    ///
    /// An id has at most 128 letters, digits and the characters `-`, `_`, `.`, `:`, `/`, `+`, `=`, `@`.
    ///
    /// # Errors
    ///
    /// Fails when a new id is needed and randomness fails.
    pub fn from_headers(headers: &HeaderMap, random: &dyn Random) -> Result<Self, RandomError> {
        let mut brought = headers.get_all(&Self::HEADER).iter();
        match (brought.next().and_then(|id| id.to_str().ok()), brought.next()) {
            (Some(id), None) if is_well_formed(id) => Ok(Self(id.to_owned())),
            _ => Self::generate(random),
        }
    }

    /// Makes an id of 128 random bits.
    fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Self(hex(bytes)))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the value for the header of the answer; `None` if no header can carry it, which is
    /// never so.
    pub fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_well_formed(id: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte);
    !id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(is_usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Randomness that is always the same.
    struct Same;

    impl Random for Same {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            bytes.fill(0xab);
            Ok(())
        }
    }

    fn id_of(brought: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for id in brought {
            headers.append(RequestId::HEADER, HeaderValue::from_bytes(id).unwrap());
        }
        RequestId::from_headers(&headers, &Same).unwrap().to_string()
    }

    #[test]
    fn a_well_formed_id_is_taken_and_anything_else_is_replaced() {
        let made = "ab".repeat(16);
        for taken in ["7", "Root=1-67891233-abcdef012345678912345678", "a_b.c/d+e@f:0"] {
            assert_eq!(id_of(&[taken.as_bytes()]), taken);
        }
        let long = "x".repeat(MAX_LENGTH);
        assert_eq!(id_of(&[long.as_bytes()]), long);
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for bad in [b"".as_slice(), b"a b", b"a\"b", b"a\tb", b"\xff", too_long.as_bytes()] {
            assert_eq!(id_of(&[bad]), made, "{bad:?}");
        }
        assert_eq!(id_of(&[]), made);
        assert_eq!(id_of(&[b"one", b"two"]), made, "two ids are none");
    }
}
