//! The texts that the fuzz targets start from hold what the targets hold.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::path::Path;

#[expect(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "../../../fuzz/src/coder_auth.rs"]
mod checks;

/// Runs a target's check on each file of its corpus.
fn replay(target: &str, check: fn(&str)) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap()).collect();
    assert!(files.len() >= 10, "the corpus of `{target}` has {} files", files.len());
    for file in files {
        eprintln!("{}", file.path().display());
        check(&std::fs::read_to_string(file.path()).unwrap());
    }
}

#[test]
fn only_the_browsers_own_login_signs_in() {
    replay("callback_query", checks::callback_query);
}

#[test]
fn only_a_real_attempt_and_a_real_session_open_anything() {
    replay("cookies", checks::cookies);
}
