//! Which paths of the configuration were read: a value that is missing elsewhere concerns others.

use std::cell::RefCell;
use std::collections::HashMap;

/// Paths that were read, each with what was read of it.
#[derive(Default)]
pub(super) struct Trail(RefCell<HashMap<String, Read>>);

/// The part of a path that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    /// A mapping of which others may read keys as well.
    Shared,
    /// A value, with all that is in it.
    Whole,
    /// A mapping, to its last key.
    Closed,
    /// A value that has no effect in this program.
    Carried,
}

impl Trail {
    pub(super) fn value(&self, path: String) {
        self.0.borrow_mut().entry(path).or_insert(Read::Whole);
    }

    /// Notes a mapping. It may have been looked at as a value before.
    pub(super) fn section(&self, path: &str) {
        let mut paths = self.0.borrow_mut();
        let read = paths.entry(path.to_owned()).or_insert(Read::Shared);
        if *read == Read::Whole {
            *read = Read::Shared;
        }
    }

    pub(super) fn closed(&self, path: &str) {
        self.0.borrow_mut().insert(path.to_owned(), Read::Closed);
    }

    pub(super) fn carried(&self, path: String) {
        self.0.borrow_mut().insert(path, Read::Carried);
    }

    /// Tells whether the value at a path has an effect in this program, or would have one if it was
    /// there.
    pub(super) fn holds(&self, path: &str) -> bool {
        let paths = self.0.borrow();
        let ends = path.rmatch_indices(['.', '[']).filter_map(|(end, _)| path.get(..end));
        let mut nearest_first = ends.filter_map(|before| paths.get(before));
        let read = match paths.get(path) {
            Some(Read::Carried) => false,
            Some(Read::Shared | Read::Whole | Read::Closed) => true,
            None => matches!(nearest_first.clone().next(), Some(Read::Whole | Read::Closed)),
        };
        read && nearest_first.all(|read| *read != Read::Carried)
    }
}
