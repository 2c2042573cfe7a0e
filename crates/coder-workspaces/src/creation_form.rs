//! What a person is asked for before a workspace is created: the template, its presets, its
//! parameters with the values they would have, and accounts that are missing.

use std::time::Duration;

use coder_client::models::{
    DiagnosticSeverity, ParameterDiagnostic, Preset, PreviewParameter, Template,
    TemplateVersionParameter,
};
use coder_client::operations::EvaluateDynamicParameters;
use coder_client::{Client, List, TemplateVersionId, UserId};
use coder_core::{MaybeSend, cleaned};
use futures_util::future::try_join;
use indexmap::IndexMap;

use crate::create::{active_version, preset_called, template};
use crate::follow::Follower;
use crate::parameters::strangers;
use crate::recent_reads::{FormKey, Person};
use crate::{
    EntityWorkspacesConfig, MissingAccount, ParameterProblem, Progress, TemplateVersionCache,
    WorkspacesError, accounts, version_reads,
};

/// How long a Coder that does not answer is waited for.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// The form for a new workspace.
#[derive(Debug)]
#[non_exhaustive]
pub struct CreationForm {
    /// Template of the workspace.
    pub template: Template,
    /// Presets of the template.
    pub presets: List<Preset>,
    /// Parameters in the order of the template, as they are for the values that were chosen.
    pub parameters: Vec<FormParameter>,
    /// Reasons why no workspace can be created from these values.
    pub problems: Vec<ParameterProblem>,
    /// Accounts that the person has to link first.
    pub missing_accounts: Vec<MissingAccount>,
}

/// A parameter in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormParameter {
    /// Name of the parameter.
    pub name: String,
    /// Name for people; may be empty.
    pub display_name: String,
    /// Description, in Markdown.
    pub description: String,
    /// Type of the values, in Coder's words, such as `list(string)`.
    pub kind: String,
    /// Control that asks for the value, in Coder's words; empty when the form may choose.
    pub form_type: String,
    /// Icon: a path of the deployment, a URL, or empty.
    pub icon: String,
    /// Value that the workspace would get; `None` when the person has to choose one.
    pub value: Option<String>,
    /// Value when nobody chooses one.
    pub default: Option<String>,
    /// `true` when the parameter needs a value.
    pub required: bool,
    /// `true` when the value can be changed later.
    pub mutable: bool,
    /// `true` when the value counts for one build only.
    pub ephemeral: bool,
    /// Values to choose from; empty when others are allowed.
    pub options: Vec<FormOption>,
    /// Least number, if there is one.
    pub min: Option<i64>,
    /// Greatest number, if there is one.
    pub max: Option<i64>,
}

/// A value to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormOption {
    /// Name that people see.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Value of the parameter.
    pub value: String,
    /// Icon: a path of the deployment, a URL, or empty.
    pub icon: String,
}

impl CreationForm {
    /// Reads the form for a workspace of an entity, which `owner` is to own: the user of the client's
    /// credential.
    ///
    /// `preset` and `values` are what the person has chosen so far. A value wins over one of the
    /// preset, and that over one of the entity. `cache` is what is known of the versions of templates.
    ///
    /// # Errors
    ///
    /// [`NotCreatable`](crate::NotCreatable) when there is no such template or preset, and what Coder
    /// said when it said no.
    pub async fn read(
        client: &Client,
        config: &EntityWorkspacesConfig,
        owner: UserId,
        preset: Option<&str>,
        values: &IndexMap<String, String>,
        cache: &TemplateVersionCache,
    ) -> Result<Self, WorkspacesError> {
        let mut untold = |_: Progress<'_>| {};
        let follower = &mut Follower::new(client, WAIT_LIMIT, &mut untold);
        let template = template(follower, config.template.as_ref()).await?;
        if let Some(wanted) = &config.template {
            let (person, now) = (Person::new(client, owner), client.world().clock.now());
            cache.recent.keep_template(&person, wanted, &template, now);
        }
        Self::fill(follower, template, owner, (&config.params, preset, values), cache).await
    }

    /// Reads the form for a workspace of a template, as [`read`](Self::read) does.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn from_template(
        client: &Client,
        template: Template,
        owner: UserId,
        preset: Option<&str>,
        values: &IndexMap<String, String>,
        cache: &TemplateVersionCache,
    ) -> Result<Self, WorkspacesError> {
        let mut untold = |_: Progress<'_>| {};
        let follower = &mut Follower::new(client, WAIT_LIMIT, &mut untold);
        Self::fill(follower, template, owner, (&IndexMap::new(), preset, values), cache).await
    }

    async fn fill<F: FnMut(Progress<'_>) + MaybeSend>(
        follower: &mut Follower<'_, F>,
        template: Template,
        owner: UserId,
        (given, preset, chosen): (
            &IndexMap<String, String>,
            Option<&str>,
            &IndexMap<String, String>,
        ),
        cache: &TemplateVersionCache,
    ) -> Result<Self, WorkspacesError> {
        let (client, version) = (follower.client, active_version(&template)?);
        let presets = version_reads::presets(follower, version, Some(cache)).await?;
        let mut values = given.clone();
        if let Some(name) = preset {
            let preset = preset_called(name, presets.clone())?;
            values.extend(preset.parameters.into_iter().map(|one| (one.name, one.value)));
        }
        values.extend(chosen.clone());
        let is_classic = template.use_classic_parameter_flow;
        let accounts = async { Ok(accounts::missing(client, version, None, Some(cache)).await?) };
        let parameters = parameters(follower, version, owner, is_classic, (&values, cache));
        let ((parameters, mut problems), missing_accounts) = try_join(parameters, accounts).await?;
        let known: Vec<&str> = parameters.iter().map(|one| one.name.as_str()).collect();
        problems.extend(strangers(chosen, &known));
        Ok(Self { template, presets, parameters, problems, missing_accounts })
    }
}

type Parameters = (Vec<FormParameter>, Vec<ParameterProblem>);

async fn parameters<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    version: TemplateVersionId,
    owner: UserId,
    is_classic: bool,
    (values, cache): (&IndexMap<String, String>, &TemplateVersionCache),
) -> Result<Parameters, WorkspacesError> {
    if !is_classic {
        let empty = EvaluateDynamicParameters::new(version).for_user(owner);
        let form = values.iter().fold(empty, |form, (name, value)| form.input(name, value));
        match follower.client.send(&form).await {
            Ok(form) => {
                let mut problems = told("", &form.diagnostics);
                for parameter in &form.parameters {
                    problems.extend(told(&parameter.name, &parameter.diagnostics));
                }
                if problems.is_empty() {
                    let client = follower.client;
                    let (person, now) = (Person::new(client, owner), client.world().clock.now());
                    let names = form.parameters.iter().map(|one| one.name.clone()).collect();
                    cache.recent.keep_form(&person, FormKey::new(version, values), names, now);
                }
                return Ok((form.parameters.into_iter().map(preview).collect(), problems));
            }
            // An older Coder has no such form, and its templates do not need one.
            Err(error) if error.is_unsupported() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let known = version_reads::parameters(follower, version, Some(cache)).await?;
    let parameters = known.into_iter().map(|parameter| {
        let value = values.get(&parameter.name).cloned();
        classic(parameter, value)
    });
    Ok((parameters.collect(), Vec::new()))
}

fn told(name: &str, diagnostics: &[ParameterDiagnostic]) -> Vec<ParameterProblem> {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error)
        .map(|diagnostic| {
            let said = [diagnostic.summary.as_str(), &diagnostic.detail];
            let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
            ParameterProblem::new(name, cleaned(&said.join(": ")))
        })
        .collect()
}

fn preview(parameter: PreviewParameter) -> FormParameter {
    let valid = |value: coder_client::models::ParameterValue| value.valid.then_some(value.value);
    let limits = parameter.validations.iter();
    FormParameter {
        min: limits.clone().find_map(|validation| validation.validation_min),
        max: limits.clone().find_map(|validation| validation.validation_max),
        name: parameter.name,
        display_name: parameter.display_name,
        description: parameter.description,
        kind: parameter.kind.to_string(),
        form_type: parameter.form_type.to_string(),
        icon: parameter.icon,
        value: valid(parameter.value),
        default: valid(parameter.default_value),
        required: parameter.required,
        mutable: parameter.mutable,
        ephemeral: parameter.ephemeral,
        options: parameter
            .options
            .into_iter()
            .map(|option| FormOption {
                name: option.name,
                description: option.description,
                value: option.value.value,
                icon: option.icon,
            })
            .collect(),
    }
}

fn classic(parameter: TemplateVersionParameter, value: Option<String>) -> FormParameter {
    let default = (!parameter.required).then_some(parameter.default_value);
    FormParameter {
        name: parameter.name,
        display_name: parameter.display_name.unwrap_or_default(),
        description: parameter.description,
        kind: parameter.kind.to_string(),
        form_type: parameter.form_type.to_string(),
        icon: parameter.icon,
        value: value.or_else(|| default.clone()),
        default,
        required: parameter.required,
        mutable: parameter.mutable,
        ephemeral: parameter.ephemeral,
        options: parameter
            .options
            .into_iter()
            .map(|option| FormOption {
                name: option.name,
                description: option.description,
                value: option.value,
                icon: option.icon,
            })
            .collect(),
        min: parameter.validation_min,
        max: parameter.validation_max,
    }
}
