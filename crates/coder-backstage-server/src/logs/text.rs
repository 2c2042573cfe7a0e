//! Fields for people: `key=value`.

use std::fmt;

use tracing::field::Field;
use tracing_subscriber::field::{MakeExt as _, MakeVisitor, VisitFmt, VisitOutput};
use tracing_subscriber::fmt::format::{Writer, debug_fn};

/// Returns the form of fields: the message as it is, and each value in quotes unless it is one word.
pub(super) fn fields()
-> impl for<'a> MakeVisitor<Writer<'a>, Visitor: VisitFmt + VisitOutput<fmt::Result>>
+ Clone
+ Send
+ Sync
+ 'static {
    debug_fn(|writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
        if field.name() == "message" {
            return write!(writer, "{value:?}");
        }
        write!(writer, "{}=", field.name())?;
        write_value(writer, &format!("{value:?}"))
    })
    .delimited(" ")
}

/// Writes a value so that a reader finds its end.
fn write_value(writer: &mut Writer<'_>, value: &str) -> fmt::Result {
    let needs_quotes = |letter: char| letter.is_whitespace() || letter == '"' || letter == '=';
    let is_word = !value.is_empty() && !value.contains(needs_quotes);
    if is_word || is_list(value) || behind_a_text(value) == Some("") {
        writer.write_str(value)
    } else {
        write!(writer, "{value:?}")
    }
}

/// Returns the rest of a value behind the text in quotes that it begins with.
fn behind_a_text(value: &str) -> Option<&str> {
    let mut is_escaped = false;
    let inner = value.strip_prefix('"')?;
    let end = inner.find(|letter| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    })?;
    inner.get(end + 1..)
}

/// Tells whether a value is a list of texts in quotes, or an empty one.
fn is_list(value: &str) -> bool {
    let Some(mut rest) = value.strip_prefix('[') else { return false };
    while let Some(behind) = behind_a_text(rest) {
        rest = behind.strip_prefix(", ").unwrap_or(behind);
    }
    rest == "]"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        let mut text = String::new();
        write_value(&mut Writer::new(&mut text), value).unwrap();
        text
    }

    #[test]
    fn a_value_that_is_more_than_a_word_stands_in_quotes() {
        for (value, text) in [
            ("word", "word"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("two words", r#""two words""#),
            ("a=b", r#""a=b""#),
            (r#"said "no""#, r#""said \"no\"""#),
            ("", r#""""#),
            (r#""a text""#, r#""a text""#),
            (r#"["one", "two"]"#, r#"["one", "two"]"#),
            ("[]", "[]"),
            (r#""a" user="b""#, r#""\"a\" user=\"b\"""#),
            (r#"["a"] user=["b"]"#, r#""[\"a\"] user=[\"b\"]""#),
        ] {
            assert_eq!(written(value), text);
        }
    }
}
