//! Bytes as text.

use std::fmt::Write as _;

/// Writes bytes as hexadecimal digits in lower case, two for each.
///
/// ```
/// assert_eq!(coder_core::hex([0x0a, 0xff]), "0aff");
/// ```
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
