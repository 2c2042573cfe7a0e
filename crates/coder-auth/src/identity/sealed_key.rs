//! The purpose that a private key is sealed for.

use crate::seal::AssociatedData;

/// Returns the purpose that the private key of this id is sealed for.
pub(crate) fn sealed_as(id: &str) -> AssociatedData {
    AssociatedData::new(&["signing key", id])
}
