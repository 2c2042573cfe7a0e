//! Texts of others in our own log.

/// How much of a text is shown, in characters.
const MOST: usize = 200;

/// Quotes a text of somebody else for the log: in backticks, without characters that a terminal
/// obeys or that change the direction of the line, and cut after 200 characters.
pub(crate) fn quoted(text: &str) -> String {
    let clean = |character: char| match character {
        '`' => '\'',
        _ if character.is_control() || redirects(character) => ' ',
        _ => character,
    };
    let mut shown: String = text.chars().take(MOST).map(clean).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Whether the character ends a line, or changes the direction of those around it (Unicode
/// Standard Annex #9 §2).
fn redirects(character: char) -> bool {
    matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_stays_in_its_line_and_within_its_quotes() {
        assert_eq!(quoted("alice"), "`alice`");
        assert_eq!(quoted("a`\n\u{1b}[31m\u{202e}b"), "`a'  [31m b`");
        assert_eq!(quoted(&"é".repeat(200)), format!("`{}`", "é".repeat(200)));
        assert_eq!(quoted(&"é".repeat(201)), format!("`{}…`", "é".repeat(200)));
    }
}
