//! The name of an environment: a block of `auth.providers.coder`.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// The name of an environment, such as `production`.
///
/// It is one part of the path of a redirect URI, a value of `?env=` and a word of log lines. So it
/// has 1 to 64 ASCII letters, digits, `-`, `_` and `.`, and begins with a letter or a digit.
///
/// ```
/// use coder_config::EnvironmentName;
///
/// assert_eq!(EnvironmentName::parse("eu-1").unwrap().as_str(), "eu-1");
/// for text in ["", "..", "a/b", "a\nb", "a%2fb"] {
///     assert!(EnvironmentName::parse(text).is_err());
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// The greatest length of a name, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// Reads the name of an environment.
    ///
    /// # Errors
    ///
    /// When the text is empty or longer than [`MAX_LENGTH`](Self::MAX_LENGTH) bytes, does not begin with
    /// an ASCII letter or digit, or holds a character other than these, `-`, `_` and `.`.
    pub fn parse(text: &str) -> Result<Self, EnvironmentNameError> {
        let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if begins_well && text.len() <= Self::MAX_LENGTH && text.bytes().all(is_named) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EnvironmentNameError)
        }
    }

    /// Returns the name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EnvironmentName {
    type Err = EnvironmentNameError;

    fn from_str(text: &str) -> Result<Self, EnvironmentNameError> {
        Self::parse(text)
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for EnvironmentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EnvironmentName({self})")
    }
}

impl AsRef<str> for EnvironmentName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Lets a map of environments be asked by a text.
impl Borrow<str> for EnvironmentName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for EnvironmentName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for EnvironmentName {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// The error for a text that is not the name of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no name of an environment; a name has 1 to 64 ASCII letters, digits, `-`, `_` and `.`, and begins with a letter or a digit, like `production`"
)]
pub struct EnvironmentNameError;
