//! Parameters of templates, as a form asks for them, and presets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::nullable;
use crate::open_enum::open_enum;
use crate::{PresetId, UserId};

/// A parameter of a template version:
/// `GET /api/v2/templateversions/{templateversion}/rich-parameters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateVersionParameter {
    /// Unique in the version.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for, in Markdown.
    #[serde(default)]
    pub description: String,
    /// What it is for, as plain text.
    #[serde(default)]
    pub description_plaintext: String,
    /// What values look like. On the wire every value is a text.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// How a form asks for it.
    #[serde(default)]
    pub form_type: ParameterFormType,
    /// Whether it can be changed after the workspace was created.
    #[serde(default)]
    pub mutable: bool,
    /// Its value when nobody chooses one.
    #[serde(default)]
    pub default_value: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
    /// The values it may have; any when there are none.
    #[serde(default, deserialize_with = "nullable")]
    pub options: Vec<ParameterOption>,
    /// What to say about a value that is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_error: Option<String>,
    /// What a valid value looks like, in Go's syntax of regular expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_regex: Option<String>,
    /// The least valid number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_min: Option<i64>,
    /// The greatest valid number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_max: Option<i64>,
    /// Whether a number may only grow or only shrink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_monotonic: Option<ValidationMonotonic>,
    /// Whether somebody must choose a value.
    #[serde(default)]
    pub required: bool,
    /// Whether it holds for one build only.
    #[serde(default)]
    pub ephemeral: bool,
}

/// A value that a parameter may have.
// coder: codersdk.TemplateVersionParameterOption
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterOption {
    /// For people.
    pub name: String,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// The value.
    pub value: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
}

/// Values for a template's parameters under one name:
/// `GET /api/v2/templateversions/{templateversion}/presets`.
// coder: in other letters: Go writes its fields without names of their own
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Preset {
    /// Identifies it in this version.
    #[serde(rename = "ID")]
    pub id: PresetId,
    /// For people.
    pub name: String,
    /// The values.
    #[serde(default, deserialize_with = "nullable")]
    pub parameters: Vec<PresetParameter>,
    /// Whether a form begins with it.
    #[serde(default)]
    pub default: bool,
    /// How many workspaces wait, ready made.
    #[serde(default)]
    pub desired_prebuild_instances: Option<i64>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
}

/// One value of a preset.
// coder: in other letters: Go writes its fields without names of their own
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PresetParameter {
    /// The parameter's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A value that somebody chose before:
/// `GET /api/v2/users/{user}/autofill-parameters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserParameter {
    /// The parameter's name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a form should ask, given what was answered so far:
/// `POST /api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate`.
// coder: codersdk.DynamicParametersResponse
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DynamicParameters {
    /// The number of the request it answers.
    pub id: i64,
    /// What is wrong with the whole.
    #[serde(default, deserialize_with = "nullable")]
    pub diagnostics: Vec<ParameterDiagnostic>,
    /// What to ask for.
    #[serde(default, deserialize_with = "nullable")]
    pub parameters: Vec<PreviewParameter>,
}

/// What was answered so far, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DynamicParametersRequest {
    pub(crate) id: i64,
    pub(crate) inputs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<UserId>,
}

/// A parameter whose form depends on the others' values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PreviewParameter {
    /// Unique in the version.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// What it is for, in Markdown.
    #[serde(default)]
    pub description: String,
    /// What values look like.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// How a form asks for it.
    #[serde(default)]
    pub form_type: ParameterFormType,
    /// How the form's field looks.
    #[serde(default)]
    pub styling: ParameterStyling,
    /// Whether it can be changed after the workspace was created.
    #[serde(default)]
    pub mutable: bool,
    /// Its value when nobody chooses one.
    #[serde(default)]
    pub default_value: ParameterValue,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
    /// The values it may have; any when there are none.
    #[serde(default, deserialize_with = "nullable")]
    pub options: Vec<PreviewParameterOption>,
    /// What makes a value valid.
    #[serde(default, deserialize_with = "nullable")]
    pub validations: Vec<ParameterValidation>,
    /// Whether somebody must choose a value.
    #[serde(default)]
    pub required: bool,
    /// Its place in the form.
    #[serde(default)]
    pub order: i64,
    /// Whether it holds for one build only.
    #[serde(default)]
    pub ephemeral: bool,
    /// Its value now.
    #[serde(default)]
    pub value: ParameterValue,
    /// What is wrong with its value.
    #[serde(default, deserialize_with = "nullable")]
    pub diagnostics: Vec<ParameterDiagnostic>,
}

/// A value, or none.
// coder: codersdk.NullHCLString
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterValue {
    /// The value.
    #[serde(default)]
    pub value: String,
    /// Whether there is one.
    #[serde(default)]
    pub valid: bool,
}

/// How a form's field looks.
// coder: codersdk.PreviewParameterStyling
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterStyling {
    /// Shown while it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// Whether it cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether what is typed is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask_input: Option<bool>,
}

/// A value that a dynamic parameter may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PreviewParameterOption {
    /// For people.
    pub name: String,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// The value.
    #[serde(default)]
    pub value: ParameterValue,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
}

/// What makes a value valid.
// coder: codersdk.PreviewParameterValidation
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterValidation {
    /// What to say about a value that is not.
    #[serde(default)]
    pub validation_error: String,
    /// What it looks like, in Go's syntax of regular expressions.
    #[serde(default)]
    pub validation_regex: Option<String>,
    /// The least valid number.
    #[serde(default)]
    pub validation_min: Option<i64>,
    /// The greatest valid number.
    #[serde(default)]
    pub validation_max: Option<i64>,
    /// Whether a number may only grow or only shrink.
    #[serde(default)]
    pub validation_monotonic: Option<ValidationMonotonic>,
}

/// What is wrong with a value or a template.
// coder: codersdk.FriendlyDiagnostic
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterDiagnostic {
    /// How bad it is.
    #[serde(default)]
    pub severity: DiagnosticSeverity,
    /// In a few words.
    #[serde(default)]
    pub summary: String,
    /// In more words.
    #[serde(default)]
    pub detail: String,
    /// For programs.
    #[serde(default)]
    pub extra: DiagnosticExtra,
}

/// What is wrong, for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DiagnosticExtra {
    /// Like `required`; empty for none.
    #[serde(default)]
    pub code: String,
}

open_enum! {
    /// What a parameter's values look like.
    ParameterType {
        /// Any text.
        String = "string",
        /// A whole number.
        Number = "number",
        /// `true` or `false`.
        Bool = "bool",
        /// A list of texts, written as JSON.
        ListOfStrings = "list(string)",
    }
}

open_enum! {
    /// How a form asks for a parameter. Empty when the form may choose.
    ParameterFormType {
        /// One of a few, all shown.
        Radio = "radio",
        /// A number by hand.
        Slider = "slider",
        /// A line.
        Input = "input",
        /// One of many.
        Dropdown = "dropdown",
        /// A box to tick.
        Checkbox = "checkbox",
        /// A switch.
        Switch = "switch",
        /// Several of many.
        MultiSelect = "multi-select",
        /// Several, of one's own.
        TagSelect = "tag-select",
        /// Several lines.
        Textarea = "textarea",
        /// Not at all: something is wrong with it.
        Error = "error",
    }
}

open_enum! {
    /// Which way a number may change.
    ValidationMonotonic {
        /// It may only grow.
        Increasing = "increasing",
        /// It may only shrink.
        Decreasing = "decreasing",
    }
}

open_enum! {
    /// How bad something is.
    DiagnosticSeverity {
        /// Nothing can be built.
        Error = "error",
        /// It can.
        Warning = "warning",
    }
}
