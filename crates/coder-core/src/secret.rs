//! A value that must not be printed.

use std::fmt;

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use subtle::ConstantTimeEq as _;

/// A credential: a token, a client secret, a password.
///
/// It has no `Display`, no `Serialize` and no `PartialEq`; `Debug` prints a placeholder; its memory
/// is wiped when it is dropped. The text is reached through [`Secret::expose`], and written only by
/// the methods that say so in their names, which a reviewer can search for.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Creates a secret from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the text. Do not log, format or compare it: see [`Secret::matches`].
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns `true` when both have the same text. The time depends on their lengths only.
    pub fn matches(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }

    /// Returns `true` when the text is empty, which no credential may be.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Returns the text as the value of an HTTP header, marked as sensitive.
    ///
    /// # Errors
    ///
    /// When the text has characters that no header can carry.
    pub fn to_header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut value = HeaderValue::from_str(self.expose())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Returns the value of `Authorization` for a bearer token (RFC 6750 §2.1), marked as
    /// sensitive.
    ///
    /// # Errors
    ///
    /// As [`to_header`](Self::to_header).
    pub fn to_bearer(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        Self::new(format!("Bearer {}", self.expose())).to_header()
    }

    /// Writes the text, for `#[serde(serialize_with = "Secret::serialize_exposed")]`.
    ///
    /// This is for a field with a text that is meant to leave the process: the body of a request, a
    /// record that is sealed next, an answer to the owner.
    ///
    /// # Errors
    ///
    /// When the serializer fails.
    pub fn serialize_exposed<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.expose().serialize(serializer)
    }

    /// Writes the text of a secret that may be absent, as [`serialize_exposed`] does.
    ///
    /// # Errors
    ///
    /// When the serializer fails.
    ///
    /// [`serialize_exposed`]: Self::serialize_exposed
    pub fn serialize_exposed_option<S: Serializer>(
        secret: &Option<Self>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Self::expose).serialize(serializer)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Pair {
        #[serde(serialize_with = "Secret::serialize_exposed")]
        token: Secret,
        #[serde(serialize_with = "Secret::serialize_exposed_option")]
        refresh: Option<Secret>,
    }

    #[test]
    fn a_secret_is_written_only_where_the_field_says_so() {
        let pair = Pair { token: Secret::new("one"), refresh: None };
        assert_eq!(serde_json::to_string(&pair).unwrap(), r#"{"token":"one","refresh":null}"#);
    }

    #[test]
    fn a_header_with_a_secret_does_not_print_it() {
        let value = Secret::new("canary").to_bearer().unwrap();
        assert_eq!(value.as_bytes(), b"Bearer canary");
        assert!(!format!("{value:?}").contains("canary"));
        assert!(Secret::new("line\nbreak").to_bearer().is_err());
    }
}
