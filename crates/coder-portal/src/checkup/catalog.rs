//! The catalog: whether it answers, and who is in it.

use backstage_catalog::{CatalogError, EntityFilter};
use coder_core::with_causes;
use futures_util::future::try_join3;

use super::{Checkup, Finding, Question, Verdict};

impl Checkup<'_> {
    /// Counts people, groups and components.
    pub(super) async fn people(&self) -> Vec<Finding> {
        let kinds = ["User", "Group", "Component"].map(EntityFilter::kind);
        let catalog = &self.portal.state().catalog;
        let [users, groups, components] = kinds.each_ref().map(|kind| catalog.entities(kind));
        let place = self.config.remote_catalog.as_ref().map(|remote| remote.provenance.clone());
        let (users, groups, components) = match try_join3(users, groups, components).await {
            Ok((users, groups, components)) => (users.len(), groups.len(), components.len()),
            Err(error) => {
                let text = with_causes(&error);
                let finding = Finding::new(Question::Catalog, Verdict::Wrong, text).place(place);
                return vec![finding.remedy(remedy(&error))];
            }
        };
        let text = format!("{users} users, {groups} groups, {components} components");
        let mut findings = vec![Finding::new(Question::Catalog, Verdict::Good, text)];
        if users == 0 {
            findings.extend(self.environments().filter(|(_, it)| it.needs_users()).map(
                |(name, environment)| {
                    let error = environment.invalid_resolvers(
                        "find people by their User entities, and the catalog has none: nobody can \
                         sign in",
                    );
                    Finding::from_error(Question::Catalog, &error).environment(name).remedy(
                        "let `coder.catalog` name the Backstage that knows the people, or add \
                         their files to `catalog.locations`",
                    )
                },
            ));
        }
        findings
    }
}

fn remedy(error: &CatalogError) -> &'static str {
    match error {
        CatalogError::Unavailable { .. } => {
            "see that this machine reaches the Backstage of `coder.catalog`, and can read the files"
        }
        CatalogError::Refused { .. } => {
            "compare `coder.catalog.token` with `backend.auth.externalAccess` of that Backstage"
        }
        CatalogError::Unusable { .. } => {
            "let `coder.catalog.baseUrl` be the `backend.baseUrl` of that Backstage, past any login \
             page"
        }
    }
}
