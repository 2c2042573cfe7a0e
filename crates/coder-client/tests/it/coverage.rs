//! The table of what is covered says the truth.

use std::collections::BTreeSet;

use crate::requests::every_operation;

#[test]
fn the_coverage_table_names_every_operation_with_its_route() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/coder-api-coverage.md");
    let table = std::fs::read_to_string(path).unwrap();
    let mut unnamed: BTreeSet<&str> =
        every_operation().iter().map(|written| written.name).collect();
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains("| `/")) {
        let [method, path, operation, reason] = cells(row);
        rows += 1;
        assert_ne!(operation.is_empty(), reason.is_empty(), "one of the two: {row}");
        if operation.is_empty() {
            continue;
        }
        let sent = every_operation().into_iter().any(|written| {
            let line = written.request.lines().next().unwrap().to_owned();
            let (sent_method, sent_path) = line.split_once(' ').unwrap();
            written.name == operation && sent_method == method && fits(sent_path, path)
        });
        assert!(sent, "{operation} does not send {method} {path}");
        unnamed.remove(operation);
    }
    assert_eq!(rows, 143);
    assert!(unnamed.is_empty(), "not in the table: {unnamed:?}");
}

fn cells(row: &str) -> [&str; 4] {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [method, path, operation, reason] = cells.try_into().unwrap();
    [method, path.trim_matches('`'), operation.trim_matches('`'), reason]
}

/// Whether a path that was sent is of this route.
fn fits(sent: &str, route: &str) -> bool {
    let sent = sent.split('?').next().unwrap();
    let (sent, route): (Vec<&str>, Vec<&str>) =
        (sent.split('/').collect(), route.split('/').collect());
    sent.len() == route.len()
        && sent.iter().zip(&route).all(|(sent, route)| route.starts_with('{') || sent == route)
}
