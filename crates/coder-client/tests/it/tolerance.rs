//! A value that is missing, null, or of a form unknown here spoils nothing beside it: each field of
//! the recorded answers is removed and replaced in turn.

use std::collections::BTreeSet;

use crate::recorded::{Recorded, differences, every_answer, reader};
use coder_client::ClientError;
use serde_json::{Value, json};

/// What makes each thing that thing: without these fields it cannot be read. All others may be
/// missing, null, or of any form.
///
/// A thing is called by its type where it is an answer, or an item of one; further inside by the
/// field that holds it, with `[]` for the items of a list and `{}` for the entries of a map.
const MAKES: &[(&str, &[&str])] = &[
    ("AgentLog", &["id"]),
    ("AgentMetadatum", &["description"]),
    ("ApiKey", &["id", "user_id"]),
    ("BuildInfo", &["version"]),
    ("BuildParameter", &["name", "value"]),
    ("ExternalAuthDevice", &["device_code", "user_code", "verification_uri"]),
    ("OAuth2App", &["id", "name"]),
    ("OAuth2AppSecret", &["id"]),
    ("OAuth2Client", &["client_id"]),
    ("OAuth2ResourceMetadata", &["resource"]),
    ("OAuth2ServerMetadata", &["authorization_endpoint", "issuer", "token_endpoint"]),
    ("Organization", &["id", "name"]),
    ("OrganizationMember", &["user_id", "username"]),
    ("Preset", &["ID", "Name"]),
    ("ProvisionerDaemon", &["id"]),
    ("ProvisionerJobLog", &["id"]),
    ("Template", &["id", "name"]),
    ("TemplateVersion", &["id", "name"]),
    ("TemplateVersionExternalAuth", &["id"]),
    ("TemplateVersionParameter", &["name"]),
    ("TemplateVersionVariable", &["name"]),
    ("User", &["id", "username"]),
    ("UserParameter", &["name", "value"]),
    ("Workspace", &["id", "name", "owner_id", "owner_name"]),
    ("WorkspaceAgent", &["id", "name"]),
    ("WorkspaceBuild", &["id"]),
    ("WorkspaceResource", &["id", "name"]),
    ("Parameters[]", &["Name", "Value"]),
    ("agents[]", &["id", "name"]),
    ("apps[]", &["id", "slug"]),
    ("created_by", &["id", "username"]),
    ("description", &["key"]),
    ("global_roles[]", &["name"]),
    ("group[]", &["id"]),
    ("health", &["healthy"]),
    ("job", &["id"]),
    ("latency{}", &["latency_ms"]),
    ("latest_app_status", &["id"]),
    ("latest_build", &["id"]),
    ("links[]", &["provider_id"]),
    ("log_sources[]", &["id"]),
    ("members[]", &["id", "username"]),
    ("metadata[]", &["key"]),
    ("options[]", &["name", "value"]),
    ("parameters[]", &["name"]),
    ("ports[]", &["port"]),
    ("previous_job", &["id"]),
    ("providers[]", &["id"]),
    ("regions[]", &["id"]),
    ("resources[]", &["id", "name"]),
    ("roles[]", &["name"]),
    ("shared_with[]", &["id"]),
    ("shares[]", &["agent_name", "port"]),
    ("statuses[]", &["id"]),
    ("users[]", &["id", "username"]),
    ("workspaces[]", &["id", "name", "owner_id", "owner_name"]),
];

/// The fields that hold a map whose keys are not Coder's.
const MAPS: &[&str] = &[
    "build_time_stats",
    "environment_variables",
    "features",
    "labels",
    "latency",
    "ssh_config_options",
    "tags",
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

/// Returns values of every form, some of them odd.
fn forms() -> Vec<Value> {
    let scalars = [json!(null), json!("odd"), json!(true), json!(7), json!(-7), json!(1e300)];
    scalars.into_iter().chain([json!([null]), json!({"odd": [7]})]).collect()
}

#[test]
fn each_field_may_be_missing_null_or_of_any_form_unless_it_makes_its_thing() {
    let mut answers = every_answer();
    // Each kind of place is tried in the smallest answer that has it.
    answers.sort_by_cached_key(|recorded| recorded.body.to_string().len());
    let mut tried = BTreeSet::new();
    let mut needed = BTreeSet::new();
    let mut faults = Vec::new();
    for recorded in answers.iter().filter(|recorded| recorded.is_success()) {
        let output = reader(&recorded.operation).output;
        // The first is not modelled, of the second nothing is read.
        if matches!(output.as_str(), "Value" | "()") {
            continue;
        }
        let thing = output.trim_start_matches("List<").trim_start_matches("Option<");
        let answer = Answer { recorded, thing: thing.trim_end_matches('>') };
        for place in places(&recorded.body) {
            if !tried.insert((output.clone(), answer.shape(&place))) {
                continue;
            }
            if answer.is_gone_without(&place, &mut faults) {
                needed.insert((answer.holder(&place), name(&place)));
            }
            let mut body = recorded.body.clone();
            for form in forms() {
                let how = form.to_string();
                *at(&mut body, &place) = form;
                answer.check(&body, &place, &how, &mut faults);
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(tried.len() > 700, "only {}", tried.len());
    let makes: BTreeSet<(String, String)> = MAKES
        .iter()
        .flat_map(|(thing, fields)| {
            fields.iter().map(|field| (thing.to_string(), field.to_string()))
        })
        .collect();
    assert_eq!(needed, makes, "what is needed is what the table says");
}

struct Answer<'a> {
    recorded: &'a Recorded,
    /// The type of the answer, or of its items.
    thing: &'a str,
}

impl Answer<'_> {
    /// Tells whether a thing is lost together with the field at this place.
    fn is_gone_without(&self, place: &[Step], faults: &mut Vec<String>) -> bool {
        let mut body = self.recorded.body.clone();
        let (last, holder) = place.split_last().unwrap();
        let Step::Field(field) = last else { return false };
        at(&mut body, holder).as_object_mut().unwrap().remove(field);
        let makes = self.makes(place);
        let is_whole = self.check(&body, place, "removed", faults);
        makes && !is_whole
    }

    /// Reads a changed answer; whether nothing of it is lost.
    fn check(&self, body: &Value, changed: &[Step], how: &str, faults: &mut Vec<String>) -> bool {
        let damage = self.damage(changed);
        let fault = |what: String| format!("{}{}: {how}: {what}", self.thing, text(changed));
        match (self.recorded.parsed(body), damage) {
            (Err(ClientError::Unreadable(answer)), None) => {
                if format!(".{}", answer.path) != text(changed) {
                    faults.push(fault(format!("the error is about `{}`", answer.path)));
                }
                false
            }
            (Err(error), _) => {
                faults.push(fault(error.to_string()));
                false
            }
            (Ok(None), _) => true,
            (Ok(Some(written)), damage) => {
                let lost = differences(body, &written, "");
                let damage = text(damage.unwrap_or(changed));
                for lost in &lost {
                    let beside = lost
                        .strip_prefix(&damage)
                        .is_none_or(|rest| !rest.starts_with([':', '.', '[']));
                    if beside {
                        faults.push(fault(format!("this is lost as well: {lost}")));
                    }
                }
                lost.is_empty()
            }
        }
    }

    /// Returns what may be lost with this place: the place itself, or the thing that it makes; of a
    /// list or map an item. `None` stands for the whole answer.
    fn damage<'a>(&self, place: &'a [Step]) -> Option<&'a [Step]> {
        let (last, holder) = place.split_last()?;
        match last {
            Step::Item(_) => Some(holder),
            Step::Field(_) if self.makes(place) => self.damage(holder),
            Step::Field(_) if is_map(holder) => Some(holder),
            Step::Field(_) => Some(place),
        }
    }

    fn makes(&self, place: &[Step]) -> bool {
        let (holder, name) = (self.holder(place), name(place));
        MAKES.iter().any(|(thing, fields)| *thing == holder && fields.contains(&name.as_str()))
    }

    /// Returns what the table calls the thing that has a field at this place.
    fn holder(&self, place: &[Step]) -> String {
        match &place[..place.len() - 1] {
            [] | [Step::Item(_)] => self.thing.to_owned(),
            [map @ .., Step::Field(_)] if is_map(map) => format!("{}{{}}", name(map)),
            [.., Step::Field(field)] => field.clone(),
            [.., Step::Field(list), Step::Item(_)] => format!("{list}[]"),
            other => panic!("a list in a list: {other:?}"),
        }
    }

    /// Returns the place, whichever the item of a list or the entry of a map is.
    fn shape(&self, place: &[Step]) -> String {
        let mut shape = String::new();
        for (at, step) in place.iter().enumerate() {
            shape += &match step {
                Step::Item(_) => "[]".to_owned(),
                Step::Field(_) if is_map(&place[..at]) => "{}".to_owned(),
                Step::Field(name) => format!(".{name}"),
            };
        }
        shape
    }
}

/// Returns every place in a value but the value itself.
fn places(value: &Value) -> Vec<Vec<Step>> {
    let inside: Vec<(Step, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (Step::Field(name.clone()), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (Step::Item(at), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (step, value) in inside {
        all.push(vec![step.clone()]);
        all.extend(places(value).into_iter().map(|mut place| {
            place.insert(0, step.clone());
            place
        }));
    }
    all
}

fn at<'a>(value: &'a mut Value, place: &[Step]) -> &'a mut Value {
    place.iter().fold(value, |value, step| match step {
        Step::Field(name) => &mut value[name.as_str()],
        Step::Item(at) => &mut value[*at],
    })
}

fn is_map(place: &[Step]) -> bool {
    MAPS.contains(&name(place).as_str())
}

fn name(place: &[Step]) -> String {
    match place.last() {
        Some(Step::Field(name)) => name.clone(),
        _ => String::new(),
    }
}

fn text(place: &[Step]) -> String {
    let steps = place.iter().map(|step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Item(at) => format!("[{at}]"),
    });
    steps.collect()
}
