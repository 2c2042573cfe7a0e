//! Templates, their versions and parameters.

use crate::common::{call, get};
use coder_testkit::FakeCoder;
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
fn a_dynamic_form_says_what_is_missing_or_wrong() {
    let coder = FakeCoder::new();
    let template = coder
        .add_template("go")
        .required_parameter("repo")
        .rich_parameter(json!({ "name": "cpu", "type": "number", "default_value": "4" }));
    let path = format!(
        "/api/v2/templateversions/{}/dynamic-parameters/evaluate",
        template.active_version_id()
    );
    let token = coder.add_user("alice").session_token;
    let evaluate = |inputs: Value| {
        let body = json!({ "id": 7, "inputs": inputs });
        let answer = call(&coder, "POST", &path, token.expose(), &body).json();
        assert_eq!(answer["id"], 7);
        answer["parameters"].clone()
    };
    let empty = evaluate(json!({}));
    assert_eq!(empty[0]["diagnostics"][0]["extra"]["code"], "required");
    assert_eq!(empty[0]["value"]["valid"], false);
    assert_eq!(empty[1]["value"], json!({ "value": "4", "valid": true }));
    let filled = evaluate(json!({ "repo": "x", "cpu": "many" }));
    assert_eq!(filled[0]["diagnostics"], json!([]));
    assert_eq!(filled[1]["diagnostics"][0]["detail"], "value must be a number");
}
