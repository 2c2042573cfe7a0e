//! The parser's errors, in terms of people who write YAML.

use granit_parser::{ErrorKind, ScanError};

use crate::message::one_line;

/// A tab in front of what only spaces indent.
pub(super) const TAB: &str = "a tab stands where only spaces indent";

/// Describes a scanner's error, in the parser's own words where they are plain.
pub(super) fn problem(error: &ScanError) -> String {
    let words = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation => TAB,
        ErrorKind::TabInPlainScalar => {
            "a line of this text is indented with a tab; only spaces indent"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "a key without its `:`, or a value that is not indented more than its key"
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::MappingKeyNotAllowed => {
            "no key can stand here: a line is indented wrongly, the space behind a `:` is missing, \
             or a text with `: ` in it needs quotes"
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            "a list cannot begin on the line of its key; begin it on the next line"
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "this line belongs to no mapping: it must be indented like the other keys"
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "this line belongs to no list: it must begin with `-` in the column of the other items"
        }
        ErrorKind::ExpectedDocumentStart => {
            "this line belongs to nothing: it must be indented like what is above it"
        }
        ErrorKind::MisplacedFlowCollectionEnd => "a closing bracket without an opening one",
        ErrorKind::ExpectedFlowMappingSeparator => "a `,` or the closing `}` is missing",
        ErrorKind::ExpectedFlowSequenceSeparator => "a `,` or the closing `]` is missing",
        ErrorKind::InvalidColonPlacement => {
            "this `:` is out of place; is a bracket or a quote above not closed?"
        }
        ErrorKind::InvalidQuotedScalarIndent => {
            "the text in quotes goes on here without being indented; is the quote not closed?"
        }
        ErrorKind::UnknownAnchor => "this alias names no anchor (`&name`) above it",
        ErrorKind::UnknownQuotedScalarEscape => {
            "a `\\` in this text begins no escape; write it twice, or use single quotes"
        }
        ErrorKind::InvalidBlockScalarHeader => {
            "behind `|` or `>` there can only be an indentation, `-` or `+`, and a comment"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "something stands behind the closing quote; put all of the value into quotes"
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a value cannot begin with `{character}`; put it into quotes");
        }
        ErrorKind::CommentInterceptedScalar => {
            "the text goes on behind a comment; move the comment, or put the text into quotes"
        }
        _ => return one_line(error.info()),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::yaml::document;

    #[test]
    fn mistakes_are_told_in_plain_words() {
        let told: Vec<_> = [
            "a: - b\n",
            "a:\nb\n",
            "a:\n[1]\n",
            "a: b: c\n",
            "a:1\nb: 2\n",
            "a: [1, 2\nb: 3\n",
            "a: [1 2, {b: 1 ]\n",
            "a: 'x\n",
            "a: 'x\nb: 1\n",
            "a:\n  b: 1\n c: 2\n",
            "a: 1\n  b: 2\n",
            "- a\nb: 1\n",
            " a: 1\nb: 2\n",
            "a: @x\n",
            "a: *x\n",
            "a: \"\\q\"\n",
            "a: |x\n",
            "a: \"x\" y\n",
            "a: x\n\ty\n",
            "a:\n\tb: 1\n",
            "a: b #c\n  d\n",
            "a: ]\n",
        ]
        .into_iter()
        .map(|text| format!("{text:?}\n    {}", document("x", text).unwrap_err()))
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
