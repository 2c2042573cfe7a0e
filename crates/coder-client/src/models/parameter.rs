//! Parameters of templates, as a form asks for them, and presets.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::reading::{model, neutral, open_enum};
use crate::{List, PresetId, UserId};

model! {
    /// A parameter of a template version:
    /// `GET /api/v2/templateversions/{templateversion}/rich-parameters`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionParameter {
        /// Unique in the version.
        pub name: String = required,
        /// For people.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub display_name: Option<String>,
        /// What it is for, in Markdown.
        pub description: String,
        /// What it is for, as plain text.
        pub description_plaintext: String,
        /// What values look like. On the wire every value is a text.
        #[serde(rename = "type")]
        pub kind: ParameterType,
        /// How a form asks for it.
        pub form_type: ParameterFormType,
        /// Whether it can be changed after the workspace was created.
        pub mutable: bool,
        /// Its value when nobody chooses one.
        pub default_value: String,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// The values it may have; any when there are none.
        pub options: List<ParameterOption>,
        /// What to say about a value that is not valid.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_error: Option<String>,
        /// What a valid value looks like, in Go's syntax of regular expressions.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_regex: Option<String>,
        /// The least valid number.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_min: Option<i64>,
        /// The greatest valid number.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_max: Option<i64>,
        /// Whether a number may only grow or only shrink.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_monotonic: Option<ValidationMonotonic>,
        /// Whether somebody must choose a value.
        pub required: bool,
        /// Whether it holds for one build only.
        pub ephemeral: bool,
    }
}

model! {
    /// A value that a parameter may have.
    // coder: codersdk.TemplateVersionParameterOption
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterOption {
        /// For people.
        pub name: String = required,
        /// What it means.
        pub description: String,
        /// The value.
        pub value: String = required,
        /// A path of the deployment, or a URL.
        pub icon: String,
    }
}

model! {
    /// Values for a template's parameters under one name:
    /// `GET /api/v2/templateversions/{templateversion}/presets`.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "PascalCase")]
    #[non_exhaustive]
    pub struct Preset {
        /// Identifies it in this version.
        #[serde(rename = "ID")]
        pub id: PresetId = required("ID"),
        /// For people.
        pub name: String = required("Name"),
        /// The values.
        pub parameters: List<PresetParameter>,
        /// Whether a form begins with it.
        pub default: bool,
        /// How many workspaces wait, ready made.
        pub desired_prebuild_instances: Option<i64>,
        /// What it is for.
        pub description: String,
        /// A path of the deployment, or a URL.
        pub icon: String,
    }
}

model! {
    /// One value of a preset.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "PascalCase")]
    #[non_exhaustive]
    pub struct PresetParameter {
        /// The parameter's name.
        pub name: String = required("Name"),
        /// Its value.
        pub value: String = required("Value"),
    }
}

model! {
    /// A value that somebody chose before:
    /// `GET /api/v2/users/{user}/autofill-parameters`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserParameter {
        /// The parameter's name.
        pub name: String = required,
        /// Its value.
        pub value: String = required,
    }
}

model! {
    /// What a form should ask, given what was answered so far:
    /// `POST /api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate`.
    // coder: codersdk.DynamicParametersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DynamicParameters {
        /// The number of the request it answers.
        pub id: i64,
        /// What is wrong with the whole.
        pub diagnostics: List<ParameterDiagnostic>,
        /// What to ask for.
        pub parameters: List<PreviewParameter>,
    }
}

/// What was answered so far, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DynamicParametersRequest {
    pub(crate) id: i64,
    pub(crate) inputs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<UserId>,
}

model! {
    /// A parameter whose form depends on the others' values.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PreviewParameter {
        /// Unique in the version.
        pub name: String = required,
        /// For people.
        pub display_name: String,
        /// What it is for, in Markdown.
        pub description: String,
        /// What values look like.
        #[serde(rename = "type")]
        pub kind: ParameterType,
        /// How a form asks for it.
        pub form_type: ParameterFormType,
        /// How the form's field looks.
        pub styling: ParameterStyling,
        /// Whether it can be changed after the workspace was created.
        pub mutable: bool,
        /// Its value when nobody chooses one.
        pub default_value: ParameterValue,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// The values it may have; any when there are none.
        pub options: List<PreviewParameterOption>,
        /// What makes a value valid.
        pub validations: List<ParameterValidation>,
        /// Whether somebody must choose a value.
        pub required: bool,
        /// Its place in the form.
        pub order: i64,
        /// Whether it holds for one build only.
        pub ephemeral: bool,
        /// Its value now.
        pub value: ParameterValue,
        /// What is wrong with its value.
        pub diagnostics: List<ParameterDiagnostic>,
    }
}

model! {
    /// A value, or none.
    // coder: codersdk.NullHCLString
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterValue {
        /// The value.
        pub value: String,
        /// Whether there is one.
        pub valid: bool,
    }
}

model! {
    /// How a form's field looks.
    // coder: codersdk.PreviewParameterStyling
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterStyling {
        /// Shown while it is empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub placeholder: Option<String>,
        /// Whether it cannot be changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disabled: Option<bool>,
        /// Its label.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub label: Option<String>,
        /// Whether what is typed is hidden.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mask_input: Option<bool>,
    }
}

model! {
    /// A value that a dynamic parameter may have.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PreviewParameterOption {
        /// For people.
        pub name: String = required,
        /// What it means.
        pub description: String,
        /// The value.
        pub value: ParameterValue,
        /// A path of the deployment, or a URL.
        pub icon: String,
    }
}

model! {
    /// What makes a value valid.
    // coder: codersdk.PreviewParameterValidation
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterValidation {
        /// What to say about a value that is not.
        pub validation_error: String,
        /// What it looks like, in Go's syntax of regular expressions.
        pub validation_regex: Option<String>,
        /// The least valid number.
        pub validation_min: Option<i64>,
        /// The greatest valid number.
        pub validation_max: Option<i64>,
        /// Whether a number may only grow or only shrink.
        pub validation_monotonic: Option<ValidationMonotonic>,
    }
}

model! {
    /// What is wrong with a value or a template.
    // coder: codersdk.FriendlyDiagnostic
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterDiagnostic {
        /// How bad it is.
        pub severity: DiagnosticSeverity,
        /// In a few words.
        pub summary: String,
        /// In more words.
        pub detail: String,
        /// For programs.
        pub extra: DiagnosticExtra,
    }
}

model! {
    /// What is wrong, for programs.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DiagnosticExtra {
        /// Like `required`; empty for none.
        pub code: String,
    }
}

neutral!(ParameterStyling, ParameterValue, DiagnosticExtra);

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
