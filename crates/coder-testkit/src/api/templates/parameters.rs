//! Which values a build's parameters get, and why some are refused.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::validation::diagnose;
use crate::Version;
use crate::json::Json as _;
use crate::model::{Preset, Template, TemplateVersion};
use crate::store::State;
use crate::wire::reply::Reply;

/// The names and values of parameters.
pub(crate) type Values = Vec<(String, String)>;

/// The sources of a build's values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) preset: Option<&'a Preset>,
    pub(crate) given: &'a [(String, String)],
    /// The values of the build before; none for a new workspace.
    pub(crate) last: Option<&'a [(String, String)]>,
}

/// The values of a build, and the preset they come from.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) preset: Option<Uuid>,
    pub(crate) values: Values,
}

/// The rules that a template's values are held to.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// Errors are told in the words of the classic parameters.
    classic: bool,
    /// A number that may only grow, or shrink, is held to that.
    monotonic: bool,
}

impl Template {
    /// Resolves the values of a build: the preset's values beat given ones, then come those of the
    /// build before, then the defaults. Names that the template does not have are ignored.
    ///
    /// # Errors
    ///
    /// 400 with a validation for each parameter that has no value or a wrong one.
    pub(crate) fn resolve(
        &self,
        release: Version,
        version: &TemplateVersion,
        wanted: Wanted<'_>,
    ) -> Result<Resolved, Reply> {
        let classic = self.is_classic(release);
        let rules = Rules { classic, monotonic: classic || release >= Version::V2_34 };
        let mut faults = Vec::new();
        let mut values = Values::new();
        for parameter in in_order(version, &wanted) {
            let name = parameter.text("name").unwrap_or_default().to_owned();
            let of_preset = wanted.preset.and_then(|preset| find(&preset.values, &name));
            let chosen = of_preset.or_else(|| find(wanted.given, &name));
            match rules.value_of(parameter, chosen, wanted.last) {
                Ok(value) => values.push((name, value)),
                Err(reason) => faults.push((name, reason)),
            }
        }
        if !faults.is_empty() {
            faults.sort();
            return Err(rules.refusal(faults));
        }
        if version.takes_anything {
            keep_unknown(&mut values, &wanted);
        }
        let found = || matching(&version.presets, &values).filter(|_| release >= Version::V2_29);
        Ok(Resolved { preset: wanted.preset.map(|preset| preset.id).or_else(found), values })
    }
}

impl Rules {
    /// Returns the value of one parameter, or what is wrong with the value.
    fn value_of(
        self,
        parameter: &Value,
        chosen: Option<String>,
        last: Option<&[(String, String)]>,
    ) -> Result<String, String> {
        let name = parameter.text("name").unwrap_or_default();
        let flag = |field: &str| parameter.get(field).and_then(Value::as_bool) == Some(true);
        let before = last.and_then(|last| find(last, name));
        let kept = before.clone().filter(|_| !flag("ephemeral"));
        let Some(value) = chosen.or(kept) else {
            return match flag("required") {
                true if self.classic => Err("parameter value is required".to_owned()),
                true => Err("Required parameter not provided; parameter value is null".to_owned()),
                false => Ok(parameter.text("default_value").unwrap_or_default().to_owned()),
            };
        };
        if !flag("mutable") && before.as_ref().is_some_and(|before| *before != value) {
            return Err(self.immutable(name));
        }
        if let Some(diagnostic) = diagnose(parameter, &value).into_iter().next() {
            return Err(if self.classic { diagnostic.detail } else { diagnostic.text() });
        }
        match before.and_then(|before| against_its_way(parameter, &before, &value)) {
            Some(reason) if self.monotonic && self.classic => Err(reason),
            Some(reason) if self.monotonic => {
                Err(format!("Parameter \"{name}\" monotonicity; {reason}"))
            }
            Some(_) | None => Ok(value),
        }
    }

    fn immutable(self, name: &str) -> String {
        if self.classic {
            return "parameter is immutable".to_owned();
        }
        format!(
            "Immutable parameter changed; Parameter \"{name}\" is not mutable, so it can't be \
             updated after creating a workspace."
        )
    }

    /// Makes the answer that refuses values. The classic one names the first parameter in its
    /// detail.
    fn refusal(self, faults: Vec<(String, String)>) -> Reply {
        match faults.first() {
            Some((name, reason)) if self.classic => Reply::error_with_detail(
                StatusCode::BAD_REQUEST,
                &format!("Unable to validate parameter \"{name}\""),
                &format!("can't validate build parameter \"{name}\": {reason}"),
            ),
            Some(_) | None => {
                Reply::invalid(StatusCode::BAD_REQUEST, "Unable to validate parameters", faults)
            }
        }
    }
}

/// Returns the parameters in the order in which Coder stores their values: as in the build before,
/// or else those by default, by their names, then those that were given, then those of the preset.
fn in_order<'v>(version: &'v TemplateVersion, wanted: &Wanted<'_>) -> Vec<&'v Value> {
    let given = wanted.given;
    let preset = wanted.preset.map(|preset| preset.values.as_slice()).unwrap_or_default();
    let place = |values: &[(String, String)], name: &str| {
        values.iter().position(|(known, _)| known == name)
    };
    let mut parameters: Vec<&Value> = version.parameters.iter().collect();
    parameters.sort_by_key(|parameter| {
        let name = parameter.text("name").unwrap_or_default();
        let before = wanted.last.and_then(|last| place(last, name));
        let order = match (before, place(given, name), place(preset, name)) {
            (Some(place), _, _) => (0, place),
            (None, None, None) => (1, 0),
            (None, Some(place), _) => (2, place),
            (None, None, Some(place)) => (3, place),
        };
        (order, name)
    });
    parameters
}

/// Returns why a number may not follow the one before, for a parameter that may only grow or only
/// shrink.
fn against_its_way(parameter: &Value, before: &str, value: &str) -> Option<String> {
    let (Ok(last), Ok(next)) = (before.parse::<i64>(), value.parse::<i64>()) else { return None };
    let way = match parameter.text("validation_monotonic")? {
        "increasing" if next < last => "greater",
        "decreasing" if next > last => "lower",
        _ => return None,
    };
    Some(format!("parameter value '{next}' must be equal or {way} than previous value: {last}"))
}

/// Finds the last value of that name.
fn find(values: &[(String, String)], name: &str) -> Option<String> {
    values.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// Finds the preset whose values are all among these. If several fit, the one with most values is
/// taken.
fn matching(presets: &[Preset], values: &[(String, String)]) -> Option<Uuid> {
    let fits = |preset: &&Preset| {
        !preset.values.is_empty() && preset.values.iter().all(|value| values.contains(value))
    };
    let best = presets.iter().filter(fits).max_by_key(|preset| preset.values.len());
    best.map(|preset| preset.id)
}

/// Keeps what a template that nobody has described was given: a test that only cares about values
/// needs no parameters.
fn keep_unknown(values: &mut Values, wanted: &Wanted<'_>) {
    for (name, value) in wanted.last.unwrap_or_default().iter().chain(wanted.given) {
        values.retain(|(known, _)| known != name);
        values.push((name.clone(), value.clone()));
    }
}

impl State {
    /// Returns the preset of that id, whichever template has it.
    ///
    /// # Errors
    ///
    /// 500 when there is none.
    pub(crate) fn preset(&self, id: Uuid) -> Result<&Preset, Reply> {
        let versions = self.templates.iter().flat_map(|template| &template.versions);
        versions.flat_map(|version| &version.presets).find(|preset| preset.id == id).ok_or_else(
            || {
                Reply::error_with_detail(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "failed to fetch preset parameter values",
                    "failed to get preset parameters: sql: no rows in result set",
                )
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        let version = TemplateVersion {
            parameters: vec![
                json!({ "name": "repo", "required": true, "mutable": false }),
                json!({ "name": "cpu", "type": "number", "default_value": "4", "mutable": true,
                        "validation_min": 2, "validation_max": 16,
                        "validation_monotonic": "increasing" }),
                json!({ "name": "fresh", "type": "bool", "default_value": "false",
                        "mutable": true, "ephemeral": true }),
            ],
            presets: vec![Preset {
                id: Uuid::max(),
                name: "Large".to_owned(),
                default: true,
                values: pairs(&[("cpu", "8")]),
            }],
            ..TemplateVersion::new(Uuid::nil(), "", Timestamp::UNIX_EPOCH)
        };
        Template::bare(Uuid::nil(), Uuid::nil(), "t", Timestamp::UNIX_EPOCH, version)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn resolve(
        release: Version,
        preset: bool,
        given: &[(&str, &str)],
        last: Option<&[(&str, &str)]>,
    ) -> Result<Resolved, String> {
        let template = template();
        let version = template.active().unwrap();
        let (given, last) = (pairs(given), last.map(pairs));
        let preset = version.presets.first().filter(|_| preset);
        let wanted = Wanted { preset, given: &given, last: last.as_deref() };
        template.resolve(release, version, wanted).map_err(Reply::reason_with_detail)
    }

    fn value(resolved: &Resolved, name: &str) -> String {
        find(&resolved.values, name).unwrap()
    }

    #[test]
    fn a_preset_beats_given_values_which_beat_the_last_ones_and_defaults() {
        let first = resolve(Version::V2_36, false, &[("repo", "a")], None).unwrap();
        assert_eq!(first.values, pairs(&[("cpu", "4"), ("fresh", "false"), ("repo", "a")]));
        let last: &[_] = &[("repo", "a"), ("cpu", "6"), ("fresh", "true")];
        let next = resolve(Version::V2_36, false, &[], Some(last)).unwrap();
        assert_eq!((value(&next, "cpu"), value(&next, "fresh")), ("6".into(), "false".into()));
        let both = resolve(Version::V2_36, true, &[("cpu", "7")], Some(last)).unwrap();
        assert_eq!(value(&both, "cpu"), "8");
        let twice = [("repo", "a"), ("cpu", "5"), ("cpu", "6"), ("nope", "1")];
        let repeated = resolve(Version::V2_36, false, &twice, None).unwrap();
        assert_eq!(value(&repeated, "cpu"), "6", "the last one of a name counts");
        assert_eq!(repeated.values.len(), 3, "names that are not known are ignored");
    }

    #[test]
    fn a_preset_is_recognised_by_its_values() {
        let given: &[_] = &[("repo", "a"), ("cpu", "8")];
        assert_eq!(resolve(Version::V2_36, false, given, None).unwrap().preset, Some(Uuid::max()));
        assert_eq!(resolve(Version::V2_36, false, &given[..1], None).unwrap().preset, None);
    }

    #[test]
    fn a_value_that_a_template_cannot_take_is_refused_with_the_reason() {
        let last: &[_] = &[("repo", "a"), ("cpu", "6")];
        for (given, last, words) in [
            (&[][..], None, "Required parameter not provided; parameter value is null"),
            (&[("repo", "b")][..], Some(last), "Immutable parameter changed; Parameter \"repo\""),
            (
                &[("cpu", "5")][..],
                Some(last),
                "monotonicity; parameter value '5' must be equal or greater than previous value: 6",
            ),
            (&[("repo", "a"), ("cpu", "17")][..], None, "value 17 is more than the maximum 16"),
            (&[("repo", "a"), ("fresh", "yes")][..], None, "type \"bool\"; \"yes\" is not a bool"),
        ] {
            let reason = resolve(Version::V2_36, false, given, last).unwrap_err().replace('\\', "");
            assert!(reason.contains(words), "{reason}");
        }
        assert!(resolve(Version::V2_31, false, &[("cpu", "5")], Some(last)).is_ok());
    }

    #[test]
    fn classic_parameters_name_the_first_fault_in_the_detail() {
        let given: &[_] = &[("repo", "a"), ("cpu", "99")];
        let reason = resolve(Version::V2_24, false, given, None).unwrap_err();
        assert!(reason.contains("can't validate build parameter \"cpu\": value 99"), "{reason}");
    }
}
