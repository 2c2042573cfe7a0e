//! The annotations that say where an entity lives.

/// The annotation that names the source code of an entity.
pub const SOURCE_LOCATION: &str = "backstage.io/source-location";
/// The annotation that names the file an entity was read from.
pub const MANAGED_BY_LOCATION: &str = "backstage.io/managed-by-location";
