//! Characters that npm's `yaml` and `JSON.parse` take and our parser does not.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// The private characters that stand for unprintable ones while a text is parsed.
#[derive(Clone, Debug, Default)]
pub(super) struct StandIns {
    /// Pairs of an original and its stand-in.
    pairs: Vec<(char, char)>,
    /// The place where each stand-in begins, and by how many bytes it and those before it are longer
    /// than their originals. Shared: each document of a file has the same.
    longer: Arc<[(usize, usize)]>,
}

impl StandIns {
    /// Replaces each unprintable character of a text with a private one that the text does not
    /// hold.
    pub(super) fn put_into(text: &str) -> (Cow<'_, str>, Self) {
        if !text.contains(is_unprintable) {
            return (Cow::Borrowed(text), Self::default());
        }
        let private = '\u{e000}'..='\u{f8ff}';
        let taken: HashSet<char> = text.chars().filter(|c| private.contains(c)).collect();
        let mut free = private.filter(|c| !taken.contains(c));
        let mut pairs: Vec<(char, char)> = Vec::new();
        let mut longer = Vec::new();
        let mut replaced = String::with_capacity(text.len());
        let mut bytes = 0;
        for c in text.chars() {
            let known = pairs.iter().find(|(original, _)| *original == c).map(|pair| pair.1);
            let stand_in = match known {
                None if is_unprintable(c) => free.next().inspect(|new| pairs.push((c, *new))),
                known => known,
            };
            if let Some(stand_in) = stand_in {
                bytes += stand_in.len_utf8() - c.len_utf8();
                longer.push((replaced.len(), bytes));
            }
            replaced.push(stand_in.unwrap_or(c));
        }
        (Cow::Owned(replaced), Self { pairs, longer: longer.into() })
    }

    /// Returns the offset in the original text of what is at `offset` in the parsed one.
    pub(super) fn original_offset(&self, offset: usize) -> usize {
        let before = self.longer.partition_point(|(begin, _)| *begin < offset);
        let longer = before.checked_sub(1).and_then(|last| self.longer.get(last));
        offset - longer.map_or(0, |(_, bytes)| *bytes)
    }

    /// Restores the unprintable characters in their places.
    pub(super) fn take_out<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let original = |c: char| self.pairs.iter().find(|(_, stand_in)| *stand_in == c);
        if self.pairs.is_empty() || !text.contains(|c| original(c).is_some()) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.chars().map(|c| original(c).map_or(c, |(original, _)| *original)).collect())
    }
}

fn is_unprintable(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}')
        || matches!(c, '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Joins the two escapes as which JSON writes a character beyond U+FFFF, since YAML does not know
/// them. A half of such a pair alone is not a character; it becomes U+FFFD.
pub(super) fn whole_characters(text: &str) -> Cow<'_, str> {
    let half = |at: usize, range: std::ops::Range<u32>| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok().filter(|half| range.contains(half))
    };
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let (high, low) = (half(at, 0xD800..0xDC00), half(at + 6, 0xDC00..0xE000));
        let (character, end) = match (high, low) {
            (Some(high), Some(low)) => {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(code), at + 12)
            }
            (Some(_), None) => (Some(char::REPLACEMENT_CHARACTER), at + 6),
            (None, _) if half(at, 0xDC00..0xE000).is_some() => {
                (Some(char::REPLACEMENT_CHARACTER), at + 6)
            }
            // Any other escape: the character behind the backslash belongs to it.
            _ => (None, at + 2),
        };
        if let Some(character) = character {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push(character);
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back() {
        let text = "a\0b\u{7f}\u{e000}\u{9f}\0\u{ffff} é";
        let (replaced, pairs) = StandIns::put_into(text);
        assert!(!replaced.contains(is_unprintable));
        assert_eq!(pairs.take_out(&replaced), text);
        for (index, (offset, _)) in replaced.char_indices().enumerate() {
            let original = text.char_indices().nth(index).unwrap().0;
            assert_eq!(pairs.original_offset(offset), original, "{offset}");
        }
        assert!(matches!(StandIns::put_into("plain"), (Cow::Borrowed("plain"), _)));
    }
}
