//! Places in a text as JavaScript counts them: in UTF-16 units.
//!
//! Rust counts bytes of UTF-8. This is the one file that converts.

use std::collections::HashMap;
use std::ops::Range;

use coder_config::Location;
use serde::Serialize;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in UTF-16 units.
    pub(crate) column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) span: Option<Span>,
}

/// Offsets from the beginning of the text, in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The texts of files by their names, for the places in them.
pub(crate) struct Texts<'a>(HashMap<&'a str, Lines<'a>>);

impl<'a> FromIterator<(&'a str, &'a str)> for Texts<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(files: I) -> Self {
        Self(files.into_iter().map(|(name, text)| (name, Lines::new(text))).collect())
    }
}

impl Texts<'_> {
    /// Returns a place in a file; `None` for a place elsewhere.
    pub(crate) fn place(&self, location: &Location) -> Option<Place> {
        let Location::File { file, line, column, .. } = location else { return None };
        let lines = self.0.get(&**file);
        let marked = lines.zip(location.span()).and_then(|(lines, bytes)| lines.marked(bytes));
        let (column, span) = match marked {
            Some((column, span)) => (column, Some(span)),
            None => (*column, None),
        };
        Some(Place { file: file.to_string(), line: *line, column, span })
    }
}

/// A text with the offsets at which its lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<Start>,
}

#[derive(Clone, Copy, Default)]
struct Start {
    byte: usize,
    unit: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let mut start = Start::default();
        let mut starts = vec![start];
        for line in text.split_inclusive('\n') {
            start = Start { byte: start.byte + line.len(), unit: start.unit + units(line) };
            starts.push(start);
        }
        Self { text, starts }
    }

    /// Converts a span of bytes; returns the column of its start as well. `None` for a span that is
    /// none of this text.
    fn marked(&self, bytes: Range<usize>) -> Option<(u32, Span)> {
        let (start, units_before) = self.unit(bytes.start)?;
        let (end, _) = self.unit(bytes.end)?;
        Some((u32::try_from(units_before + 1).ok()?, Span { start, end }))
    }

    /// Returns the offset in UTF-16 units of the character at a byte, and the units before it in
    /// its line.
    fn unit(&self, byte: usize) -> Option<(usize, usize)> {
        let line = self.starts.partition_point(|start| start.byte <= byte).checked_sub(1)?;
        let start = self.starts.get(line)?;
        let before = units(self.text.get(start.byte..byte)?);
        Some((start.unit + before, before))
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a span that lies between characters is what is tested")]
mod tests {
    use super::*;

    /// Everything whose lengths differ: emoji of several characters, a character of two units, one
    /// of two bytes, line ends of Windows, and a mark of byte order.
    const TEXT: &str = "\u{feff}a: 👩‍💻 x\r\né: 𝒳 y\r\n\r\nlast: 'ü'";

    #[test]
    fn each_span_marks_the_same_characters_in_units_as_in_bytes() {
        let lines = Lines::new(TEXT);
        let units: Vec<u16> = TEXT.encode_utf16().collect();
        let boundaries = || (0..=TEXT.len()).filter(|&at| TEXT.is_char_boundary(at));
        for start in boundaries() {
            for end in boundaries().filter(|&end| end >= start) {
                let (_, span) = lines.marked(start..end).unwrap();
                let marked = String::from_utf16(&units[span.start..span.end]).unwrap();
                assert_eq!(marked, TEXT[start..end]);
            }
        }
    }

    #[test]
    fn a_column_counts_the_units_since_the_line_began() {
        let column = |marked: &str| {
            let start = TEXT.find(marked).unwrap();
            Lines::new(TEXT).marked(start..start + marked.len()).unwrap().0
        };
        assert_eq!(column("a:"), 2, "behind the mark of byte order");
        assert_eq!(column("x\r"), 11, "behind an emoji of five units and its space");
        assert_eq!(column("é"), 1);
        assert_eq!(column("y"), 7, "behind a character of two units");
        assert_eq!(column("last"), 1);
    }

    #[test]
    fn a_span_of_another_text_is_none() {
        assert_eq!(Lines::new(TEXT).marked(0..TEXT.len() + 1), None);
        assert_eq!(Lines::new(TEXT).marked(1..2), None, "within a character");
    }

    #[test]
    fn a_place_without_a_span_keeps_its_line_and_column() {
        let texts = Texts::from_iter([("a.yaml", TEXT)]);
        let place = texts.place(&Location::in_file("b.yaml", 3, 4)).unwrap();
        assert_eq!((place.line, place.column, place.span), (3, 4, None));
        assert_eq!(texts.place(&Location::Program), None);
    }
}
