//! What the documentation says of Coder's API is so.
#![cfg(test)]

#[test]
fn the_coverage_table_has_every_operation_of_coders_description() {
    if let Err(fault) = xtask::coverage_table::check() {
        panic!("{fault}");
    }
}
