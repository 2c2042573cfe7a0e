//! `coder.deployment` and `coder.workspaces`: what holds for all workspaces.

use coder_core::DeploymentUrl;
use indexmap::IndexMap;

use super::auth::AuthConfig;
use super::reader::{Reader, Section, Value, each_once};
use crate::{CreationMode, Notice, TemplateRef, WorkspacesConfig, WorkspacesPlaces};

impl<'a> Reader<'a> {
    /// Warns about `coder.oauth`, which the former backend plugin read. Nothing of it is used.
    pub(super) fn former_oauth(&mut self, coder: &Section<'a>) {
        self.without_effect(coder, "oauth");
        if let Some(value) = self.value(coder, "oauth") {
            let message = format!(
                "`{0}` is of the former backend plugin and ignored; move `{0}.clientId` and \
                 `{0}.clientSecret` to `auth.providers.coder.<environment>`, as docs/migrating.md shows",
                value.path
            );
            let notice = Notice::new(value.path, message);
            self.notices.push(notice.at(value.node.provenance().clone()));
        }
    }

    /// Links lead to `coder.deployment.accessUrl`, else to the environment's deployment.
    pub(super) fn workspaces(
        &mut self,
        coder: &Section<'a>,
        auth: Option<&AuthConfig>,
    ) -> Option<WorkspacesConfig> {
        let deployment = self.section(coder, "deployment");
        self.only(&deployment, &["accessUrl"]);
        let written = self.value(&deployment, "accessUrl").is_some();
        let access_url = self.parsed(&deployment, "accessUrl", DeploymentUrl::parse);
        let fallback = || {
            let environment = auth?.environments.get(&auth?.environment)?;
            Some(environment.as_ref().ok()?.deployment_url.clone())
        };
        if access_url.is_none() && !written && auth.is_none() {
            // What is wrong with `auth` is told already.
            self.workspaces_section(coder, None);
            return None;
        }
        let access_url = access_url.or_else(fallback);
        if access_url.is_none() && self.errors.is_empty() {
            let error = self.missing(&deployment, "accessUrl");
            self.errors.push(error);
        }
        self.workspaces_section(coder, access_url)
    }

    /// Reads the section `coder.workspaces`.
    pub(super) fn workspaces_section(
        &mut self,
        coder: &Section<'a>,
        access_url: Option<DeploymentUrl>,
    ) -> Option<WorkspacesConfig> {
        let section = self.section(coder, "workspaces");
        self.only(&section, &["defaultTemplateName", "defaultMode", "repoUrlParamKeys", "params"]);
        let default_template = self.parsed(&section, "defaultTemplateName", TemplateRef::parse);
        let default_mode = self.parsed(&section, "defaultMode", |text| {
            text.parse::<CreationMode>().map_err(|_| "it must be `manual` or `auto`")
        });
        let keys = self.texts(&section, "repoUrlParamKeys");
        if keys.iter().any(|key| key.is_empty()) {
            let path = section.path_of("repoUrlParamKeys");
            let message = format!("`{path}` holds an empty name, which is ignored");
            let value = self.value(&section, "repoUrlParamKeys");
            let at = value.map(|value| value.node.provenance().clone());
            let notice = Notice::new(path, message);
            self.notices.push(match at {
                Some(at) => notice.at(at),
                None => notice,
            });
        }
        let place = |value: Option<Value<'_>>| value.map(|it| it.node.provenance().clone());
        let mut places = WorkspacesPlaces {
            default_template: place(self.value(&section, "defaultTemplateName")),
            repo_url_param_keys: place(self.value(&section, "repoUrlParamKeys")),
            params: IndexMap::new(),
        };
        let params = self.params(&section, &mut places);
        Some(WorkspacesConfig {
            access_url: access_url?,
            default_template,
            default_mode: default_mode.unwrap_or_default(),
            repo_url_param_keys: each_once(keys.into_iter().filter(|key| !key.is_empty())),
            params,
            places,
        })
    }

    fn params(
        &mut self,
        section: &Section<'a>,
        places: &mut WorkspacesPlaces,
    ) -> IndexMap<String, String> {
        let Some(value) = self.value(section, "params") else { return IndexMap::new() };
        let Some(members) = value.node.members() else {
            self.wrong(&value, "a mapping from parameter to value");
            return IndexMap::new();
        };
        let mut params = IndexMap::new();
        for (name, node) in members.filter(|(_, node)| !node.is_null()) {
            let member = Value { path: format!("{}.{name}", value.path), node };
            if let Some(text) = self.text_of(&member) {
                params.insert(name.to_owned(), text.to_owned());
                places.params.insert(name.to_owned(), node.provenance().clone());
            }
        }
        params
    }
}
