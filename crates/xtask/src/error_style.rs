//! A check that no error is shown without its causes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::command::root;
use crate::doc_style::files;

/// Names that bind an error wherever they stand.
const NAMES: [&str; 5] = ["cause", "err", "error", "errors", "source"];

/// Text in front of a name that thereby binds an error: a pattern, or a closure's parameter.
const BINDINGS: [&str; 3] = ["Err(", "_err(|", "or_else(|"];

/// Crates that run in tests and measurements only: their errors end a test.
const ASIDE: [&str; 5] =
    ["coder-conformance", "coder-measure", "coder-simulation", "coder-testkit", "xtask"];

/// The file that holds the two functions by which an error is shown.
const SHOWS_ERRORS: &str = "crates/coder-core/src/text.rs";

/// A line that shows an error by its own text alone.
#[derive(Debug)]
pub struct Bare {
    /// The source file of the line.
    pub file: PathBuf,
    /// The line, from 1 on.
    pub line: usize,
    /// Text of the line.
    pub text: String,
}

impl fmt::Display for Bare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file.display(), self.line, self.text)
    }
}

/// Finds the lines of the libraries and the server that show an error by `Display` or `Debug`.
///
/// An error's own text leaves out its causes, so it is shown by `coder_core::with_causes`, or on
/// purpose by `coder_core::without_causes`. Names tell what is an error: `error` and its like, and
/// whatever is bound in `Err(…)` or by a closure such as that of `map_err`.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_sources() -> io::Result<Vec<Bare>> {
    let mut found = Vec::new();
    for krate in fs::read_dir(root().join("crates"))? {
        let krate = krate?;
        if ASIDE.contains(&&*krate.file_name().to_string_lossy()) {
            continue;
        }
        for file in files(&krate.path().join("src"), "rs")? {
            let shown = file.strip_prefix(root()).unwrap_or(&file).to_owned();
            if shown != Path::new(SHOWS_ERRORS) {
                let source = fs::read_to_string(&file)?;
                found.extend(bare_errors(&source).map(|(line, text)| Bare {
                    file: shown.clone(),
                    line,
                    text,
                }));
            }
        }
    }
    Ok(found)
}

/// Returns the lines of a source, without its tests, that show an error alone.
fn bare_errors(source: &str) -> impl Iterator<Item = (usize, String)> {
    let tests = ["#[cfg(test)]\nmod ", "#[cfg(all(test"];
    let end = tests.iter().filter_map(|start| source.find(start)).min();
    let source = source.get(..end.unwrap_or(source.len())).unwrap_or_default();
    let names = names_of_errors(source);
    let lines = source.lines().map(str::trim).enumerate();
    lines.filter(|(_, line)| !line.starts_with("//")).filter_map(move |(index, line)| {
        let is_bare = line.contains("_err(ToString::to_string)")
            || names.iter().any(|name| shows(line, name));
        is_bare.then(|| (index + 1, line.to_owned()))
    })
}

fn names_of_errors(source: &str) -> BTreeSet<&str> {
    let bound = BINDINGS.iter().flat_map(|binding| {
        source.split(binding).skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !is_of_a_name(c))?;
            let name = rest.get(..end)?;
            let follows = rest.get(end..).unwrap_or_default();
            let is_a_binding = follows.starts_with([')', '|']);
            (is_a_binding && name.starts_with(|c: char| c.is_ascii_lowercase())).then_some(name)
        })
    });
    NAMES.into_iter().chain(bound).collect()
}

/// Tells whether the line shows this value by its `Display` or `Debug`.
fn shows(line: &str, name: &str) -> bool {
    let forms = [
        format!("{name}.to_string()"),
        // Fields of a log line, and holes of a format string.
        format!("%{name}"),
        format!("?{name}"),
        format!("{{{name}}}"),
        format!("{{{name}:"),
        // Arguments of a format string.
        format!("}}\", {name}"),
    ];
    forms.iter().any(|form| {
        line.match_indices(form).any(|(at, _)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line.get(at + form.len()..).and_then(|after| after.chars().next());
            let goes_on = |c: Option<char>| c.is_some_and(|c| is_of_a_name(c) || c == '.');
            let is_longer_name = (form.starts_with(name) && goes_on(before))
                || (form.ends_with(name) && goes_on(after));
            !is_longer_name
        })
    })
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_bare(line: &str) -> bool {
        bare_errors(line).count() > 0
    }

    #[test]
    fn an_error_is_found_in_each_form_that_leaves_out_its_causes() {
        for line in [
            "tracing::warn!(error = error.to_string(), \"lost\");",
            "tracing::warn!(%error, \"lost\");",
            "tracing::warn!(error = ?error, \"lost\");",
            "format!(\"cannot read: {error}\")",
            "format!(\"cannot read: {}\", error)",
            "Err(reason) => notices.push(reason.to_string()),",
            "read().map_err(|problem| format!(\"{problem:?}\"))",
            "read().map_err(ToString::to_string)",
        ] {
            assert!(is_bare(line), "{line}");
        }
    }

    #[test]
    fn an_error_with_its_causes_and_what_is_no_error_are_not_found() {
        for line in [
            "tracing::warn!(error = with_causes(&error), \"lost\");",
            "format!(\"cannot read: {}\", without_causes(&error))",
            "format!(\"{}\", name.to_string())",
            "let Self { error } = self;",
            "format!(\"{error_uri}\")",
            "format!(\"{}\", error.kind())",
            "// `%error` alone",
            "x();\n#[cfg(test)]\nmod tests { fn a() { error.to_string(); } }",
        ] {
            assert!(!is_bare(line), "{line}");
        }
    }
}
