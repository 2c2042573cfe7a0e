//! The deployment's organizations.

use uuid::Uuid;

/// The default organization, `coder`.
pub(crate) const DEFAULT_ID: Uuid = Uuid::from_u128(0x11b9_eb6a_187a_4cb8_a370_f909_fed6_e989);
