//! Random inputs for everything that reads what strangers write.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{command, root, run};
use crate::tools;

/// Runs the fuzz targets of `fuzz/`, or those named in `only`, each for so many seconds; they start
/// from `fuzz/corpus` and keep what they find on the way in `fuzz/target/found`. Returns whether all
/// of them held.
pub fn fuzz(only: &[String], seconds: u64) -> bool {
    if let Err(failure) = tools::cargo_fuzz() {
        println!("{failure}");
        return false;
    }
    let all = targets();
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        println!("there is no fuzz target `{unknown}`; there are {}", all.join(", "));
        return false;
    }
    let chosen = all.iter().filter(|name| only.is_empty() || only.contains(name));
    let failed: Vec<_> = chosen.filter(|name| !holds(name, seconds)).collect();
    for name in &failed {
        println!("`{name}` has a finding: mend it, and put its input into fuzz/corpus/{name}");
    }
    failed.is_empty()
}

/// Runs one target, from the corpus that is checked in and from what earlier runs have found.
fn holds(name: &str, seconds: u64) -> bool {
    let found = directory().join("target/found").join(name);
    if let Err(error) = fs::create_dir_all(&found) {
        println!("cannot create `{}`: {error}", found.display());
        return false;
    }
    // The target writes into the first of its directories only.
    let line = format!("rustup run nightly cargo fuzz run --fuzz-dir fuzz {name}");
    let limits = format!("-max_total_time={seconds} -timeout=10 -rss_limit_mb=2048");
    let mut target = command(&line);
    target.arg(found).arg(directory().join("corpus").join(name)).arg("--");
    match run(target.args(limits.split(' '))) {
        Ok(()) => true,
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn directory() -> PathBuf {
    root().join("fuzz")
}

/// Returns the names of the files in `fuzz/fuzz_targets`.
fn targets() -> Vec<String> {
    let files = fs::read_dir(directory().join("fuzz_targets")).into_iter().flatten();
    let name = |file: &Path| Some(file.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = files.filter_map(|file| name(&file.ok()?.path())).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_has_a_corpus() {
        let manifest = fs::read_to_string(directory().join("Cargo.toml")).unwrap();
        let names = targets();
        assert!(!names.is_empty());
        assert_eq!(manifest.matches("[[bin]]").count(), names.len());
        for name in names {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
            let corpus = directory().join("corpus").join(&name);
            assert!(fs::read_dir(corpus).unwrap().count() >= 10, "{name}");
        }
    }
}
