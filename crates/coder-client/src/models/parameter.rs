//! Parameters of templates, as a form asks for them, and presets.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::reading::{model, neutral, open_enum};
use crate::{List, PresetId, UserId};

model! {
    /// A parameter of a template version: `GET
    /// /api/v2/templateversions/{templateversion}/rich-parameters`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateVersionParameter {
        /// The name, which is unique in the version.
        pub name: String = required,
        /// The name that user interfaces show.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub display_name: Option<String>,
        /// The description of the parameter, in Markdown.
        pub description: String,
        /// The description of the parameter, as plain text.
        pub description_plaintext: String,
        /// The type of the values. On the wire every value is a text.
        #[serde(rename = "type")]
        pub kind: ParameterType,
        /// The control by which a form asks for the value.
        pub form_type: ParameterFormType,
        /// `true` when the value can be changed after the workspace was created.
        pub mutable: bool,
        /// The value that the parameter has when the user chooses none.
        pub default_value: String,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The values that the user can choose from; any value when there are none.
        pub options: List<ParameterOption>,
        /// The message for a value that is not valid.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_error: Option<String>,
        /// The regular expression that a valid value matches, in Go's syntax.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_regex: Option<String>,
        /// The smallest valid number.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_min: Option<i64>,
        /// The greatest valid number.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_max: Option<i64>,
        /// The direction in which a number may change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub validation_monotonic: Option<ValidationMonotonic>,
        /// `true` when the user must choose a value.
        pub required: bool,
        /// `true` when the value holds for one build only.
        pub ephemeral: bool,
    }
}

model! {
    /// A value that a user can choose for a parameter.
    // coder: codersdk.TemplateVersionParameterOption
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterOption {
        /// The name that a form shows.
        pub name: String = required,
        /// The description of the option.
        pub description: String,
        /// The value that the option stands for.
        pub value: String = required,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
    }
}

model! {
    /// A preset: named values for the parameters of a template version. `GET
    /// /api/v2/templateversions/{templateversion}/presets`.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Preset {
        /// The id of the preset. Each version has presets of its own.
        #[serde(rename = "ID")]
        pub id: PresetId = required,
        /// The name that a form shows.
        #[serde(rename = "Name")]
        pub name: String = required,
        /// The values of the parameters.
        #[serde(rename = "Parameters")]
        pub parameters: List<PresetParameter>,
        /// `true` for the preset that a form begins with.
        #[serde(rename = "Default")]
        pub default: bool,
        /// The number of prebuilt workspaces that Coder keeps ready.
        #[serde(rename = "DesiredPrebuildInstances")]
        pub desired_prebuild_instances: Option<i64>,
        /// The description of the preset.
        #[serde(rename = "Description")]
        pub description: String,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        #[serde(rename = "Icon")]
        pub icon: String,
    }
}

model! {
    /// The value of a parameter in a preset.
    // coder: in other letters: Go writes its fields without names of their own
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PresetParameter {
        /// The name of the parameter.
        #[serde(rename = "Name")]
        pub name: String = required,
        /// The value of the parameter.
        #[serde(rename = "Value")]
        pub value: String = required,
    }
}

model! {
    /// A value that a user chose for an earlier workspace: `GET
    /// /api/v2/users/{user}/autofill-parameters`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserParameter {
        /// The name of the parameter.
        pub name: String = required,
        /// The value of the parameter.
        pub value: String = required,
    }
}

model! {
    /// The parameters of a form, for the values that were chosen so far: `POST
    /// /api/v2/templateversions/{templateversion}/dynamic-parameters/evaluate`.
    // coder: codersdk.DynamicParametersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DynamicParameters {
        /// The id of the request that this answers.
        pub id: i64,
        /// The errors and warnings about the template.
        pub diagnostics: List<ParameterDiagnostic>,
        /// The parameters that the form asks for.
        pub parameters: List<PreviewParameter>,
    }
}

/// The values that were chosen so far, and the future owner of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DynamicParametersRequest {
    pub(crate) id: i64,
    pub(crate) inputs: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<UserId>,
}

model! {
    /// A parameter that may depend on the values of other parameters.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PreviewParameter {
        /// The name, which is unique in the version.
        pub name: String = required,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The description of the parameter, in Markdown.
        pub description: String,
        /// The type of the values.
        #[serde(rename = "type")]
        pub kind: ParameterType,
        /// The control by which a form asks for the value.
        pub form_type: ParameterFormType,
        /// The look of the form's control.
        pub styling: ParameterStyling,
        /// `true` when the value can be changed after the workspace was created.
        pub mutable: bool,
        /// The value that the parameter has when the user chooses none.
        pub default_value: ParameterValue,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The values that the user can choose from; any value when there are none.
        pub options: List<PreviewParameterOption>,
        /// The rules for a valid value.
        pub validations: List<ParameterValidation>,
        /// `true` when the user must choose a value.
        pub required: bool,
        /// The place in the form: smaller numbers come first.
        pub order: i64,
        /// `true` when the value holds for one build only.
        pub ephemeral: bool,
        /// The present value of the parameter.
        pub value: ParameterValue,
        /// The errors and warnings about the value.
        pub diagnostics: List<ParameterDiagnostic>,
    }
}

model! {
    /// The value of a parameter, which may be absent.
    // coder: codersdk.NullHCLString
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterValue {
        /// The value, or an empty text.
        pub value: String,
        /// `true` when the value is present.
        pub valid: bool,
    }
}

model! {
    /// The look of a form's control.
    // coder: codersdk.PreviewParameterStyling
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterStyling {
        /// The text that is shown while the control is empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub placeholder: Option<String>,
        /// `true` when the value cannot be changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disabled: Option<bool>,
        /// The label of the control.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub label: Option<String>,
        /// `true` when the typed text is hidden.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mask_input: Option<bool>,
    }
}

model! {
    /// A value that a user can choose for a dynamic parameter.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PreviewParameterOption {
        /// The name that a form shows.
        pub name: String = required,
        /// The description of the option.
        pub description: String,
        /// The value that the option stands for.
        pub value: ParameterValue,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
    }
}

model! {
    /// A rule for the valid values of a parameter.
    // coder: codersdk.PreviewParameterValidation
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterValidation {
        /// The message for a value that is not valid.
        pub validation_error: String,
        /// The regular expression that a valid value matches, in Go's syntax.
        pub validation_regex: Option<String>,
        /// The smallest valid number.
        pub validation_min: Option<i64>,
        /// The greatest valid number.
        pub validation_max: Option<i64>,
        /// The direction in which a number may change.
        pub validation_monotonic: Option<ValidationMonotonic>,
    }
}

model! {
    /// An error or a warning about a value or a template.
    // coder: codersdk.FriendlyDiagnostic
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ParameterDiagnostic {
        /// The severity: error or warning.
        pub severity: DiagnosticSeverity,
        /// The message, in a few words.
        pub summary: String,
        /// The details of the message.
        pub detail: String,
        /// The machine-readable part of the message.
        pub extra: DiagnosticExtra,
    }
}

model! {
    /// The machine-readable part of a diagnostic.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DiagnosticExtra {
        /// The code, like `required`; empty when there is none.
        pub code: String,
    }
}

neutral!(ParameterStyling, ParameterValue, DiagnosticExtra);

open_enum! {
    /// The type of a parameter's values.
    ParameterType {
        /// A text of any form.
        String = "string",
        /// A whole number, written in decimal.
        Number = "number",
        /// The text `true` or `false`.
        Bool = "bool",
        /// A list of texts, written as JSON.
        ListOfStrings = "list(string)",
    }
}

open_enum! {
    /// The control by which a form asks for a parameter. Empty when the form may choose.
    ParameterFormType {
        /// Radio buttons, which show all options.
        Radio = "radio",
        /// A slider for a number.
        Slider = "slider",
        /// A text field of one line.
        Input = "input",
        /// A list that opens to choose one option.
        Dropdown = "dropdown",
        /// A checkbox for a yes or no.
        Checkbox = "checkbox",
        /// A switch for on or off.
        Switch = "switch",
        /// A list that opens to choose several options.
        MultiSelect = "multi-select",
        /// A field for several texts of the user's own.
        TagSelect = "tag-select",
        /// A text field of several lines.
        Textarea = "textarea",
        /// No control, because the parameter is defined wrongly.
        Error = "error",
    }
}

open_enum! {
    /// The direction in which a number may change from build to build.
    ValidationMonotonic {
        /// The number may only grow.
        Increasing = "increasing",
        /// The number may only shrink.
        Decreasing = "decreasing",
    }
}

open_enum! {
    /// The severity of a diagnostic.
    DiagnosticSeverity {
        /// No workspace can be built.
        Error = "error",
        /// A workspace can be built all the same.
        Warning = "warning",
    }
}
