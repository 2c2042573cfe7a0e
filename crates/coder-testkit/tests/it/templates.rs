//! Templates, their versions and parameters.

use crate::common::{call, get};
use coder_testkit::{FakeCoder, NewAgent, NewResource, NewWorkspaceApp, Version};
use serde_json::{Value, json};

fn ask(coder: &FakeCoder, path: &str) -> Value {
    let token = coder.add_user("alice").session_token;
    get(coder, &format!("/api/v2/{path}"), token.expose()).json()
}

fn names(templates: &Value) -> Vec<&str> {
    templates.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect()
}

#[test]
fn templates_are_listed_by_name_without_deprecated_ones() {
    let coder = FakeCoder::new();
    coder.add_template("rust").display_name("Rust service");
    coder.add_template("go");
    coder.add_template("old").deprecated("use rust");
    coder.add_template("shared").organization("data");
    assert_eq!(names(&ask(&coder, "templates")), ["go", "rust", "shared"]);
    assert_eq!(names(&ask(&coder, "templates?q=deprecated:true")), ["old"]);
    assert_eq!(names(&ask(&coder, "templates?q=service")), ["rust"]);
    assert_eq!(names(&ask(&coder, "templates?q=exact_name:go")), ["go"]);
    assert_eq!(names(&ask(&coder, "templates?q=organization:data")), ["shared"]);
    assert_eq!(names(&ask(&coder, "organizations/data/templates")), ["shared"]);
    assert_eq!(ask(&coder, "organizations/default/templates/go")["organization_name"], "coder");
}

#[test]
fn a_template_exists_once_per_organization() {
    let coder = FakeCoder::new();
    let one = coder.add_template("go");
    let elsewhere = coder.add_template("go").organization("data");
    assert_eq!(one.id(), elsewhere.id(), "the same one, moved");
    let again = coder.add_template("go");
    assert_ne!(again.id(), one.id());
    assert_eq!(names(&ask(&coder, "templates?q=exact_name:go")), ["go", "go"]);
}

#[test]
fn parameters_come_with_the_version_once_it_is_imported() {
    let coder = FakeCoder::new();
    let template = coder
        .add_template("go")
        .required_parameter("repo")
        .rich_parameter(json!({ "name": "cpu", "type": "number", "default_value": "4" }));
    let path = format!("templateversions/{}/rich-parameters", template.active_version_id());
    let parameters = ask(&coder, &path);
    assert_eq!(parameters[0]["required"], true);
    assert_eq!(parameters[1]["type"], "number");

    let template = template.new_version("second").importing(true);
    let path = format!("/api/v2/templateversions/{}/rich-parameters", template.active_version_id());
    let token = coder.add_user("alice").session_token;
    assert_eq!(get(&coder, &path, token.expose()).status, 425);
}

#[test]
fn no_presets_are_null() {
    let coder = FakeCoder::new();
    let version = coder.add_template("go").active_version_id();
    assert_eq!(ask(&coder, &format!("templateversions/{version}/presets")), Value::Null);
}

#[test]
fn external_providers_say_whether_they_are_linked() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let version = coder.add_template("go").external_auth("gh", "GitHub").active_version_id();
    let path = format!("templateversions/{version}/external-auth");
    assert_eq!(ask(&coder, &path)[0]["authenticated"], false);
    coder.link_external_auth(&alice, "gh");
    assert_eq!(ask(&coder, &path)[0]["authenticated"], true);
}

#[test]
fn an_import_has_found_each_resource_for_a_start_and_for_a_stop() {
    let coder = FakeCoder::new();
    let editor = NewWorkspaceApp::subdomain("editor");
    let container =
        NewResource::new("docker_container", "main").agent(NewAgent::new("main").app(editor));
    let template =
        coder.add_template("go").resources([container, NewResource::new("docker_volume", "home")]);
    let path = format!("templateversions/{}/resources", template.active_version_id());
    let found = ask(&coder, &path);
    let seen: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["workspace_transition"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("home", "start"), ("home", "stop"), ("main", "start"), ("main", "stop")]);
    assert!(found[0].get("agents").is_none());
    let agent = &found[2]["agents"][0];
    assert_eq!((&agent["name"], &agent["status"]), (&json!("main"), &json!("connecting")));
    assert_eq!(agent["resource_id"], found[2]["id"]);
    assert_ne!(agent["id"], found[3]["agents"][0]["id"]);
    assert!(agent["apps"][0].get("subdomain_name").is_none(), "it is in no workspace");
    assert_eq!(ask(&coder, &path), found, "the same ids again");
}

#[test]
fn an_import_plans_twice_and_its_log_is_read_like_that_of_a_build() {
    let coder = FakeCoder::new();
    let version = coder.add_template("go").build_log(&["planning"], &["applying"]);
    let path = format!("templateversions/{}/logs", version.active_version_id());
    let log = ask(&coder, &path);
    let seen: Vec<(&str, &str)> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["stage"].as_str().unwrap(), line["output"].as_str().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            ("Setting up", ""),
            ("Parsing template parameters", ""),
            ("Detecting persistent resources", ""),
            ("Detecting persistent resources", "planning"),
            ("Detecting ephemeral resources", ""),
            ("Detecting ephemeral resources", "planning"),
            ("Cleaning Up", ""),
        ]
    );
    assert_eq!(log[3]["log_source"], "provisioner");
    assert_eq!(ask(&coder, &format!("{path}?after=6")), json!([log[6]]));
    let token = coder.add_user("alice").session_token;
    let wrong = get(&coder, &format!("/api/v2/{path}?after=x"), token.expose());
    assert_eq!(wrong.status, 400);
}

/// Returns what a real Coder answered, from the recorded answers.
fn recorded(name: &str) -> Value {
    let operations = "../coder-conformance/recorded/2.36.0/operations";
    let file = format!("{}/{operations}/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Returns a parameter as the template lists it, from its place in a recorded form.
fn listed(form: &Value) -> Value {
    let mut parameter = form.clone();
    parameter["default_value"] = form["default_value"]["value"].clone();
    for option in parameter["options"].as_array_mut().unwrap() {
        option["value"] = option["value"]["value"].clone();
    }
    for (rule, value) in form["validations"][0].as_object().into_iter().flatten() {
        if !value.is_null() {
            parameter[rule] = value.clone();
        }
    }
    parameter
}

#[test]
fn a_dynamic_form_says_what_is_missing_or_wrong_as_coder_does() {
    let recorded = recorded("EvaluateDynamicParameters.wrong");
    let coder = FakeCoder::builder().version(Version::V2_36).build();
    let template = coder.add_template("go");
    // The fake knows no regular expressions.
    let known = |parameter: &&Value| parameter["name"] != "word";
    let wanted: Vec<&Value> =
        recorded["body"]["parameters"].as_array().unwrap().iter().filter(known).collect();
    for parameter in &wanted {
        template.clone().rich_parameter(listed(parameter));
    }
    let alice = coder.add_user("alice");
    let path = format!(
        "/api/v2/templateversions/{}/dynamic-parameters/evaluate",
        template.active_version_id()
    );
    let evaluate = |inputs: &Value| {
        let body = json!({ "id": 7, "inputs": inputs, "owner_id": alice.id });
        call(&coder, "POST", &path, alice.session_token.expose(), &body).json()
    };
    let form = evaluate(&recorded["request"]["inputs"]);
    assert_eq!((&form["id"], &form["diagnostics"]), (&json!(0), &json!([])));
    assert_eq!(form["parameters"].as_array().unwrap().iter().collect::<Vec<_>>(), wanted);

    let mistyped = evaluate(&json!({ "size": "many", "sw": "maybe", "ms": "a" }));
    let wrong = mistyped["parameters"].as_array().unwrap().iter().filter_map(|one| {
        Some((one["value"]["valid"].as_bool()?, one["diagnostics"][0]["detail"].as_str()?))
    });
    assert_eq!(
        wrong.collect::<Vec<_>>(),
        [
            (false, "parameter value is null"),
            (false, "value \"a\" is not a valid list of strings"),
            (false, "\"many\" is not a number"),
            (false, "\"maybe\" is not a bool"),
            (false, "parameter value is null"),
        ]
    );
}

#[test]
fn without_an_owner_there_is_no_dynamic_form() {
    let recorded = recorded("EvaluateDynamicParameters.noowner");
    for version in Version::ALL {
        let coder = FakeCoder::builder().version(version).build();
        let template = coder.add_template("go").required_parameter("repo");
        let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
        let path = format!(
            "/api/v2/templateversions/{}/dynamic-parameters/evaluate",
            template.active_version_id()
        );
        let evaluate =
            |body: &Value| call(&coder, "POST", &path, alice.session_token.expose(), body).json();
        assert_eq!(evaluate(&recorded["request"]), recorded["body"], "{version}");
        let nobody = json!({ "owner_id": template.id() });
        assert_eq!(evaluate(&nobody), recorded["body"], "{version}");
        let of_bob = evaluate(&json!({ "owner_id": bob.id }));
        assert_eq!(of_bob["parameters"].is_array(), version >= Version::V2_31, "{version}");
    }
}

#[test]
fn a_question_about_a_form_is_an_object_of_texts() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let version = coder.add_template("go").active_version_id();
    let path = format!("/api/v2/templateversions/{version}/dynamic-parameters/evaluate");
    for (body, detail) in [
        (
            json!("x"),
            "json: cannot unmarshal string into Go value of type codersdk.DynamicParametersRequest",
        ),
        (json!({ "owner_id": "alice" }), "invalid UUID length: 5"),
    ] {
        let answer = call(&coder, "POST", &path, alice.session_token.expose(), &body);
        assert_eq!((answer.status.as_u16(), &answer.json()["detail"]), (400, &json!(detail)));
    }
}
