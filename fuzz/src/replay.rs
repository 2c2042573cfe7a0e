//! The tests of a crate run a target's check on each text of its corpus.

use std::path::Path;

/// Runs `check` on each file of the corpus of `target`.
pub(crate) fn replay(target: &str, check: fn(&str)) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 10, "the corpus of `{target}` has {} files", files.len());
    for file in files {
        eprintln!("{}", file.path().display());
        check(&std::fs::read_to_string(file.path()).unwrap());
    }
}
