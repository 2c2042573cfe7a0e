//! An error is shown with its causes.

use xtask::error_style::check_sources;

#[test]
fn an_error_is_shown_with_its_causes_or_on_purpose_without_them() {
    let found = check_sources().expect("the sources can be read");
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(
        found.is_empty(),
        "show these errors by `coder_core::with_causes`, or by `without_causes` where the reader \
         must not see the causes:\n{}",
        lines.join("\n")
    );
}
