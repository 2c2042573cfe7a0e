//! Bytes as text.

/// Writes bytes as hexadecimal digits in lower case, two for each.
///
/// ```
/// assert_eq!(coder_core::hex([0x0a, 0xff]), "0aff");
/// ```
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut text = String::with_capacity(2 * bytes.len());
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    text.extend(halves.filter_map(|half| char::from_digit(half.into(), 16)));
    text
}
