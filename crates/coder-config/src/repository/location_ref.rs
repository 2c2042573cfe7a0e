//! `type:target`, as annotations name places.

use crate::javascript::trim;

/// A location reference, `url:https://…` or `file:./x`.
pub(super) struct LocationRef<'a> {
    pub(super) kind: &'a str,
    pub(super) target: &'a str,
}

impl<'a> LocationRef<'a> {
    /// Reads a reference. A bare `https://…` is refused: its type was forgotten.
    pub(super) fn parse(text: &'a str) -> Result<Self, ()> {
        let (kind, target) = text.split_once(':').ok_or(())?;
        let (kind, target) = (trim(kind), trim(target));
        if kind.is_empty() || target.is_empty() || matches!(kind, "http" | "https") {
            return Err(());
        }
        Ok(Self { kind, target })
    }
}
