//! The licences of others, which go with every copy of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cargo_metadata::{Metadata, Package};

use super::files::cannot;
use super::graph::Graph;
use crate::command::Failure;

/// Collects the licences and notices of all packages that the program is compiled from. A text that
/// several packages have stands there once.
pub(super) fn of(metadata: &Metadata) -> Result<String, Failure> {
    let mut by_text = BTreeMap::<String, Vec<String>>::new();
    let mut without = Vec::new();
    for package in Graph::new(metadata)?.packages() {
        // Our own licence is beside this file.
        if package.source.is_none() {
            continue;
        }
        let title = title(package);
        let texts = texts(package)?;
        if texts.is_empty() {
            without.push(title.clone());
        }
        for text in texts {
            by_text.entry(text).or_default().push(title.clone());
        }
    }
    let mut all =
        "Licences and notices of the packages that coder-backstage is compiled from.\n".to_owned();
    for (text, titles) in by_text {
        all += &format!("\n{}\n\n{}\n\n{text}\n", "=".repeat(80), titles.join("\n"));
    }
    if !without.is_empty() {
        let without = without.join("\n");
        all += &format!("\n{}\n\nThese name their licence only:\n\n{without}\n", "=".repeat(80));
    }
    Ok(all)
}

fn title(package: &Package) -> String {
    let licence = package.license.as_deref().unwrap_or("see its licence file");
    format!("{} {} ({licence})", package.name, package.version)
}

/// Reads the licences and notices that a package brings.
fn texts(package: &Package) -> Result<Vec<String>, Failure> {
    let directory =
        package.manifest_path.parent().map_or(Path::new("."), |path| path.as_std_path());
    let mut texts = Vec::new();
    let entries = fs::read_dir(directory).map_err(cannot("read", directory))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_one = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|beginning| name.starts_with(beginning));
        if is_one && path.is_file() {
            let text = fs::read(&path).map_err(cannot("read", &path))?;
            texts.push(String::from_utf8_lossy(&text).trim().replace("\r\n", "\n"));
        }
    }
    texts.sort();
    Ok(texts)
}
