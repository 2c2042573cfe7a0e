//! The rules of doc comments that a program can check, over the sources and over the built pages.

mod comment;
mod verbs;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::comment::{Comment, Subject, comments};
use crate::command::root;

/// Words that begin a sentence whose subject comes later, or never, or stands outside of it.
const WEAK_OPENINGS: [&str; 12] =
    ["who", "whose", "what", "that", "of", "those", "it", "its", "they", "their", "them", "these"];

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
    /// The paragraph is about a function, and does not begin with a verb in the third person.
    ///
    /// The verbs stand in `doc_style/verbs.rs`.
    NoVerb,
    /// The paragraph is about a type, and begins with a verb in the third person.
    VerbOfType,
}

impl Fault {
    /// The faults, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::TooShort, Self::WeakOpening, Self::NoVerb, Self::VerbOfType];

    /// Returns how many paragraphs may have this fault: some fields say the rest by their type.
    pub fn most(self) -> usize {
        match self {
            Self::TooShort => 60,
            Self::WeakOpening | Self::NoVerb | Self::VerbOfType => 0,
        }
    }

    /// Returns what must be true of a paragraph without this fault.
    pub fn rule(self) -> &'static str {
        match self {
            Self::TooShort => "the first paragraph has at least four words",
            Self::WeakOpening => {
                "no sentence begins with who, whose, what, that, of or those, nor with a pronoun \
                 such as it or they"
            }
            Self::NoVerb => {
                "a function's first line begins with a verb in the third person; a verb that is \
                 missing in `crates/xtask/src/doc_style/verbs.rs` is added there"
            }
            Self::VerbOfType => "a type's first line begins with a noun",
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

/// Checks the doc comments (`///`) of each crate, those inside of macros included.
///
/// In its tests only the verbs of functions are checked: few people read about their items.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_sources() -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for krate in fs::read_dir(root().join("crates"))? {
        let krate = krate?.path();
        for file in files(&krate.join("src"), "rs")? {
            findings.extend(check_source(&file, |_| true)?);
        }
        for file in files(&krate.join("tests"), "rs")? {
            findings.extend(check_source(&file, |fault| fault == Fault::NoVerb)?);
        }
    }
    Ok(findings)
}

fn check_source(file: &Path, is_checked: impl Fn(Fault) -> bool) -> io::Result<Vec<Finding>> {
    let source = fs::read_to_string(file)?;
    let findings = comments(&source).into_iter().flat_map(|comment| {
        let Comment { line, text, subject } = comment;
        let found: Vec<_> = faults(&text, subject).filter(|fault| is_checked(*fault)).collect();
        found.into_iter().map(move |fault| Finding {
            file: file.to_owned(),
            line: Some(line),
            text: text.clone(),
            fault,
        })
    });
    Ok(findings.collect())
}

/// Checks the pages that `cargo doc` has built, and with them what macros render.
///
/// A page counts up to its trait implementations, and to the methods of the type that it derefs to:
/// behind them stand the docs of other crates.
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
            findings.extend(first_paragraphs(&page).flat_map(|(text, subject)| {
                let found: Vec<_> = faults(&text, subject).collect();
                let file = file.clone();
                found.into_iter().map(move |fault| Finding {
                    file: file.clone(),
                    line: None,
                    text: text.clone(),
                    fault,
                })
            }));
        }
    }
    Ok(findings)
}

/// Returns the rules that a first paragraph about this subject breaks.
fn faults(paragraph: &str, subject: Subject) -> impl Iterator<Item = Fault> {
    let count = paragraph.split_whitespace().count();
    let first = paragraph.split_whitespace().next().unwrap_or_default();
    let word = first.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_weak = WEAK_OPENINGS.contains(&&*word.to_lowercase());
    // A name in backticks is no verb.
    let verb = first.trim_end_matches([',', ':', ';', '.']);
    let next = paragraph.split_whitespace().nth(1).unwrap_or_default();
    let verb_is_wrong = match subject {
        Subject::Function => (!verbs::is_verb(verb, next)).then_some(Fault::NoVerb),
        Subject::Type => verbs::is_nothing_but_verb(verb).then_some(Fault::VerbOfType),
        Subject::Other => None,
    };
    let shape_is_wrong = match (is_weak, count) {
        (true, _) => Some(Fault::WeakOpening),
        (false, 1..FEWEST_WORDS) => Some(Fault::TooShort),
        (false, _) => None,
    };
    shape_is_wrong.into_iter().chain(verb_is_wrong)
}

/// Returns the first paragraph of each doc comment that a page shows, without its markup.
fn first_paragraphs(page: &str) -> impl Iterator<Item = (String, Subject)> {
    let own = page.split("id=\"trait-implementations\"").next().unwrap_or_default();
    // Methods by way of `Deref` are another type's.
    let own = own.split("id=\"deref-methods").next().unwrap_or_default();
    let mut blocks = own.split("<div class=\"docblock\">");
    let mut before = blocks.next().unwrap_or_default();
    blocks.filter_map(move |block| {
        let subject = subject_of_block(before);
        before = block;
        let (paragraph, _) = block.strip_prefix("<p>")?.split_once("</p>")?;
        Some((without_markup(paragraph), subject))
    })
}

/// Reads the kind of the item that is shown right before its documentation.
fn subject_of_block(before: &str) -> Subject {
    let section = before.rsplit("<section id=\"").next().unwrap_or_default();
    let is_method = section.starts_with("method.") || section.starts_with("tymethod.");
    if is_method && section.len() < before.len() { Subject::Function } else { Subject::Other }
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
    fn a_short_paragraph_and_a_weak_opening_are_faults() {
        for (text, expected) in [
            ("The name of the user.", None),
            ("The name.", Some(Fault::TooShort)),
            ("Of what the arguments name.", Some(Fault::WeakOpening)),
            ("`Who` asks for a token.", Some(Fault::WeakOpening)),
            ("It has no name yet.", Some(Fault::WeakOpening)),
            ("Whoever asks gets an answer.", None),
        ] {
            assert_eq!(faults(text, Subject::Other).next(), expected, "{text}");
        }
    }

    #[test]
    fn a_function_begins_with_a_verb_and_a_type_does_not() {
        for (text, function, of_type) in [
            ("Returns the user's name.", None, Some(Fault::VerbOfType)),
            ("Checks, and then checks again.", None, None),
            ("Names the user who asks.", None, None),
            ("Names of those who ask.", Some(Fault::NoVerb), None),
            ("The name of the user.", Some(Fault::NoVerb), None),
            ("`Returns` is a known word.", Some(Fault::NoVerb), None),
            ("Users and their many roles.", Some(Fault::NoVerb), None),
            ("The name as Coder shows it.", Some(Fault::NoVerb), None),
        ] {
            assert_eq!(faults(text, Subject::Function).next(), function, "{text}");
            assert_eq!(faults(text, Subject::Type).next(), of_type, "{text}");
        }
    }

    #[test]
    fn a_page_is_read_up_to_its_trait_implementations() {
        let page = "<div class=\"docblock\"><p>The <a href=\"x\">name</a> of it.</p></div>\
                    <section id=\"method.x\" class=\"method\"><h4>fn x()</h4></section>\
                    <div class=\"docblock\"><p>Returns x.</p></div>\
                    <h2 id=\"trait-implementations\"></h2><div class=\"docblock\"><p>Not</p></div>";
        let read: Vec<_> = first_paragraphs(page).collect();
        assert_eq!(
            read,
            [
                ("The name of it.".to_owned(), Subject::Other),
                ("Returns x.".to_owned(), Subject::Function)
            ]
        );
    }
}
