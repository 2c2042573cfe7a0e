//! CSV that a spreadsheet shows and never runs (RFC 4180).

use coder_core::cleaned_to;

/// The greatest length of a field, in characters.
const MAX_FIELD: usize = 1_000;
/// Characters at the beginning of a field that a spreadsheet takes for a formula, with their full-width
/// forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Adds a line with these fields.
///
/// Each field is quoted. One that a spreadsheet would take for a formula begins with an apostrophe,
/// which says that it is a text.
pub(super) fn add_line<'a>(csv: &mut String, fields: impl IntoIterator<Item = &'a str>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            csv.push(',');
        }
        csv.push('"');
        let field = cleaned_to(MAX_FIELD, field);
        let first = field.chars().find(|first| first.is_alphanumeric() || is_visible(*first));
        if first.is_some_and(|first| FORMULA.contains(&first)) {
            csv.push('\'');
        }
        csv.push_str(&field.replace('"', "\"\""));
        csv.push('"');
    }
    csv.push_str("\r\n");
}

/// Returns whether a spreadsheet keeps the character at the beginning of a field.
fn is_visible(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !matches!(character, '\'' | '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fields: &[&str]) -> String {
        let mut csv = String::new();
        add_line(&mut csv, fields.iter().copied());
        csv
    }

    #[test]
    fn a_field_with_a_quote_or_a_comma_stays_one_field() {
        assert_eq!(line(&["a,b", "say \"no\"", ""]), "\"a,b\",\"say \"\"no\"\"\",\"\"\r\n");
    }

    #[test]
    fn no_field_is_a_formula_of_a_spreadsheet() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "\r\n=1",
            "'=1",
            "\"=1",
            "\u{a0}=1",
            "\u{ff1d}1",
            "\u{ff20}x",
        ] {
            let csv = line(&[formula]);
            assert!(csv.starts_with("\"'"), "{formula:?} becomes {csv:?}");
        }
        assert_eq!(line(&["a=1", "1-2"]), "\"a=1\",\"1-2\"\r\n");
    }

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let csv = line(&["a\nb", "c\r\nd", "e\u{2028}f", "\u{202e}g"]);
        assert_eq!(csv.matches(['\n', '\r', '\u{2028}', '\u{202e}']).count(), 2, "{csv:?}");
    }
}
