//! Which files count as a circle.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::fs;
use std::path::PathBuf;

use xtask::circles::circles;

/// Finds the files of each circle of a crate that is made of these files.
fn found(name: &str, files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("circles").join(name);
    for (file, text) in files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let circles = circles(&folder.join("lib.rs")).unwrap();
    let shown = |file: PathBuf| file.to_str().unwrap().to_owned();
    circles.into_iter().map(|circle| circle.files.into_iter().map(shown).collect()).collect()
}

#[test]
fn files_that_use_each_other_are_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn b() { crate::a::A; }"),
        ("c.rs", "use crate::{a::A, b::B};"),
    ];
    assert_eq!(found("plain", &files), [["a.rs", "b.rs"]]);
}

#[test]
fn a_name_that_is_passed_on_leads_to_the_file_that_defines_it() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        ("a.rs", "use crate::b::One; pub struct A;"),
        (
            "b/mod.rs",
            "mod one; mod two; pub(crate) use one::{One, helper as help}; pub use two::*;",
        ),
        ("b/one.rs", "pub struct One; pub fn helper() { super::two_does() }"),
        ("b/two.rs", "use crate::A; pub fn two_does() {}"),
    ];
    assert_eq!(found("passed_on", &files), [["a.rs", "b/one.rs", "b/two.rs"]]);
}

#[test]
fn a_mod_rs_that_only_declares_is_in_no_circle() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod one; mod two; pub use one::One;"),
        ("a/one.rs", "use super::two::two; pub struct One;"),
        ("a/two.rs", "pub fn two() {}"),
    ];
    assert!(found("facade", &files).is_empty());
}

#[test]
fn a_mod_rs_with_items_of_its_own_is_a_file_as_any_other() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod one; pub const MAX: u8 = 1; fn a() { one::one() }"),
        ("a/one.rs", "use super::MAX; pub fn one() {}"),
    ];
    assert_eq!(found("items", &files), [["a/mod.rs", "a/one.rs"]]);
}

#[test]
fn macros_attributes_and_inline_modules_count_and_tests_do_not() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "pub fn a() { json!({ \"b\": [crate::b::b()] }) }"),
        ("b.rs", "#[serde(with = \"crate::a::a\")] pub struct S; pub fn b() {}"),
        ("c.rs", "mod inner { use super::super::d::d; } pub fn c() {}"),
        ("d.rs", "pub fn d() {} #[cfg(test)] mod tests { use crate::c::c; use super::*; }"),
    ];
    assert_eq!(found("macros", &files), [["a.rs", "b.rs"]]);
}
