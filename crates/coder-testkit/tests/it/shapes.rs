//! The fake's JSON has the fields of Coder's, no more and no fewer.

use std::collections::BTreeSet;

use crate::common::{call, get, setting};
use coder_testkit::{FakeCoder, NewWorkspaceApp, Pace, Version};
use serde_json::{Value, json};

/// Returns the paths of all fields; the items of an array share theirs.
fn fields(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let path = format!("{path}.{name}");
                    walk(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}

/// Compares with a fixture. `ours` and `theirs` are fields that only one side has because of what
/// is stored, not because of how it is shown; a prefix is enough.
#[track_caller]
fn same_fields(fixture: &str, value: &Value, ours: &[&str], theirs: &[&str]) {
    let path = format!("{}/tests/fixtures/{fixture}.json", env!("CARGO_MANIFEST_DIR"));
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (got, wanted) = (fields(value), fields(&fixture));
    let but = |set: BTreeSet<String>, excused: &[&str]| -> Vec<String> {
        set.into_iter().filter(|path| !excused.iter().any(|e| path.starts_with(e))).collect()
    };
    assert_eq!(but(&got - &wanted, ours), [""; 0], "only the fake has these");
    assert_eq!(but(&wanted - &got, theirs), [""; 0], "only Coder has these");
}

/// What depends on the template, the owner or the agents of the fixture.
const STORED: [&str; 8] = [
    // A picture that nobody has is left out of builds.
    ".latest_build.workspace_owner_avatar_url",
    ".autostart_schedule",
    ".ttl_ms",
    ".latest_build.resources.metadata",
    ".latest_build.resources.agents.environment_variables.",
    ".latest_build.resources.agents.latency",
    ".latest_build.resources.agents.apps.tooltip",
    ".latest_build.resources.agents.apps.group",
];

#[test]
fn a_running_workspace() {
    let setting = setting(Version::V2_34);
    let workspace = setting
        .coder
        .add_workspace(&setting.alice, "payments-api")
        .app(NewWorkspaceApp::command("htop", "htop"))
        .create();
    let token = setting.alice.session_token.expose();
    let json = get(&setting.coder, &format!("/api/v2/workspaces/{workspace}"), token).json();
    let excused = [".latest_build.resources.agents.latency"];
    same_fields("workspace_running", &json, &excused, &STORED);
}

#[test]
fn a_stopped_and_a_failed_workspace() {
    let setting = setting(Version::V2_34);
    let token = setting.alice.session_token.expose();
    let show = |id| get(&setting.coder, &format!("/api/v2/workspaces/{id}"), token).json();
    let stopped = setting.coder.add_workspace(&setting.alice, "docs").stopped().create();
    same_fields("workspace_stopped", &show(stopped), &[], &STORED);
    let failed = setting.coder.add_workspace(&setting.alice, "ledger").failed("no quota").create();
    let excused = [".latest_build.has_ai_task", ".latest_build.has_external_agent"];
    let theirs: Vec<&str> = STORED.iter().chain(&excused).copied().collect();
    same_fields("workspace_failed", &show(failed), &[], &theirs);
    let queued = setting.coder.add_workspace(&setting.alice, "new").queued(3, 5).create();
    same_fields("workspace_pending_queued", &show(queued), &[], &theirs);
}

#[test]
fn the_answer_to_a_creation() {
    let setting = setting(Version::V2_34);
    let template = setting.coder.add_template("devcontainers");
    let body = json!({ "name": "new-svc", "template_id": template.id().to_string() });
    let token = setting.alice.session_token.expose();
    let answer = call(&setting.coder, "POST", "/api/v2/users/me/workspaces", token, &body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    let json = answer.json();
    same_fields("workspace_pending_created", &json, &[], &STORED);
    assert_eq!(json["latest_build"]["template_version_name"], "");
    assert_eq!(json["latest_build"]["resources"], json!([]));
    assert_eq!(json["latest_build"]["status"], "pending");
}

#[test]
fn templates_and_what_belongs_to_them() {
    let coder = FakeCoder::builder().version(Version::V2_37).pace(Pace::INSTANT).build();
    let alice = coder.add_user("alice");
    let template = coder
        .add_template("backend-service")
        .rich_parameter(json!({
            "name": "region",
            "display_name": "Region",
            "options": [{ "name": "EU", "description": "", "value": "eu", "icon": "" }],
            "default_value": "eu",
        }))
        .preset("EU standard", &[("region", "eu")]);
    let token = alice.session_token.expose();
    let ask = |path: String| get(&coder, &format!("/api/v2/{path}"), token).json();
    same_fields("template", &ask(format!("templates/{}", template.id())), &[], &[]);
    let version = template.active_version_id();
    let parameters = ask(format!("templateversions/{version}/rich-parameters"));
    same_fields("template_rich_parameters", &parameters, &[], &[".validation"]);
    let path = format!("/api/v2/templateversions/{version}/dynamic-parameters/evaluate");
    let form = call(&coder, "POST", &path, token, &json!({ "owner_id": alice.id })).json();
    let stored = [".parameters.styling.", ".parameters.diagnostics."];
    same_fields("dynamic_parameters", &form, &[], &stored);
    let tokens = "/api/v2/users/me/keys/tokens";
    call(&coder, "POST", tokens, token, &json!({ "token_name": "portal" }));
    same_fields("api_tokens", &ask("users/me/keys/tokens".to_owned()), &[], &[]);
    same_fields("template_presets", &ask(format!("templateversions/{version}/presets")), &[], &[]);
    same_fields("organizations", &ask("organizations".to_owned()), &[], &[]);
    // What is empty is left out.
    let empty = [".roles.", ".name", ".avatar_url"];
    same_fields("user", &ask("users/me".to_owned()), &[], &empty);

    let workspace = coder.add_workspace(&alice, "dev").parameter("region", "eu").create();
    let build = &ask(format!("workspaces/{workspace}"))["latest_build"]["id"];
    let build = build.as_str().unwrap().to_owned();
    same_fields("build_parameters", &ask(format!("workspacebuilds/{build}/parameters")), &[], &[]);
    same_fields("build_logs", &ask(format!("workspacebuilds/{build}/logs")), &[], &[]);
}

#[test]
fn the_deployment_and_its_applications() {
    for (version, app_fixture) in
        [(Version::V2_34, "oauth2_app"), (Version::V2_38, "oauth2_app_2_38")]
    {
        let setting = setting(version);
        let root = setting.coder.add_owner("root");
        let token = root.session_token.expose();
        let path = format!("/api/v2/oauth2-provider/apps/{}", setting.app.client_id);
        same_fields(app_fixture, &get(&setting.coder, &path, token).json(), &[], &[]);
        let secrets = get(&setting.coder, &format!("{path}/secrets"), token).json();
        same_fields("oauth2_app_secrets", &secrets, &[], &[]);
        let metadata = get(&setting.coder, "/.well-known/oauth-authorization-server", "").json();
        same_fields("oauth_metadata", &metadata, &[".registration_endpoint"], &[]);
        let resource = get(&setting.coder, "/.well-known/oauth-protected-resource", "").json();
        same_fields("oauth_protected_resource", &resource, &[], &[]);
    }
    let info = get(&FakeCoder::new(), "/api/v2/buildinfo", "").json();
    same_fields("buildinfo_2_38", &info, &[".webpush_public_key"], &[]);
}
