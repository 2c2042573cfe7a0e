//! The meaning of scalars: the YAML 1.2 core schema, and YAML 1.1's where a document asks for it,
//! as the `yaml` package of npm reads them.

use crate::node::{Content, Entry};
use crate::{Location, Node};

/// The schema that a document is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    Core,
    Yaml11,
}

/// Reads a plain scalar without a tag.
pub(super) fn plain(text: &str, schema: Schema) -> Content {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Content::Null;
    }
    if let Some(value) = boolean(text, schema) {
        return Content::Bool { value, text: text.into() };
    }
    if let Some(value) = integer(text, schema).or_else(|| float(text, schema)) {
        return Content::Number { value, text: text.into() };
    }
    if schema == Schema::Yaml11 && is_timestamp(text) {
        return emptied();
    }
    Content::String(text.into())
}

/// Reads a scalar with a tag of YAML's own namespace, such as `int`. A text that the tag does not
/// fit stays a string, as do scalars with any other tag.
///
/// # Errors
///
/// Fails for a text that is not a timestamp, with the form that one must have.
pub(super) fn tagged(text: &str, tag: &str, schema: Schema) -> Result<Content, &'static str> {
    let number = |value: Option<f64>| value.map(|value| (value, text));
    let found = match tag {
        "null" if matches!(text, "" | "~" | "null" | "Null" | "NULL") => return Ok(Content::Null),
        "bool" => {
            if let Some(value) = boolean(text, schema) {
                return Ok(Content::Bool { value, text: text.into() });
            }
            None
        }
        "int" => number(integer(text, schema)),
        "float" => number(float(text, schema)),
        "binary" => return Ok(binary(text)),
        "timestamp" if is_timestamp(text) => return Ok(emptied()),
        "timestamp" => return Err("a timestamp begins like `2024-01-31`"),
        _ => None,
    };
    Ok(match found {
        Some((value, text)) => Content::Number { value, text: text.into() },
        None => Content::String(text.into()),
    })
}

/// Returns the empty object that Backstage makes of a date, a set or an ordered map.
pub(super) fn emptied() -> Content {
    Content::Map(Box::default())
}

/// Decodes bytes, which Backstage copies as a mapping from index to byte. Like Node's `Buffer`,
/// what is not base64 is skipped, and the first `=` is the end.
fn binary(text: &str) -> Content {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut digits: String = text
        .chars()
        .take_while(|c| *c != '=')
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let bytes = LENIENT.decode(digits).unwrap_or_default();
    index_map(
        bytes
            .into_iter()
            .map(|byte| Content::Number { value: byte.into(), text: byte.to_string().into() }),
    )
}

fn boolean(text: &str, schema: Schema) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => return Some(true),
        "false" | "False" | "FALSE" => return Some(false),
        _ if schema == Schema::Core => return None,
        _ => {}
    }
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn integer(text: &str, schema: Schema) -> Option<f64> {
    match schema {
        Schema::Core => {
            if let Some(digits) = text.strip_prefix("0o") {
                return radix(digits, 8);
            }
            if let Some(digits) = text.strip_prefix("0x") {
                return radix(digits, 16);
            }
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            all_digits(digits).then(|| text.parse().ok()).flatten()
        }
        Schema::Yaml11 => {
            let (negative, body) = match text.as_bytes().first()? {
                b'-' => (true, text.get(1..)?),
                b'+' => (false, text.get(1..)?),
                _ => (false, text),
            };
            let value = if let Some(digits) = body.strip_prefix("0b") {
                radix(&underscored(digits, "01")?, 2)
            } else if let Some(digits) = body.strip_prefix("0x") {
                radix(&underscored(digits, "0123456789abcdefABCDEF")?, 16)
            } else if body.contains(':') {
                sexagesimal(body)
            } else if let Some(digits) =
                underscored(body, "01234567").filter(|_| body.len() > 1 && body.starts_with('0'))
            {
                radix(&digits, 8)
            } else if body.starts_with(|first: char| first.is_ascii_digit()) {
                underscored(body, "0123456789")?.parse().ok()
            } else {
                None
            }?;
            Some(if negative { -value } else { value })
        }
    }
}

/// Reads a sexagesimal number of YAML 1.1: `12:30:45` is 45045, and the last part may have a
/// fraction.
fn sexagesimal(text: &str) -> Option<f64> {
    let mut total = 0.0;
    for (index, part) in text.split(':').enumerate() {
        let part = part.replace('_', "");
        let (whole, _) = part.split_once('.').unwrap_or((&part, ""));
        let fits = all_digits(whole) && (index == 0 || whole.len() <= 2);
        let value: f64 = part.parse().ok().filter(|_| fits)?;
        if index > 0 && value >= 60.0 {
            return None;
        }
        total = total * 60.0 + value;
    }
    Some(total)
}

fn underscored(digits: &str, allowed: &str) -> Option<String> {
    let fits = digits.chars().all(|digit| digit == '_' || allowed.contains(digit));
    let digits = digits.replace('_', "");
    (fits && !digits.is_empty()).then_some(digits)
}

fn radix(digits: &str, radix: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0.0, |total, digit| {
        Some(total * f64::from(radix) + f64::from(digit.to_digit(radix)?))
    })
}

fn float(text: &str, schema: Schema) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" => {
            let negative = text.starts_with('-');
            return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        _ => {}
    }
    let plain;
    let (text, unsigned) = if schema == Schema::Yaml11 && text.contains('_') {
        plain = text.replace('_', "");
        (plain.as_str(), plain.strip_prefix(['-', '+']).unwrap_or(&plain))
    } else {
        (text, unsigned)
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => all_digits(fraction),
        Some((whole, fraction)) => {
            all_digits(whole) && (fraction.is_empty() || all_digits(fraction))
        }
        None => exponent.is_some() && all_digits(mantissa),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| all_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    (mantissa_fits && exponent_fits).then(|| text.parse().ok()).flatten()
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether a text is a timestamp: `2024-01-31` or `2024-01-31T10:00:00Z` with YAML 1.1's
/// freedoms.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(end) => (text.get(..end).unwrap_or(text), text.get(end..)),
        None => (text, None),
    };
    let sizes = |text: &str, separator: char, allowed: &[(usize, usize)]| {
        let parts: Vec<_> = text.split(separator).collect();
        parts.len() == allowed.len()
            && parts.iter().zip(allowed).all(|(part, &(least, most))| {
                all_digits(part) && part.len() >= least && part.len() <= most
            })
    };
    let Some(time) = time else {
        return sizes(date, '-', &[(4, 4), (1, 2), (1, 2)]);
    };
    let time = time.trim_start_matches(['T', 't', ' ', '\t']).trim_end_matches(['Z', 'z', ' ']);
    let time = time.split(['+', '-']).next().unwrap_or(time).trim_end();
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    sizes(date, '-', &[(4, 4), (1, 2), (1, 2)]) && sizes(time, ':', &[(1, 2), (1, 2), (1, 2)])
}

/// Converts a list as JavaScript shows it where it takes it for an object: to a mapping from index
/// to item.
fn index_map(items: impl IntoIterator<Item = Content>) -> Content {
    Content::Map(Box::new(
        items
            .into_iter()
            .enumerate()
            .map(|(index, content)| {
                let node = Node::new(content, Location::Program);
                (index.to_string(), Entry::new(Location::Program, node))
            })
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, schema: Schema) -> String {
        match plain(text, schema) {
            Content::Null => "null".to_owned(),
            Content::Bool { value, .. } => value.to_string(),
            Content::Number { value, .. } => value.to_string(),
            Content::String(text) => format!("{text:?}"),
            Content::List(_) | Content::Map(_) => "collection".to_owned(),
        }
    }

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        for (text, meaning) in [
            ("", "null"),
            ("NULL", "null"),
            ("nULL", "\"nULL\""),
            ("True", "true"),
            ("yes", "\"yes\""),
            ("012", "12"),
            ("0o14", "12"),
            ("0o8", "\"0o8\""),
            ("0x1F", "31"),
            ("-0x1F", "\"-0x1F\""),
            ("0b11", "\"0b11\""),
            ("1_000", "\"1_000\""),
            ("+5", "5"),
            ("5.", "5"),
            ("+.5", "0.5"),
            ("12e03", "12000"),
            ("1e", "\"1e\""),
            (".", "\".\""),
            ("-", "\"-\""),
            ("1.2.3", "\"1.2.3\""),
            ("-.Inf", "-inf"),
            ("inf", "\"inf\""),
            ("12:30:45", "\"12:30:45\""),
            ("2024-01-31", "\"2024-01-31\""),
        ] {
            assert_eq!(shown(text, Schema::Core), meaning, "{text}");
        }
    }

    #[test]
    fn a_document_that_asks_for_yaml_1_1_gets_it() {
        for (text, meaning) in [
            ("yes", "true"),
            ("012", "10"),
            ("1_000", "1000"),
            ("0b11", "3"),
            ("-0x_1F", "-31"),
            ("12:30:45", "45045"),
            ("12:75", "\"12:75\""),
            ("1_000.5", "1000.5"),
            ("2024-01-31", "collection"),
            ("2024-1-31 10:00:00.5 +2", "collection"),
            ("2024-13", "\"2024-13\""),
        ] {
            assert_eq!(shown(text, Schema::Yaml11), meaning, "{text}");
        }
    }
}
