//! The name of a portal's session cookie.

use std::fmt;
use std::str::FromStr;

const DEFAULT: &str = "coder-session";
/// The greatest length of a name, in characters.
const MAX_LENGTH: usize = 64;

/// The name of a session cookie: 1 to 64 letters, digits, `-`, `_` and `.`, such as
/// `payments-session`.
///
/// Browsers see the name behind `__Host-` wherever the portal is served by https. The names of login
/// attempts begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieName(String);

/// The error for a text that is not the name of a session cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a name of a session cookie; use 1 to 64 letters, digits, `-`, `_` and `.`, and no `__` at the beginning"
)]
pub struct CookieNameError;

/// The name that a portal has by default: `coder-session`.
impl Default for CookieName {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl FromStr for CookieName {
    type Err = CookieNameError;

    fn from_str(text: &str) -> Result<Self, CookieNameError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        // Browsers give names with `__` a meaning of their own (RFC 6265bis §4.1.3).
        let is_name = (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(is_allowed)
            && !text.starts_with("__");
        if is_name { Ok(Self(text.to_owned())) } else { Err(CookieNameError) }
    }
}

impl fmt::Display for CookieName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_every_browser_keeps_as_it_is() {
        for name in ["a", "payments-session", "Payments_2.session", &"a".repeat(64)] {
            assert_eq!(name.parse::<CookieName>().unwrap().to_string(), name);
        }
        for name in ["", "__Host-a", "__a", "a b", "a=b", "a;b", "ä", &"a".repeat(65)] {
            assert_eq!(name.parse::<CookieName>(), Err(CookieNameError), "{name}");
        }
    }
}
