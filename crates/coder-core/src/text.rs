//! Foreign texts, made safe for a message, a log or a page.

use std::error::Error;
use std::fmt::Write as _;
use std::str::Chars;

/// The length at which a foreign text is cut, in characters.
pub(crate) const MAX_LENGTH: usize = 200;

/// The length at which the text of one error is cut, in characters. Foreign texts within it are cut
/// where they enter it.
const MAX_ERROR: usize = 800;

/// Quotes a text that did not come from this program, for a message or a log. The text is
/// [`cleaned`] and put in backticks.
///
/// A backtick in the text becomes an apostrophe, so that the quotation cannot end early.
///
/// ```
/// assert_eq!(coder_core::quoted("alice"), "`alice`");
/// assert_eq!(coder_core::quoted("x`\n2026-01-01 INFO `y"), "`x' 2026-01-01 INFO 'y`");
/// ```
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("`{}`", cleaned(text).replace('`', "'"))
}

/// Makes a text that did not come from this program safe to print: control, line-break, direction
/// and invisible characters become spaces, and the text is cut after 200 characters.
///
/// It is for a text that stands by itself, such as the end of a message or a field of an answer;
/// inside a sentence use [`quoted`]. Other characters, such as a non-breaking space or a letter of
/// any script, are kept.
///
/// ```
/// assert_eq!(coder_core::cleaned("not\u{200b}found\u{1b}[2J"), "not found [2J");
/// assert_eq!(coder_core::cleaned(&"é".repeat(201)), "é".repeat(200) + "…");
/// ```
#[must_use]
pub fn cleaned(text: &str) -> String {
    cleaned_to(MAX_LENGTH, text)
}

/// Cleans a text as [`cleaned`] does, with another greatest length, in characters.
#[must_use]
pub fn cleaned_to(most: usize, text: &str) -> String {
    let mut characters = text.chars();
    let shown = characters.by_ref().take(most);
    let mut clean: String = shown.map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    if characters.next().is_some() {
        clean.push('…');
    }
    clean
}

/// Cleans a line of a program's log, which is cut after `most` characters: what it says to a terminal
/// (colors, titles, moves of the cursor: the escape sequences of ECMA-48 §5) is left out, tabs are kept,
/// and other control and invisible characters become spaces, as in [`cleaned`].
///
/// ```
/// let line = "\u{1b}[1;32m+\u{1b}[0m\tdocker_container\u{1b}]0;a title\u{7}\u{8}";
/// assert_eq!(coder_core::cleaned_line_to(100, line), "+\tdocker_container ");
/// ```
#[must_use]
pub fn cleaned_line_to(most: usize, line: &str) -> String {
    let mut rest = line.chars();
    let mut clean = String::new();
    let mut length = 0;
    while let Some(character) = rest.next() {
        let shown = match character {
            '\u{1b}' => {
                skip_escape(&mut rest);
                continue;
            }
            '\u{9b}' => {
                skip_control_sequence(&mut rest);
                continue;
            }
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => {
                skip_string(&mut rest);
                continue;
            }
            '\t' => '\t',
            unseen if is_unseen(unseen) => ' ',
            seen => seen,
        };
        if length == most {
            clean.push('…');
            break;
        }
        clean.push(shown);
        length += 1;
    }
    clean
}

/// Skips what follows ESC, as far as it belongs to the escape sequence.
fn skip_escape(rest: &mut Chars<'_>) {
    let Some(first) = rest.clone().next() else { return };
    match first {
        '[' => {
            rest.next();
            skip_control_sequence(rest);
        }
        'P' | 'X' | ']' | '^' | '_' => {
            rest.next();
            skip_string(rest);
        }
        ' '..='~' => {
            skip_while(rest, |character| matches!(character, ' '..='/'));
            skip_one(rest, |character| matches!(character, '0'..='~'));
        }
        // Not a sequence.
        _ => {}
    }
}

/// Skips the parameters and the end of a control sequence (ECMA-48 §5.4).
fn skip_control_sequence(rest: &mut Chars<'_>) {
    skip_while(rest, |character| matches!(character, ' '..='?'));
    skip_one(rest, |character| matches!(character, '@'..='~'));
}

/// Skips a control string with its end (ECMA-48 §5.6), which may be a BEL as well. Without an end it is
/// the rest of the line.
fn skip_string(rest: &mut Chars<'_>) {
    while let Some(character) = rest.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => return skip_one(rest, |character| character == '\\'),
            _ => {}
        }
    }
}

fn skip_while(rest: &mut Chars<'_>, is_skipped: impl Fn(char) -> bool) {
    while rest.clone().next().is_some_and(&is_skipped) {
        rest.next();
    }
}

fn skip_one(rest: &mut Chars<'_>, is_skipped: impl Fn(char) -> bool) {
    if rest.clone().next().is_some_and(is_skipped) {
        rest.next();
    }
}

/// Writes an error and its causes in one line, the outermost first.
///
/// Invisible characters become spaces, as in [`cleaned`]. Each part is cut after 800 characters, and
/// a part that an outer one contains already is left out. At most five parts are written.
///
/// An error is shown by this function wherever an operator or a developer reads it. For people who
/// must not see the causes there is [`without_causes`].
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    with_causes_to(MAX_ERROR, error)
}

/// Writes an error alone in one line, for readers whom its causes do not concern, such as a person
/// in a browser.
///
/// Invisible characters become spaces, as in [`cleaned`]. The text is cut after 800 characters.
#[must_use]
pub fn without_causes(error: &dyn Error) -> String {
    cleaned_to(MAX_ERROR, &error.to_string())
}

/// Writes an error and its causes as [`with_causes`] does, with another greatest length of each
/// part, in characters.
pub(crate) fn with_causes_to(most: usize, error: &(dyn Error + 'static)) -> String {
    let mut told = cleaned_to(most, &error.to_string());
    let causes =
        std::iter::successors(error.source(), |&error: &&(dyn Error + 'static)| error.source());
    for cause in causes.take(4).map(|cause| cleaned_to(most, &cause.to_string())) {
        if !told.contains(&cause) {
            // Writing to a `String` does not fail.
            let _ = write!(told, ": {cause}");
        }
    }
    told
}

/// Returns `true` for a character without a glyph: control characters, line and paragraph
/// separators, format characters (Unicode categories Cc, Zl, Zp and Cf), and other characters that
/// are ignored in display (`Default_Ignorable_Code_Point`).
#[must_use]
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_quoted_stays_in_its_line_and_within_its_quotes() {
        assert_eq!(quoted("alice"), "`alice`");
        assert_eq!(quoted("a`\n\u{1b}[31m\u{202e}b"), "`a'  [31m b`");
        assert_eq!(quoted(&"é".repeat(200)), format!("`{}`", "é".repeat(200)));
        assert_eq!(quoted(&"é".repeat(201)), format!("`{}…`", "é".repeat(200)));
    }

    #[test]
    fn characters_that_nobody_sees_become_spaces_and_letters_stay() {
        for unseen in [
            '\0',
            '\t',
            '\r',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert_eq!(cleaned(&format!("ad{unseen}min")), "ad min", "{unseen:?}");
        }
        for seen in ["Zoë Müller-Lüdenscheidt", "עברית", "한국어", "naïve `code` … 🙂"]
        {
            assert_eq!(cleaned(seen), seen);
        }
    }

    #[test]
    fn a_line_of_a_log_says_nothing_to_a_terminal() {
        for (line, clean) in [
            ("\u{1b}[1;38;5;208mPlan:\u{1b}[0m 1 to add", "Plan: 1 to add"),
            ("a\tb", "a\tb"),
            ("50%\r100%", "50% 100%"),
            ("\u{1b}[2J\u{1b}[1;1Hcleared", "cleared"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}]0;root@host\u{7}title", "title"),
            ("\u{1b}]8;;https://evil.test\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{90}1$r\u{9c}string", "string"),
            ("\u{1b}(Bcharset \u{1b}7saved", "charset saved"),
            ("\u{1b}]52;c;bmV2ZXIgZW5kcw", ""),
            ("bell\u{7} back\u{8} \u{202e}turned", "bell  back   turned"),
            ("\u{1b}", ""),
            ("\u{1b}\u{1b}[31mx", "x"),
            ("\u{1b}[", ""),
            ("\u{1b}é", "é"),
        ] {
            assert_eq!(cleaned_line_to(100, line), clean, "{line:?}");
        }
        assert_eq!(cleaned_line_to(2, "\u{1b}[1mab\u{1b}[0m"), "ab", "nothing is cut that is seen");
        assert_eq!(cleaned_line_to(2, "abc"), "ab…");
    }

    #[test]
    fn the_causes_of_an_error_are_told_once_each() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Layer(&'static str, #[source] Option<Box<Self>>);
        let inner = Layer("refused\nroot: signed in", None);
        let middle = Layer("could not connect", Some(Box::new(inner)));
        let outer = Layer("coder: could not connect", Some(Box::new(middle)));
        assert_eq!(with_causes(&outer), "coder: could not connect: refused root: signed in");
    }

    proptest! {
        #[test]
        fn whatever_a_peer_says_is_one_short_line(text in "\\PC*|[\\s\\S]{0,600}", most in 0_usize..300) {
            let clean = cleaned_to(most, &text);
            prop_assert!(clean.chars().count() <= most + 1);
            prop_assert!(!clean.chars().any(is_unseen));
            let line = cleaned_line_to(most, &text);
            prop_assert!(line.chars().count() <= most + 1);
            prop_assert!(!line.chars().any(|character| character != '\t' && is_unseen(character)));
            let quote = quoted(&text);
            prop_assert!(quote.chars().count() <= MAX_LENGTH + 3);
            prop_assert_eq!(quote.matches('`').count(), 2);
            // Cleaning again changes nothing but the cut.
            prop_assert_eq!(cleaned_to(most + 1, &clean), clean);
        }
    }
}
