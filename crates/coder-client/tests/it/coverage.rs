//! The table of what is covered says the truth.

use std::collections::BTreeSet;

use crate::requests::{Written, every_operation, every_subscription};

#[test]
fn the_coverage_table_names_every_operation_with_its_route() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/coder-api-coverage.md");
    let table = std::fs::read_to_string(path).unwrap();
    let all: Vec<Written> = every_operation().into_iter().chain(every_subscription()).collect();
    let mut unnamed: BTreeSet<&str> = all.iter().map(|written| written.name).collect();
    let rows = table.lines().skip_while(|line| !line.starts_with("| method | path |")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let [method, path, operations, reason] = cells(row);
        assert_ne!(operations.is_empty(), reason.is_empty(), "one of the two: {row}");
        for operation in operations.split(", ").filter(|name| !name.is_empty()) {
            let operation = operation.trim_matches('`');
            let sent = all.iter().any(|written| {
                let line = written.request.lines().next().unwrap();
                let (sent_method, sent_path) = line.split_once(' ').unwrap();
                written.name == operation && sent_method == method && fits(sent_path, path)
            });
            assert!(sent, "{operation} does not send {method} {path}");
            unnamed.remove(operation);
        }
    }
    assert!(unnamed.is_empty(), "not in the table: {unnamed:?}");
}

fn cells(row: &str) -> [&str; 4] {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [method, path, operations, reason] = cells.try_into().unwrap();
    [method, path.trim_matches('`'), operations, reason]
}

/// Tells whether a path that was sent is of this route.
fn fits(sent: &str, route: &str) -> bool {
    let sent = sent.split('?').next().unwrap();
    let (sent, route): (Vec<&str>, Vec<&str>) =
        (sent.split('/').collect(), route.split('/').collect());
    sent.len() == route.len()
        && sent.iter().zip(&route).all(|(sent, route)| route.starts_with('{') || sent == route)
}
