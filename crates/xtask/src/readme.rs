//! The README of each published crate, made from the documentation of the crate.
//!
//! The examples are printed as they stand there, so the doc tests compile what people copy.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;

use cargo_metadata::semver::{Version, VersionReq};
use cargo_metadata::{MetadataCommand, Package, Target};
use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::command::{Failure, root};
use crate::house;

/// Writes the READMEs anew, after the versions of our own crates in the documentation, which a
/// release changes. Returns whether all could be made.
pub fn readme() -> bool {
    let write = |readme: &Readme| fs::write(&readme.path, &readme.text).map_err(|e| e.to_string());
    match each(set_versions).and_then(|()| each(|package| make(package).and_then(|it| write(&it))))
    {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

/// Fails when a README is not what [`readme`] would write.
pub(crate) fn check() -> Result<(), Failure> {
    each(|package| {
        let readme = make(package)?;
        match fs::read_to_string(&readme.path) {
            Ok(there) if there == readme.text => Ok(()),
            Ok(_) => Err("is not made from its documentation; run `cargo xtask readme`".into()),
            Err(error) => Err(error.to_string()),
        }
    })
}

/// The README of one crate.
struct Readme {
    path: std::path::PathBuf,
    text: String,
}

/// Does `work` for each published crate, and tells all that went wrong.
fn each(work: impl Fn(&Package) -> Result<(), String>) -> Result<(), Failure> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    let packages = metadata.map_err(|error| Failure::Readmes(error.to_string()))?.packages;
    let published = packages.iter().filter(|package| package.publish.is_none());
    let faults: Vec<String> = published
        .filter_map(|package| work(package).err().map(|fault| format!("{}: {fault}", package.name)))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Readmes(faults.join("\n"))) }
}

fn make(package: &Package) -> Result<Readme, String> {
    let target = crate_root(package)?;
    let source = fs::read_to_string(&target.src_path).map_err(|error| error.to_string())?;
    let text = render(&package.name, &source)?;
    if target.is_lib() {
        check_dependencies(&text, &package.version)?;
        check_beginning(&text)?;
    }
    let directory = package.manifest_path.parent().ok_or("has no directory")?;
    Ok(Readme { path: directory.join("README.md").into(), text })
}

/// Finds the target whose file has the documentation of the crate.
fn crate_root(package: &Package) -> Result<&Target, String> {
    let is_root = |target: &&Target| target.is_lib() || target.is_bin();
    Ok(package.targets.iter().find(is_root).ok_or("has no source file")?)
}

/// Names this release where the documentation names an older one of our own crates.
fn set_versions(package: &Package) -> Result<(), String> {
    let path = &crate_root(package)?.src_path;
    let source = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let current = with_versions(&source, &package.version);
    if current == source {
        return Ok(());
    }
    fs::write(path, current).map_err(|error| error.to_string())
}

fn with_versions(source: &str, version: &Version) -> String {
    let line = |line: &str| {
        let dependency = line.strip_prefix("//! ").and_then(|line| line.split_once(" = "));
        let old = dependency.and_then(|(name, wanted)| {
            let wanted = wanted.split('"').nth(1)?;
            (house::member(name).is_some() && !holds(wanted, version)).then_some(wanted)
        });
        old.map_or_else(
            || line.to_owned(),
            |old| line.replacen(old, &format!("{}.{}", version.major, version.minor), 1),
        )
    };
    source.split_inclusive('\n').map(line).collect()
}

/// Tells whether the requirement `wanted` of a user takes this version.
fn holds(wanted: &str, version: &Version) -> bool {
    VersionReq::parse(wanted).is_ok_and(|wanted| wanted.matches(version))
}

/// Renders the README of the crate `name`, from the text of its `lib.rs` or `main.rs`.
fn render(name: &str, source: &str) -> Result<String, String> {
    let docs: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let docs: Vec<&str> = docs.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let mut text = format!(
        "<!-- Made from the crate's documentation by `cargo xtask readme`; change that one. -->\n\
         \n# {name}\n\n"
    );
    let mut in_code = None;
    for line in without_item_links(&docs.join("\n")).lines() {
        match (in_code, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let is_rust = language.split(',').all(|word| RUST.contains(&word.trim()));
                in_code = Some(is_rust);
                text += if is_rust { "```rust" } else { line };
            }
            (Some(_), Some(_)) => {
                in_code = None;
                text += line;
            }
            (Some(true), None) if line == "#" || line.starts_with("# ") => {
                return Err(format!(
                    "its documentation hides `{line}`; people copy what is printed, so print it"
                ));
            }
            (None, None) if line.starts_with('#') => {
                text.push('#');
                text += line;
            }
            (Some(_) | None, None) => text += line,
        }
        text.push('\n');
    }
    Ok(text)
}

/// The words that may follow the fence of a Rust example.
const RUST: &[&str] = &["", "rust", "no_run", "should_panic", "compile_fail", "ignore"];

/// Replaces links to items, which only rustdoc can follow, by their text.
fn without_item_links(docs: &str) -> String {
    let mut to_item =
        |link: BrokenLink<'_>| Some((CowStr::from(link.reference.to_string()), "".into()));
    let parser =
        Parser::new_with_broken_link_callback(docs, Options::ENABLE_TABLES, Some(&mut to_item));
    let mut cuts: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let mut open: Option<(Range<usize>, Option<Range<usize>>)> = None;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) if !dest_url.contains("://") => {
                open = Some((range, None));
            }
            Event::End(TagEnd::Link) => {
                if let Some((whole, Some(label))) = open.take() {
                    cuts.push((whole, label));
                }
            }
            _ => {
                if let Some((_, label)) = &mut open {
                    let start = label.as_ref().map_or(range.start, |label| label.start);
                    *label = Some(start..range.end);
                }
            }
        }
    }
    let mut text = docs.to_owned();
    for (whole, label) in cuts.into_iter().rev() {
        let label = docs.get(label).unwrap_or_default();
        text.replace_range(whole, label);
    }
    text
}

/// Fails unless a `[dependencies]` block names each crate that the examples use, and our own ones
/// in a version that is this one.
fn check_dependencies(readme: &str, version: &Version) -> Result<(), String> {
    let blocks = code_blocks(readme);
    let named: Vec<(&str, &str)> = blocks
        .iter()
        .filter(|(language, _)| *language == "toml")
        .flat_map(|(_, block)| block.lines())
        .filter_map(|line| line.split_once(" = "))
        .collect();
    if named.is_empty() {
        return Err("its documentation has no `toml` block with its `[dependencies]`".into());
    }
    for (name, requirement) in &named {
        let wanted = requirement.split('"').nth(1).unwrap_or_default();
        if house::member(name).is_some() && !holds(wanted, version) {
            return Err(format!("its documentation names `{name}` {wanted}, this is {version}"));
        }
    }
    let names: BTreeSet<String> = named.iter().map(|(name, _)| name.replace('-', "_")).collect();
    let examples = blocks.iter().filter(|(language, _)| *language == "rust");
    for line in examples.flat_map(|(_, example)| example.lines()) {
        let Some(path) = line.trim_start().strip_prefix("use ") else { continue };
        let krate = path.split("::").next().unwrap_or_default();
        if krate != "std" && !names.contains(krate) {
            return Err(format!(
                "its example uses `{krate}`, which `[dependencies]` does not name"
            ));
        }
    }
    Ok(())
}

/// The first row of the table that leads from a purpose to an item.
const PURPOSES: &str = "| I want to … |";

/// Fails unless the text begins with what the crate is, an example, and the table of purposes, the
/// example before the first section.
fn check_beginning(readme: &str) -> Result<(), String> {
    let place = |what: &str| readme.find(what);
    let Some(example) = place("```rust\n") else {
        return Err("its documentation has no example".into());
    };
    let Some(table) = place(PURPOSES) else {
        return Err(format!("its documentation has no table `{PURPOSES} Item |`"));
    };
    let is_first = |section: usize| section > example;
    if !place("\n## ").is_none_or(is_first) || table < example {
        return Err(
            "its documentation does not begin with an example and the table of purposes".into()
        );
    }
    let rows = readme
        .get(table..)
        .unwrap_or_default()
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    if rows.count() < 3 {
        return Err("its table of purposes has fewer than three rows".into());
    }
    Ok(())
}

/// Returns the code of a Markdown text, with the language of each block.
fn code_blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
//! Reads [`Things`] of [another crate](https://example.com), see [the manual](crate::manual).
//!
//! ```toml
//! [dependencies]
//! coder-core = \"0.1\"
//! ```
//!
//! ```no_run
//! use coder_core::Secret;
//! ```
//!
//! # What it is not
//!
//! Nothing.
#![cfg_attr(docsrs, feature(doc_cfg))]
";

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn a_readme_is_the_documentation_with_a_title_and_without_links_to_items() {
        let readme = render("coder-things", SOURCE).unwrap();
        let (_, readme) = readme.split_once("-->\n\n").unwrap();
        assert_eq!(
            readme,
            "# coder-things\n\n\
             Reads `Things` of [another crate](https://example.com), see the manual.\n\n\
             ```toml\n[dependencies]\ncoder-core = \"0.1\"\n```\n\n\
             ```rust\nuse coder_core::Secret;\n```\n\n\
             ## What it is not\n\nNothing.\n"
        );
    }

    #[test]
    fn an_example_hides_no_line_from_those_who_copy_it() {
        let hidden = "//! ```\n//! # use coder_core::Secret;\n//! ```\n";
        let fault = render("coder-things", hidden).unwrap_err();
        assert!(fault.contains("hides `# use coder_core::Secret;`"), "{fault}");
    }

    #[test]
    fn the_dependencies_of_a_readme_are_complete_and_of_this_release() {
        let readme = render("coder-things", SOURCE).unwrap();
        assert_eq!(check_dependencies(&readme, &version("0.1.7")), Ok(()));
        let older = check_dependencies(&readme, &version("0.2.0")).unwrap_err();
        assert!(older.contains("names `coder-core` 0.1, this is 0.2.0"), "{older}");

        let incomplete = readme.replace("use coder_core", "use coder_client");
        let fault = check_dependencies(&incomplete, &version("0.1.7")).unwrap_err();
        assert!(fault.contains("uses `coder_client`"), "{fault}");

        let next = with_versions(SOURCE, &version("0.2.0"));
        assert_eq!(next, SOURCE.replace("0.1", "0.2"));
        assert_eq!(with_versions(SOURCE, &version("0.1.7")), SOURCE);

        let none = check_dependencies("# coder-things\n", &version("0.1.7")).unwrap_err();
        assert!(none.contains("no `toml` block"), "{none}");
    }

    #[test]
    fn a_readme_begins_with_an_example_and_a_table_of_purposes() {
        let readme = render("coder-things", SOURCE).unwrap();
        let fault = check_beginning(&readme).unwrap_err();
        assert!(fault.contains("no table `| I want to … | Item |`"), "{fault}");

        let table = "| I want to … | Item |\n|---|---|\n| a | b |\n| c | d |\n| e | f |\n";
        let whole = readme.replace("## What it is not", &format!("{table}\n## What it is not"));
        assert_eq!(check_beginning(&whole), Ok(()));
        let short = whole.replace("| c | d |\n", "");
        assert!(check_beginning(&short).unwrap_err().contains("fewer than three rows"));
        let late = whole.replace("```rust", "## How\n\n```rust");
        assert!(check_beginning(&late).unwrap_err().contains("does not begin with an example"));
    }
}
