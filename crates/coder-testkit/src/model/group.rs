//! Groups, and who may use a template.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// A group of an organization's members. The group of everybody is not stored: it has the id of
/// the organization.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) avatar_url: String,
    pub(crate) quota_allowance: i64,
    pub(crate) members: BTreeSet<Uuid>,
}

/// The roles that users and groups have for a template.
#[derive(Clone, Debug, Default)]
pub(crate) struct TemplateRoles {
    pub(crate) users: BTreeMap<Uuid, String>,
    pub(crate) groups: BTreeMap<Uuid, String>,
}
