//! The programs that a user of the libraries writes stay as short as they were wished for, and say
//! what they need as a user does.

use std::fs;
use std::path::Path;

/// The file of each program, and the number of lines that it stays below.
const SHORTER_THAN: [(&str, usize); 5] = [
    ("cli/src/main.rs", 159),
    ("service/src/main.rs", 126),
    ("unit-tests/src/lib.rs", 112),
    ("association/src/main.rs", 111),
    ("linter/src/main.rs", 57),
];

fn programs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/programs"))
}

#[test]
fn the_programs_of_a_user_stay_short() {
    for (file, limit) in SHORTER_THAN {
        let lines = fs::read_to_string(programs().join(file)).unwrap().lines().count();
        assert!(lines < limit, "{file} has {lines} lines, and stays below {limit}");
    }
}

/// Checks that a program needs at most one feature of a crate, one that the crate's documentation
/// names.
#[test]
fn no_program_needs_more_than_one_feature_of_a_crate() {
    for entry in fs::read_dir(programs()).unwrap() {
        let Ok(manifest) = fs::read_to_string(entry.unwrap().path().join("Cargo.toml")) else {
            continue;
        };
        let ours = manifest.lines().filter(|line| line.contains("path = \"../../../crates/"));
        for line in ours {
            let features = line.split_once("features = [").map_or("", |(_, features)| features);
            assert!(!features.contains(','), "{line}");
        }
    }
}
