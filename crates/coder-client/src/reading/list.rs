//! Lists that report their unreadable items.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

use super::Unreadable;
use super::source::{Broken, Items, Target};

/// The number of unreadable items that a list describes. Further ones are only counted.
const MAX_DESCRIBED: usize = 100;

/// A list in an answer of Coder, which reports the items that cannot be read.
///
/// An unreadable item is not in the list and does not spoil the other items:
/// [`unreadable`](Self::unreadable) tells where it is and why. Apart from that the list is a `Vec`.
///
/// ```
/// let apps: coder_client::models::WorkspaceAgent = serde_json::from_str(
///     r#"{"id": "5c91f94f-facd-4d54-b1a0-35901278f339", "name": "main",
///         "subsystems": ["envbox", ["exectrace"]]}"#,
/// )?;
/// assert_eq!(apps.subsystems.len(), 1);
/// assert_eq!(apps.subsystems.unreadable()[0].to_string(), "`[1]`: a list instead of a text");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct List<T> {
    items: Vec<T>,
    /// The reports, boxed because they are rare.
    unreadable: Option<Box<Reports>>,
}

/// The reports about the unreadable items of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reports {
    described: Vec<Unreadable>,
    count: usize,
}

impl<T> List<T> {
    /// Returns the items that could not be read, each with its path in this list and the reason; at
    /// most the first hundred.
    ///
    /// A value that is not a list is reported as one item, at the path `.`.
    pub fn unreadable(&self) -> &[Unreadable] {
        self.unreadable.as_deref().map_or(&[], |reports| &reports.described)
    }

    /// Returns the number of items that Coder sent, including those that could not be read.
    pub fn received(&self) -> usize {
        self.items.len() + self.unreadable.as_deref().map_or(0, |reports| reports.count)
    }

    pub(super) fn with_reports(items: Vec<T>, unreadable: Option<Box<Reports>>) -> Self {
        Self { items, unreadable }
    }
}

/// Puts all items into a place, one after the other, and returns the reports about the others.
pub(super) fn read_all(
    items: &mut dyn Items,
    target: &mut dyn Target,
) -> Result<Option<Box<Reports>>, Broken> {
    let mut reports = None;
    let mut index = 0_usize;
    while let Some(outcome) = items.next(target)? {
        if let Err(fault) = outcome {
            report(&mut reports, *fault.within(&format!("[{index}]")));
        }
        index += 1;
    }
    Ok(reports)
}

/// Adds a report about an item that cannot be read.
pub(super) fn report(reports: &mut Option<Box<Reports>>, unreadable: Unreadable) {
    let reports = reports.get_or_insert_default();
    reports.count += 1;
    if reports.described.len() < MAX_DESCRIBED {
        reports.described.push(unreadable);
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.items).entries(self.unreadable()).finish()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unreadable: None }
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.items
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, unreadable: None }
    }
}

impl<T> From<List<T>> for Vec<T> {
    fn from(list: List<T>) -> Self {
        list.items
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: PartialEq<U>, U, const N: usize> PartialEq<[U; N]> for List<T> {
    fn eq(&self, other: &[U; N]) -> bool {
        self.items == *other
    }
}

impl<T: PartialEq<U>, U> PartialEq<Vec<U>> for List<T> {
    fn eq(&self, other: &Vec<U>) -> bool {
        self.items == *other
    }
}

/// Writes the items that could be read.
impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}
