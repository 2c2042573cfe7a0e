//! The doc comments of a source file, each with what it is about.

/// A run of `///` lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// The line that it begins at, from 1 on.
    pub(super) line: usize,
    /// Text of its first paragraph.
    pub(super) text: String,
    /// The kind of item that the comment is about.
    pub(super) subject: Subject,
}

/// Kind of the item that a doc comment stands above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A function or a method.
    Function,
    /// A struct, an enum, a trait or an alias.
    Type,
    /// Anything else, such as a field, a variant or a part of a macro.
    Other,
}

impl Subject {
    /// Reads the kind of an item from its first line and its attributes.
    fn of_item(line: &str, attributes: &str) -> Self {
        let mut words = line.split_whitespace();
        let is_modifier = |word: &str| word.starts_with("pub") || matches!(word, "async" | "const");
        match words.find(|word| !is_modifier(word)) {
            Some("fn") => Self::Function,
            // What stands above a parser of arguments is what `--help` says.
            Some("struct" | "enum" | "trait" | "type") if !attributes.contains("Parser") => {
                Self::Type
            }
            _ => Self::Other,
        }
    }
}

/// Returns the doc comments of a source file, those inside of macros included.
pub(super) fn comments(source: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut lines = source.lines().map(str::trim).zip(1..).peekable();
    while let Some((first, line)) = lines.next() {
        let Some(first) = first.strip_prefix("///") else { continue };
        let mut text = first.to_owned();
        let mut is_first_paragraph = true;
        while let Some((more, _)) = lines.next_if(|(line, _)| line.starts_with("///")) {
            let more = more.trim_start_matches('/');
            is_first_paragraph &= !more.trim().is_empty();
            if is_first_paragraph {
                text.push_str(more);
            }
        }
        let mut attributes = String::new();
        let is_aside = |line: &str, attributes: &str| {
            let is_open = attributes.matches('[').count() > attributes.matches(']').count();
            is_open || line.starts_with("#[") || line.starts_with("//") && !line.starts_with("///")
        };
        while let Some((aside, _)) = lines.next_if(|(line, _)| is_aside(line, &attributes)) {
            attributes.push_str(aside);
        }
        let item = lines.peek().map_or("", |(line, _)| *line);
        let subject = Subject::of_item(item, &attributes);
        comments.push(Comment { line, text: text.trim().to_owned(), subject });
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_paragraph_of_a_comment_is_read() {
        let source = "/// Returns the name\n/// of the user.\n///\n/// That it is short.\nfn a();\n\
                      \n    /// This one.\n    b: u8,\n";
        let comments = comments(source);
        let read: Vec<_> = comments.iter().map(|it| (it.line, &*it.text, it.subject)).collect();
        assert_eq!(
            read,
            [
                (1, "Returns the name of the user.", Subject::Function),
                (7, "This one.", Subject::Other)
            ]
        );
    }

    #[test]
    fn a_comment_is_about_the_item_behind_its_attributes() {
        for (item, subject) in [
            ("fn a() {}", Subject::Function),
            ("pub(crate) async fn a() {}", Subject::Function),
            ("#[cfg(test)]\npub const fn a() {}", Subject::Function),
            (
                "#[expect(\n    clippy::x,\n    reason = \"y\"\n)]\n// Why.\nfn a() {}",
                Subject::Function,
            ),
            ("pub struct A;", Subject::Type),
            ("#[derive(clap::Parser)]\nstruct Arguments {}", Subject::Other),
            ("pub const A: u8 = 1;", Subject::Other),
            ("/// Another one.\nfn a() {}", Subject::Function),
        ] {
            let comments = comments(&format!("/// Text.\n{item}\n"));
            assert_eq!(comments.first().map(|comment| comment.subject), Some(subject), "{item}");
        }
    }
}
