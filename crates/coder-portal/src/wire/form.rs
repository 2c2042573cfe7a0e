//! The form for a new workspace.

use serde::Serialize;

use super::MissingAccount;

/// The form for a new workspace, filled with the values that it would have.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreationForm {
    /// Id of the template, a UUID.
    template_id: String,
    template_name: String,
    /// Name of the template for people; may be empty.
    template_display_name: String,
    presets: Vec<Preset>,
    /// Parameters, in the order of the template.
    parameters: Vec<Parameter>,
    /// Reasons why no workspace can be created from these values.
    problems: Vec<ParameterProblem>,
    /// Accounts that the caller has to link first.
    missing_accounts: Vec<MissingAccount>,
}

/// A named set of values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preset {
    name: String,
    description: String,
    /// Icon: a path of the deployment, a URL, or empty.
    icon: String,
    /// `true` for the preset that people should begin with.
    default: bool,
    parameters: Vec<Value>,
}

/// The value of a parameter.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ParameterValue"))]
pub(crate) struct Value {
    name: String,
    value: String,
}

/// A parameter of a template.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameter {
    name: String,
    /// Name for people; may be empty.
    display_name: String,
    /// Description, in Markdown.
    description: String,
    /// Type of the values: `string`, `number`, `bool` or `list(string)`.
    #[serde(rename = "type")]
    kind: String,
    /// Control that asks for the value, such as `slider`; empty when the form may choose.
    form_type: String,
    /// Icon: a path of the deployment, a URL, or empty.
    icon: String,
    /// Value that the workspace would get; null when a person has to choose one.
    value: Option<String>,
    /// Value when nobody chooses one.
    default: Option<String>,
    /// `true` when the parameter needs a value.
    required: bool,
    /// `true` when the value can be changed later.
    mutable: bool,
    /// `true` when the value counts for one build only.
    ephemeral: bool,
    /// Values to choose from; empty when others are allowed.
    options: Vec<ParameterOption>,
    /// Least number.
    min: Option<i64>,
    /// Greatest number.
    max: Option<i64>,
}

/// A value to choose from.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ParameterOption {
    name: String,
    description: String,
    value: String,
    /// Icon: a path of the deployment, a URL, or empty.
    icon: String,
}

/// The fault of a value.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ParameterProblem {
    /// Name of the parameter; empty when the problem concerns all of them.
    name: String,
    problem: String,
}

impl From<coder_workspaces::CreationForm> for CreationForm {
    fn from(form: coder_workspaces::CreationForm) -> Self {
        let presets = form.presets.into_iter().map(|preset| Preset {
            name: preset.name,
            description: preset.description,
            icon: preset.icon,
            default: preset.default,
            parameters: preset
                .parameters
                .into_iter()
                .map(|one| Value { name: one.name, value: one.value })
                .collect(),
        });
        let problems = form.problems.into_iter();
        Self {
            template_id: form.template.id.to_string(),
            template_name: form.template.name,
            template_display_name: form.template.display_name,
            presets: presets.collect(),
            parameters: form.parameters.into_iter().map(Parameter::from).collect(),
            problems: problems
                .map(|problem| ParameterProblem { name: problem.name, problem: problem.problem })
                .collect(),
            missing_accounts: form.missing_accounts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<coder_workspaces::FormParameter> for Parameter {
    fn from(parameter: coder_workspaces::FormParameter) -> Self {
        let options = parameter.options.into_iter();
        Self {
            name: parameter.name,
            display_name: parameter.display_name,
            description: parameter.description,
            kind: parameter.kind,
            form_type: parameter.form_type,
            icon: parameter.icon,
            value: parameter.value,
            default: parameter.default,
            required: parameter.required,
            mutable: parameter.mutable,
            ephemeral: parameter.ephemeral,
            options: options
                .map(|option| ParameterOption {
                    name: option.name,
                    description: option.description,
                    value: option.value,
                    icon: option.icon,
                })
                .collect(),
            min: parameter.min,
            max: parameter.max,
        }
    }
}
