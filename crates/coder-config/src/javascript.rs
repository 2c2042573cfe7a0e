//! The few rules of JavaScript that show through in what Backstage reads.

/// Trims a text as `String.prototype.trim` does: a BOM is space there, U+0085 is not.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Trims the end of a text as JavaScript's `String.prototype.trimEnd` does.
pub(crate) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// Tells whether a text is one part of a configuration key that Backstage can read by path:
/// `[a-z][a-z0-9]*`, joined by `-`, `_` or `:`, in any case.
pub(crate) fn is_key_part(part: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.split(['-', '_', ':']).all(plain)
}

/// Writes a number as JavaScript's `String(number)` does.
pub(crate) fn number_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value == 0.0 {
        "0".to_owned()
    } else if value.abs() >= 1e21 || value.abs() < 1e-6 {
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                format!("{mantissa}e+{exponent}")
            }
            _ => text,
        }
    } else {
        value.to_string()
    }
}
