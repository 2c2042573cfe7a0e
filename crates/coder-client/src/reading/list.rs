//! Lists that tell what in them could not be read.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

use super::Unreadable;

/// How many items that cannot be read a list describes; of more it tells the number.
const DESCRIBED: usize = 100;

/// A list of Coder's answer.
///
/// An item that cannot be read is not in it, and does not spoil the others:
/// [`unreadable`](Self::unreadable) tells where it is and why. Apart from that it is a `Vec`.
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
    /// Rare, and so not part of the size of every list.
    unreadable: Option<Box<Reports>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reports {
    described: Vec<Unreadable>,
    count: usize,
}

impl<T> List<T> {
    /// Tells the items that could not be read, each with its place in this list and the reason; of
    /// very many the first hundred. Where something else than a list came, this is the one item, at
    /// the place `.`.
    pub fn unreadable(&self) -> &[Unreadable] {
        self.unreadable.as_deref().map_or(&[], |reports| &reports.described)
    }

    /// Counts the items that Coder gave, whether they could be read or not.
    pub fn given(&self) -> usize {
        self.items.len() + self.unreadable.as_deref().map_or(0, |reports| reports.count)
    }

    pub(crate) fn report(&mut self, unreadable: Unreadable) {
        let reports = self.unreadable.get_or_insert_default();
        reports.count += 1;
        if reports.described.len() < DESCRIBED {
            reports.described.push(unreadable);
        }
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

/// As a list of the items that could be read.
impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}
