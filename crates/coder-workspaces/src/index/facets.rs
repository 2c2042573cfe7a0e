//! How many workspaces there are of each kind.

use std::collections::BTreeMap;

use serde::Serialize;

use super::IndexedWorkspace;

/// The numbers of workspaces by their owner, template, organization and status.
///
/// A value that no workspace has is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Facets {
    /// The number for each username.
    pub owners: BTreeMap<String, usize>,
    /// The number for each name of a template.
    pub templates: BTreeMap<String, usize>,
    /// The number for each name of an organization.
    pub organizations: BTreeMap<String, usize>,
    /// The number for each status of a latest build.
    pub statuses: BTreeMap<String, usize>,
}

impl Facets {
    pub(super) fn add(&mut self, workspace: &IndexedWorkspace) {
        for (counts, value) in self.of(workspace) {
            match counts.get_mut(value) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(value.to_owned(), 1);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, workspace: &IndexedWorkspace) {
        for (counts, value) in self.of(workspace) {
            if let Some(count) = counts.get_mut(value) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(value);
                }
            }
        }
    }

    fn of<'a>(
        &mut self,
        workspace: &'a IndexedWorkspace,
    ) -> [(&mut BTreeMap<String, usize>, &'a str); 4] {
        [
            (&mut self.owners, &workspace.owner_name),
            (&mut self.templates, &workspace.template_name),
            (&mut self.organizations, &workspace.organization_name),
            (&mut self.statuses, workspace.status.as_str()),
        ]
    }
}
