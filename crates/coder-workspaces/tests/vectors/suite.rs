//! Runs a set of recordings against this crate, and says what it does instead where it deviates.

use coder_testkit::recordings::{Json, Vectors};

pub(crate) use coder_testkit::recordings::Outcome;

/// Runs every case of the set through `run`.
pub(crate) fn hold(set: &str, run: impl Fn(&Json) -> Outcome) {
    hold_without(set, &[], run);
}

/// Holds a set of recordings, where fields of these names do not count.
pub(crate) fn hold_without(set: &str, ignored: &[&str], run: impl Fn(&Json) -> Outcome) {
    let vectors = Vectors::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors"));
    if let Some(instead) = vectors.ignored_fields(ignored).hold(set, run) {
        insta::assert_snapshot!(format!("{set}_deviations"), instead);
    }
}
