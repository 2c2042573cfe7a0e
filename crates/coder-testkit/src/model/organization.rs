//! Organizations.

use jiff::Timestamp;
use uuid::Uuid;

/// An organization. Everybody is a member of every one until somebody removes them.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

impl Organization {
    pub(crate) fn display_name(&self) -> String {
        let mut letters = self.name.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}
