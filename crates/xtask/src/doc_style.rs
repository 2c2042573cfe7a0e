//! The rules of doc comments that a program can check, over the sources and over the built pages.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::command::root;

/// Words that begin a sentence whose subject comes later, or never.
const WEAK_OPENINGS: [&str; 6] = ["who", "whose", "what", "that", "of", "those"];

/// The number of words that a first paragraph has at least.
const FEWEST_WORDS: usize = 4;

/// A rule that a first paragraph breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a test counts each kind")]
pub enum Fault {
    /// The paragraph has three words or fewer.
    TooShort,
    /// The paragraph begins with a word such as "who", "what" or "that".
    WeakOpening,
}

impl Fault {
    /// The faults, in the order in which they are told.
    pub const ALL: [Self; 2] = [Self::TooShort, Self::WeakOpening];

    /// Returns how many paragraphs may have this fault: some fields say the rest by their type.
    pub fn most(self) -> usize {
        match self {
            Self::TooShort => 60,
            Self::WeakOpening => 20,
        }
    }
}

/// The first paragraph of a doc comment, with the rule that it breaks.
#[derive(Debug)]
pub struct Finding {
    /// The source file or page.
    pub file: PathBuf,
    /// The line in the source file, from 1 on; `None` for a page.
    pub line: Option<usize>,
    /// Text of the paragraph.
    pub text: String,
    /// Rule that it breaks.
    pub fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.strip_prefix(root()).unwrap_or(&self.file);
        write!(formatter, "{}", file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}", self.text)
    }
}

/// Checks the doc comments (`///`) of each crate's `src`, those inside of macros included.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_sources() -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for krate in fs::read_dir(root().join("crates"))? {
        for file in files(&krate?.path().join("src"), "rs")? {
            let source = fs::read_to_string(&file)?;
            findings.extend(doc_comments(&source).filter_map(|(line, text)| {
                let fault = fault(&text)?;
                Some(Finding { file: file.clone(), line: Some(line), text, fault })
            }));
        }
    }
    Ok(findings)
}

/// Checks the pages that `cargo doc` has built, and with them what macros render.
///
/// A page counts up to its trait implementations: behind them stand the docs of other crates.
///
/// # Errors
///
/// When a page cannot be read.
pub fn check_pages(doc: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for krate in fs::read_dir(root().join("crates"))? {
        let name = krate?.file_name().to_string_lossy().replace('-', "_");
        // The front door shows the pages of the other crates once more, and of what they hand on.
        if name == "coder_backstage" {
            continue;
        }
        for file in files(&doc.join(name), "html")? {
            let page = fs::read_to_string(&file)?;
            findings.extend(first_paragraphs(&page).filter_map(|text| {
                let fault = fault(&text)?;
                Some(Finding { file: file.clone(), line: None, text, fault })
            }));
        }
    }
    Ok(findings)
}

fn fault(paragraph: &str) -> Option<Fault> {
    let mut words = paragraph.split_whitespace();
    let first = words.next()?.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if WEAK_OPENINGS.contains(&&*first) {
        return Some(Fault::WeakOpening);
    }
    (words.count() + 1 < FEWEST_WORDS).then_some(Fault::TooShort)
}

/// Returns the first paragraph of each run of `///` lines, with the line that it begins at.
fn doc_comments(source: &str) -> impl Iterator<Item = (usize, String)> {
    let mut comments: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    let mut is_first_paragraph = false;
    for (index, line) in source.lines().enumerate() {
        let Some(text) = line.trim_start().strip_prefix("///") else {
            is_open = false;
            continue;
        };
        if !is_open {
            comments.push((index + 1, String::new()));
            is_first_paragraph = true;
        }
        is_open = true;
        is_first_paragraph &= !text.trim().is_empty();
        if let (true, Some((_, paragraph))) = (is_first_paragraph, comments.last_mut()) {
            paragraph.push_str(text);
        }
    }
    comments.into_iter().map(|(line, text)| (line, text.trim().to_owned()))
}

/// Returns the first paragraph of each doc comment that a page shows, without its markup.
fn first_paragraphs(page: &str) -> impl Iterator<Item = String> {
    let own = page.split("id=\"trait-implementations\"").next().unwrap_or_default();
    own.split("<div class=\"docblock\">").skip(1).filter_map(|block| {
        let (paragraph, _) = block.strip_prefix("<p>")?.split_once("</p>")?;
        Some(without_markup(paragraph))
    })
}

fn without_markup(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in html.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    text
}

/// Returns the files below a directory that have this extension; none when it does not exist.
pub(crate) fn files(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        if !directory.is_dir() {
            continue;
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_paragraph_of_a_comment_is_checked() {
        let source = "/// Returns the name\n/// of the user.\n///\n/// That it is short.\nfn a();\n\
                      \n    /// This one.\n    fn b();\n";
        let comments: Vec<_> = doc_comments(source).collect();
        assert_eq!(
            comments,
            [(1, "Returns the name of the user.".to_owned()), (7, "This one.".to_owned())]
        );
    }

    #[test]
    fn a_short_paragraph_and_a_weak_opening_are_faults() {
        for (text, expected) in [
            ("Returns the user's name.", None),
            ("The name.", Some(Fault::TooShort)),
            ("Of what the arguments name.", Some(Fault::WeakOpening)),
            ("`Who` asks for a token.", Some(Fault::WeakOpening)),
            ("Whoever asks gets an answer.", None),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
    }

    #[test]
    fn a_page_is_read_up_to_its_trait_implementations() {
        let page = "<div class=\"docblock\"><p>The <a href=\"x\">name</a> of it.</p></div>\
                    <h2 id=\"trait-implementations\"></h2><div class=\"docblock\"><p>Not</p></div>";
        assert_eq!(first_paragraphs(page).collect::<Vec<_>>(), ["The name of it."]);
    }
}
