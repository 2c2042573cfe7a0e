//! What is wrong with the value of a parameter, in Coder's words.

use serde_json::Value;

use crate::json::Json as _;

/// A fault of a value.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) summary: String,
    pub(crate) detail: String,
    /// The value is not of the parameter's type.
    pub(crate) mistyped: bool,
}

impl Diagnostic {
    /// Returns the fault as creations and builds tell it.
    pub(crate) fn text(&self) -> String {
        format!("{}; {}", self.summary, self.detail)
    }
}

/// Returns the faults of a value; none when the parameter can take it.
pub(crate) fn diagnose(parameter: &Value, value: &str) -> Vec<Diagnostic> {
    let faults = [mistype(parameter, value), no_option(parameter, value), broken(parameter, value)];
    faults.into_iter().flatten().collect()
}

/// The texts that Go takes for a boolean.
const BOOLS: [&str; 12] =
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

fn mistype(parameter: &Value, value: &str) -> Option<Diagnostic> {
    let kind = parameter.text("type").unwrap_or("string");
    let detail = match kind {
        "bool" if !BOOLS.contains(&value) => format!("\"{value}\" is not a bool"),
        // A parameter with words of its own says them.
        "number" if value.parse::<f64>().is_err() && own_words(parameter).is_none() => {
            format!("\"{value}\" is not a number")
        }
        "list(string)" if serde_json::from_str::<Vec<String>>(value).is_err() => {
            format!("value \"{value}\" is not a valid list of strings")
        }
        _ => return None,
    };
    let summary = format!("Parameter value is not of type \"{kind}\"");
    Some(Diagnostic { summary, detail, mistyped: true })
}

fn no_option(parameter: &Value, value: &str) -> Option<Diagnostic> {
    let options = parameter.get("options").and_then(Value::as_array)?;
    let is_value = |option: &Value| option.get("value").and_then(Value::as_str) == Some(value);
    let is_list = parameter.text("type") == Some("list(string)");
    if is_list || options.is_empty() || options.iter().any(is_value) {
        return None;
    }
    let hint = if value.is_empty() {
        ". The value is empty, did you forget to set it with a default or from user input?"
    } else {
        ""
    };
    Some(Diagnostic {
        summary: format!("Value must be a valid option{hint}"),
        detail: format!("the value \"{value}\" must be defined as one of options"),
        mistyped: false,
    })
}

/// Finds a number that is outside of its limits, and a text that is not a number where there are
/// limits.
fn broken(parameter: &Value, value: &str) -> Option<Diagnostic> {
    let (least, greatest) = (limit(parameter, "min"), limit(parameter, "max"));
    if parameter.text("type") != Some("number") || least.or(greatest).is_none() {
        return None;
    }
    let reason = match value.parse::<i64>() {
        Err(_) if mistype(parameter, value).is_some() => return None,
        Err(_) => format!("value \"{value}\" is not a number"),
        Ok(given) => match (least, greatest) {
            (Some(least), _) if given < least => {
                format!("value {given} is less than the minimum {least}")
            }
            (_, Some(greatest)) if given > greatest => {
                format!("value {given} is more than the maximum {greatest}")
            }
            _ => return None,
        },
    };
    let number = |limit: Option<i64>| limit.map_or_else(String::new, |limit| limit.to_string());
    let own_words = own_words(parameter).map(|text| {
        text.replace("{min}", &number(least))
            .replace("{max}", &number(greatest))
            .replace("{value}", value)
    });
    Some(Diagnostic {
        summary: "Invalid parameter value according to 'validation' block".to_owned(),
        detail: own_words.unwrap_or(reason),
        mistyped: false,
    })
}

fn own_words(parameter: &Value) -> Option<&str> {
    parameter.text("validation_error")
}

fn limit(parameter: &Value, which: &str) -> Option<i64> {
    parameter.get(format!("validation_{which}")).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(parameter: &Value, value: &str) -> Option<String> {
        diagnose(parameter, value).first().map(Diagnostic::text)
    }

    #[test]
    fn a_boolean_is_what_go_takes_for_one() {
        let gpu = json!({ "name": "gpu", "type": "bool" });
        assert_eq!((first(&gpu, "1"), first(&gpu, "TRUE")), (None, None));
        let words = "Parameter value is not of type \"bool\"; \"\" is not a bool";
        assert_eq!(first(&gpu, "").as_deref(), Some(words));
    }

    #[test]
    fn a_list_holds_texts() {
        let regions = json!({ "name": "regions", "type": "list(string)" });
        assert_eq!(first(&regions, "[]"), None);
        for wrong in ["eu", "[1]", ""] {
            assert!(first(&regions, wrong).is_some_and(|text| text.contains(wrong)), "{wrong}");
        }
    }

    #[test]
    fn a_number_with_limits_tells_them_in_the_templates_words() {
        let cpu = json!({ "name": "cpu", "type": "number", "validation_min": 1, "validation_max": 16,
                          "validation_error": "between {min} and {max}" });
        assert_eq!(first(&cpu, "16"), None);
        let words = "Invalid parameter value according to 'validation' block; between 1 and 16";
        for wrong in ["0", "17", "abc", "4.5", ""] {
            assert_eq!(first(&cpu, wrong).as_deref(), Some(words), "{wrong}");
        }
    }

    #[test]
    fn an_option_is_one_of_the_list_and_an_empty_one_gets_a_hint() {
        let ide = json!({ "name": "ide", "options": [{ "value": "vscode" }] });
        assert_eq!(first(&ide, "vscode"), None);
        let words =
            "Value must be a valid option; the value \"emacs\" must be defined as one of options";
        assert_eq!(first(&ide, "emacs").as_deref(), Some(words));
        assert!(first(&ide, "").is_some_and(|text| text.contains("did you forget to set it")));
    }
}
