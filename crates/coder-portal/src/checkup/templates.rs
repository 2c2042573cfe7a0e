//! Templates and parameters: whether Coder has those that configuration and entities name.

use std::collections::{BTreeMap, BTreeSet};

use backstage_catalog::EntityFilter;
use coder_client::models::Template;
use coder_client::operations::{ListTemplateVersionParameters, ListTemplates};
use coder_client::{Client, ClientError, Credential, TemplateFilter};
use coder_config::{EntityRef, TemplateRef};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Checkup, Finding, Question, Verdict, told};

/// The number of templates whose parameters are asked for.
const MOST: usize = 100;
/// The number of requests under way.
const AT_ONCE: usize = 4;

/// Names of parameters by template: organization and name.
type Parameters = BTreeMap<(String, String), BTreeSet<String>>;

impl Checkup<'_> {
    pub(super) async fn templates(&self) -> Vec<Finding> {
        let unchecked = |text: &str| Finding::new(Question::Templates, Verdict::Unchecked, text);
        let own = self.config.auth.environments.get(self.config.auth.environment.as_str());
        let Some(Ok(environment)) = own else { return Vec::new() };
        let Some(token) = &self.token else {
            let text = "templates and parameters were not asked for, since there is no token";
            let remedy = "set `CODER_SESSION_TOKEN` to a token of somebody who may use them";
            return vec![unchecked(text).remedy(remedy)];
        };
        let credential = Credential::SessionToken(token.clone());
        let client = self.client(environment).with_credential(credential);
        let (templates, parameters) = match known(&client).await {
            Ok(known) => known,
            Err(error) => {
                let text = format!("Coder does not list its templates: {}", told(&error));
                let remedy =
                    "`CODER_SESSION_TOKEN` needs the rights of a person who makes workspaces";
                return vec![unchecked(&text).remedy(remedy)];
            }
        };
        let named = self.named_by_entities().await;
        let mut findings = self.missing_templates(&templates, &named);
        findings.extend(self.missing_parameters(&parameters));
        if findings.is_empty() {
            let workspaces = &self.config.workspaces;
            let is_any_named = !named.is_empty()
                || workspaces.default_template.is_some()
                || workspaces.repo_url_param_keys.iter().any(|key| !key.is_empty());
            let count = templates.len();
            let text = if is_any_named {
                format!("Coder has what is named, and {count} templates in all")
            } else {
                format!(
                    "neither the configuration nor an entity names a template or a parameter; \
                     Coder has {count} templates"
                )
            };
            findings.push(Finding::new(Question::Templates, Verdict::Good, text));
        }
        findings
    }

    /// Lists the entities that name a template.
    async fn named_by_entities(&self) -> Vec<(EntityRef, TemplateRef)> {
        let catalog = &self.portal.state().catalog;
        // A catalog without an answer is told by its own question.
        let entities = catalog.entities(&EntityFilter::kind("Component")).await.unwrap_or_default();
        let named = entities.iter().filter_map(|entity| {
            Some((entity.entity_ref().clone(), entity.coder_spec()?.template?))
        });
        named.collect()
    }

    /// Tells the templates that Coder does not have, although the configuration or an entity names them.
    fn missing_templates(
        &self,
        templates: &[Template],
        named: &[(EntityRef, TemplateRef)],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let missing = |named: &TemplateRef| !templates.iter().any(|it| is_named(it, named));
        let remedy = "correct the name, or let people use the template at Coder";
        if let Some(named) =
            self.config.workspaces.default_template.as_ref().filter(|it| missing(it))
        {
            let text = format!(
                "`coder.workspaces.defaultTemplateName` names the template `{named}`, which Coder \
                 does not have, or hides from the owner of the token"
            );
            let finding = Finding::new(Question::Templates, Verdict::Wrong, text);
            let place = self.config.workspaces.places.default_template.clone();
            findings.push(finding.place(place).remedy(remedy));
        }
        for (entity, template) in named.iter().filter(|(_, template)| missing(template)) {
            let text = format!(
                "`spec.coder` of `{entity}` names the template `{template}`, which Coder does not \
                 have, or hides from the owner of the token"
            );
            let finding = Finding::new(Question::Templates, Verdict::Notice, text).remedy(remedy);
            findings.push(finding);
        }
        findings
    }

    /// Tells the parameters that are named by the configuration and are in no template.
    fn missing_parameters(&self, parameters: &Parameters) -> Vec<Finding> {
        let workspaces = &self.config.workspaces;
        let keys: Vec<&String> =
            workspaces.repo_url_param_keys.iter().filter(|key| !key.is_empty()).collect();
        let is_known = |key: &str| parameters.values().any(|names| names.contains(key));
        let mut findings = Vec::new();
        if !keys.is_empty() && !keys.iter().any(|key| is_known(key)) {
            let names = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            let text = format!(
                "no template has a parameter of `coder.workspaces.repoUrlParamKeys` ({names}), so \
                 no workspace is found for any entity"
            );
            let finding = Finding::new(Question::Templates, Verdict::Wrong, text);
            let place = workspaces.places.repo_url_param_keys.clone();
            findings.push(finding.place(place).remedy(
                "name the parameter that holds the URL of the repository in your templates",
            ));
        }
        let Some(template) = &workspaces.default_template else { return findings };
        let own = parameters.iter().find(|((organization, name), _)| {
            name.as_str() == template.template()
                && template.organization().is_none_or(|it| it == organization.as_str())
        });
        let Some((_, names)) = own else { return findings };
        for key in workspaces.params.keys().filter(|key| !names.contains(*key)) {
            let text = format!(
                "`coder.workspaces.params.{key}` is no parameter of the template `{template}`"
            );
            let finding = Finding::new(Question::Templates, Verdict::Notice, text);
            let place = workspaces.places.params.get(key).cloned();
            let remedy = "Coder ignores it: correct the name, or remove it";
            findings.push(finding.place(place).remedy(remedy));
        }
        findings
    }
}

fn is_named(template: &Template, named: &TemplateRef) -> bool {
    template.name == named.template()
        && named.organization().is_none_or(|it| it == template.organization_name)
}

/// Lists the templates that the token's owner sees, with the parameters of their active versions.
async fn known(client: &Client) -> Result<(Vec<Template>, Parameters), ClientError> {
    let templates = client.send(&ListTemplates::new(TemplateFilter::default())).await?;
    let templates: Vec<Template> = templates.iter().cloned().collect();
    let asked = templates.iter().take(MOST).filter_map(|template| {
        let version = template.active_version_id?;
        let name = (template.organization_name.clone(), template.name.clone());
        Some((name, version))
    });
    let asked = stream::iter(asked.collect::<Vec<_>>()).map(|(name, version)| async move {
        let listed = client.send(&ListTemplateVersionParameters::new(version)).await?;
        let names = listed.iter().map(|parameter| parameter.name.clone()).collect();
        Ok::<_, ClientError>((name, names))
    });
    let parameters = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok((templates, parameters))
}
