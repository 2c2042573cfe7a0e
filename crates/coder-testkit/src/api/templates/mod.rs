//! Templates: what workspaces are made from.

mod dry_run;
mod dynamic;
mod json;
mod parameters;
mod push;
mod routes;
mod search;
mod validation;
mod versions;

use uuid::Uuid;

pub(crate) use dry_run::{
    cancel_dry_run, create_dry_run, dry_run, dry_run_logs, dry_run_resources,
};
pub(crate) use parameters::{Resolved, Values, Wanted};
pub(crate) use push::{
    archive, archive_versions, cancel, create, create_version, download, patch_version, promote,
    unarchive, upload,
};
pub(crate) use routes::{
    delete, get, get_by_name, list, list_of_organization, parse_id, patch, previous_version,
    version_by_name, version_by_names, versions,
};
pub(crate) use versions::{
    dynamic_parameters, external_auth, logs, nothing, presets, resources, rich_parameters, version,
};

use crate::model::{Template, TemplateVersion};
use crate::store::Deployment;

impl Deployment<'_> {
    /// Returns the template of that name in the default organization, and creates it when there is
    /// none.
    pub(crate) fn template_in_default(&mut self, name: &str) -> Uuid {
        let organization = self.organization_named("default");
        if let Some(known) = self.state.template_named(organization, name) {
            return known.id;
        }
        let version = TemplateVersion {
            takes_anything: true,
            ..TemplateVersion::new(self.mint().uuid(), "first", self.now)
        };
        let id = self.mint().uuid();
        let template = Template::bare(id, organization, name, self.now, version);
        self.state.templates.push(template);
        id
    }
}
