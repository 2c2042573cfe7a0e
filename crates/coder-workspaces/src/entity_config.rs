//! Configuration of an entity's workspaces: the app's defaults, the entity's own, its repository.

use coder_config::{CoderSpec, CreationMode, Repository, TemplateRef, WorkspacesConfig};
use coder_core::DeploymentUrl;
use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use url::Url;

use crate::CreationLink;

/// Configuration of one entity's workspaces, resolved from app and entity.
///
/// Its JSON form is that of `compileCoderConfig` in the front end of Coder's Backstage plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EntityWorkspacesConfig {
    /// Mode of a creation link.
    pub mode: CreationMode,
    /// URL of Coder's form for a new workspace; `None` without a template.
    pub creation_url: Option<Url>,
    /// The template to create from.
    #[serde(rename = "templateName")]
    pub template: Option<TemplateRef>,
    /// Repository of the entity.
    #[serde(rename = "repoUrl", serialize_with = "clone_url")]
    pub repository: Option<Repository>,
    /// Whether the entity has a `spec.coder` of its own.
    pub is_reading_entity_data: bool,
    /// The parameters that hold the repository's URL, each once and none empty.
    pub repo_url_param_keys: Vec<String>,
    /// The template's parameters: first the app's, then the entity's, then the repository's, each
    /// where it was first named.
    pub params: IndexMap<String, String>,
    /// Base URL of links into Coder's dashboard.
    pub access_url: DeploymentUrl,
    /// Values of the entity that were ignored, one line each, with the place and the reason.
    pub notices: Vec<String>,
}

impl EntityWorkspacesConfig {
    /// Merges the app's configuration (`config`), the entity's own (`spec`) and its repository.
    ///
    /// The entity's template, mode and parameters win over the app's; the repository's URL wins
    /// over both in the parameters that hold it.
    pub fn resolve(
        config: &WorkspacesConfig,
        spec: Option<&CoderSpec>,
        repository: Option<&Repository>,
    ) -> Self {
        let mut params = config.params.clone();
        let mut repo_url_param_keys: Vec<String> = Vec::new();
        for key in config.repo_url_param_keys.iter().filter(|key| !key.is_empty()) {
            if !repo_url_param_keys.contains(key) {
                repo_url_param_keys.push(key.clone());
            }
        }
        if let Some(spec) = spec {
            params.extend(spec.params.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        if let Some(repository) = repository {
            let clone_url = || repository.clone_url().to_owned();
            params.extend(repo_url_param_keys.iter().map(|key| (key.clone(), clone_url())));
        }
        let template = spec.and_then(|spec| spec.template.clone());
        let mut resolved = Self {
            mode: spec.and_then(|spec| spec.mode).unwrap_or(config.default_mode),
            creation_url: None,
            template: template.or_else(|| config.default_template.clone()),
            repository: repository.cloned(),
            is_reading_entity_data: spec.is_some(),
            repo_url_param_keys,
            params,
            access_url: config.access_url.clone(),
            notices: spec.map(notices).unwrap_or_default(),
        };
        resolved.creation_url = resolved.creation_link().map(|link| link.url());
        resolved
    }

    /// Returns the creation link, to add more than [`creation_url`](Self::creation_url) has; `None`
    /// without a template.
    pub fn creation_link(&self) -> Option<CreationLink> {
        let template = self.template.as_ref()?;
        Some(CreationLink::new(&self.access_url, template, self.mode, &self.params))
    }

    /// Returns `true` when a workspace with this value of this parameter belongs to the entity: the
    /// parameter is one that holds a repository, without regard to letter case as at Coder, and the
    /// value names the entity's repository.
    pub fn is_named_by(&self, parameter: &str, value: &str) -> bool {
        self.repo_url_param_keys.iter().any(|key| is_same_name(key, parameter))
            && self.repository.as_ref().is_some_and(|repository| repository.matches(value))
    }

    /// Checks whether Coder has anything to offer for the entity, so that a portal shows it:
    /// workspaces that can be found by its repository, or a template that the entity names.
    ///
    /// # Errors
    ///
    /// [`Incompatible`] when not; its text says what the entity's owner or the portal's
    /// administrator can do.
    pub fn compatibility(&self) -> Result<(), Incompatible> {
        let repository = self.repository.is_some();
        let can_be_searched = repository && !self.repo_url_param_keys.is_empty();
        match (self.is_reading_entity_data, &self.template) {
            _ if can_be_searched => Ok(()),
            (true, Some(_)) => Ok(()),
            (true, None) => Err(Incompatible::NoTemplate),
            (false, _) if repository => Err(Incompatible::NoParamKeys),
            (false, _) => Err(Incompatible::NoRepository),
        }
    }
}

/// The reason why Coder has nothing to offer for an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Incompatible {
    /// The entity has no repository, and says nothing about workspaces itself.
    /// [`Entity::repository`](coder_config::Entity::repository) tells why there is none.
    #[error(
        "the entity has neither a repository nor a `spec.coder`; add the annotation `backstage.io/source-location`, or `spec.coder`"
    )]
    NoRepository,
    /// The entity has a repository, but nobody said which parameters of templates hold one.
    #[error(
        "no template parameter is named that holds a repository; set `coder.workspaces.repoUrlParamKeys`, or `spec.coder` of the entity"
    )]
    NoParamKeys,
    /// The entity says something about workspaces, but there is neither a template nor anything to
    /// search for.
    #[error(
        "no template is named; set `spec.coder.templateName` or `coder.workspaces.defaultTemplateName`"
    )]
    NoTemplate,
}

fn notices(spec: &CoderSpec) -> Vec<String> {
    spec.notices.iter().map(ToString::to_string).collect()
}

fn clone_url<S: Serializer>(
    repository: &Option<Repository>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    repository.as_ref().map(Repository::clone_url).serialize(serializer)
}

/// Returns `true` when two names of parameters differ in letter case at most, which Coder ignores.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use coder_config::ScmIntegrations;

    use super::*;

    fn app() -> WorkspacesConfig {
        let mut config = WorkspacesConfig::new("https://dev.coder.com".parse().unwrap());
        config.default_template = Some("devcontainers".parse().unwrap());
        config.repo_url_param_keys =
            vec!["custom_repo".to_owned(), String::new(), "repo".to_owned()];
        config.params = [("repo", "custom"), ("region", "eu-helsinki")].map(owned).into();
        config
    }

    fn owned((key, value): (&str, &str)) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn each_parameter_stands_where_it_was_first_named() {
        let mut spec = CoderSpec::default();
        spec.params = [("zone", "b"), ("region", "brazil")].map(owned).into();
        let url = "https://github.com/zombo/com/tree/main/";
        let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
        let config = EntityWorkspacesConfig::resolve(&app(), Some(&spec), Some(&repository));
        insta::assert_json_snapshot!(config, @r#"
        {
          "mode": "manual",
          "creationUrl": "https://dev.coder.com/templates/devcontainers/workspace?mode=manual&param.repo=https%3A%2F%2Fgithub.com%2Fzombo%2Fcom&param.region=brazil&param.zone=b&param.custom_repo=https%3A%2F%2Fgithub.com%2Fzombo%2Fcom",
          "templateName": "devcontainers",
          "repoUrl": "https://github.com/zombo/com",
          "isReadingEntityData": true,
          "repoUrlParamKeys": [
            "custom_repo",
            "repo"
          ],
          "params": {
            "repo": "https://github.com/zombo/com",
            "region": "brazil",
            "zone": "b",
            "custom_repo": "https://github.com/zombo/com"
          },
          "accessUrl": "https://dev.coder.com",
          "notices": []
        }
        "#);
    }

    #[test]
    fn without_entity_and_repository_the_apps_defaults_hold() {
        let config = EntityWorkspacesConfig::resolve(&app(), None, None);
        assert_eq!(config.compatibility(), Err(Incompatible::NoRepository));
        assert_eq!(config.params, app().params);
    }

    #[test]
    fn an_entity_that_coder_can_do_nothing_for_says_why() {
        let repository = "https://github.com/zombo/com";
        let repository = Repository::from_url(repository, &ScmIntegrations::default()).unwrap();
        let bare = WorkspacesConfig::new("https://dev.coder.com".parse().unwrap());
        let mut keys = bare.clone();
        keys.repo_url_param_keys = vec!["repo".to_owned()];
        let mut template = bare;
        template.default_template = Some("devcontainers".parse().unwrap());
        let own = CoderSpec::default();
        for (config, spec, repository, expected) in [
            (&app(), None, Some(&repository), Ok(())),
            (&keys, None, Some(&repository), Ok(())),
            (&keys, Some(&own), Some(&repository), Ok(())),
            (&template, Some(&own), None, Ok(())),
            (&app(), None, None, Err(Incompatible::NoRepository)),
            (&template, None, Some(&repository), Err(Incompatible::NoParamKeys)),
            (&keys, Some(&own), None, Err(Incompatible::NoTemplate)),
        ] {
            assert_eq!(
                EntityWorkspacesConfig::resolve(config, spec, repository).compatibility(),
                expected,
                "{spec:?}"
            );
        }
    }

    #[test]
    fn without_a_template_nothing_can_be_created() {
        let config = WorkspacesConfig::new("https://dev.coder.com".parse().unwrap());
        assert_eq!(EntityWorkspacesConfig::resolve(&config, None, None).creation_url, None);
    }
}
