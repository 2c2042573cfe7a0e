//! The deployment, unknown paths and methods, permission checks, large bodies and organizations.

use serde_json::{Map, Value, json};

use super::family::{Family, NOBODY, Row};
use crate::server::Server;

const ANYWHERE: Family = Family { labels: "misc/", paths: "" };
const API: Family = Family { labels: "misc/", paths: "/api/v2" };
const ORGANIZATIONS: Family = Family { labels: "orgs/", paths: "/api/v2/organizations" };
const CHECKS: Family = Family { labels: "misc/authcheck:", paths: "/api/v2" };

const DEPLOYMENT: &[Row<'_>] = &[
    ("buildinfo-HEAD", NOBODY, "HEAD /buildinfo"),
    ("buildinfo-POST", NOBODY, "POST /buildinfo"),
    ("buildinfo-slash", NOBODY, "GET /buildinfo/"),
    ("updatecheck", NOBODY, "GET /updatecheck"),
    ("experiments", "grace", "GET /experiments"),
    ("experiments-none", NOBODY, "GET /experiments"),
    ("experiments-available", "grace", "GET /experiments/available"),
    ("entitlements", NOBODY, "GET /entitlements"),
    ("appearance", "grace", "GET /appearance"),
    ("regions", "grace", "GET /regions"),
    ("regions-none", NOBODY, "GET /regions"),
    ("workspaceproxies", "ada", "GET /workspaceproxies"),
    ("applications-host", "grace", "GET /applications/host"),
    ("applications-host-none", NOBODY, "GET /applications/host"),
    ("ssh", "grace", "GET /deployment/ssh"),
    ("ssh-none", NOBODY, "GET /deployment/ssh"),
    ("stats-member", "grace", "GET /deployment/stats"),
    ("auth-scopes", NOBODY, "GET /auth/scopes"),
    ("licenses", "ada", "GET /licenses"),
    ("groups", "ada", "GET /groups"),
    ("stats-owner", "ada", "GET /deployment/stats"),
    ("config-owner", "ada", "GET /deployment/config"),
    ("config-member", "grace", "GET /deployment/config"),
    ("health", "grace", "GET /debug/health"),
    ("notifications-settings", "grace", "GET /notifications/settings"),
    ("notifications-inbox", "grace", "GET /notifications/inbox"),
    ("notifications-templates", "grace", "GET /notifications/templates/system"),
    ("insights", "ada", "GET /insights/daus"),
    ("audit", "ada", "GET /audit?limit=1"),
    ("files-none", "ada", "POST /files"),
    ("external-auth", "grace", "GET /external-auth"),
    ("external-auth-unknown", "grace", "GET /external-auth/github"),
    ("unknown", "grace", "GET /nope"),
    ("unknown-none", NOBODY, "GET /nope"),
    ("unknown-deep", "grace", "GET /users/me/nope"),
];

const ROOTS: &[Row<'_>] = &[
    ("root", NOBODY, "GET /"),
    ("api-root", NOBODY, "GET /api/v2"),
    ("api-root-slash", NOBODY, "GET /api/v2/"),
    ("api", NOBODY, "GET /api"),
    ("healthz", NOBODY, "GET /healthz"),
    ("latency-check", NOBODY, "GET /latency-check"),
];

const STRANGE_PATHS: &[Row<'_>] = &[
    ("api-v3", "grace", "GET /api/v3/users/me"),
    ("double-slash", "grace", "GET /api/v2//users/me"),
    ("trailing-slash", "grace", "GET /api/v2/users/me/"),
    ("favicon", NOBODY, "GET /favicon.ico"),
    ("login-page", NOBODY, "GET /login"),
    ("workspaces-page", NOBODY, "GET /workspaces"),
    ("icon", NOBODY, "GET /icon/code.svg"),
    ("open-in-coder", NOBODY, "GET /open-in-coder.svg"),
    ("emoji", NOBODY, "GET /emojis/1f3e1.png"),
    ("icon-unknown", NOBODY, "GET /icon/nope.svg"),
];

/// Methods that these paths do not take.
const METHODS: &[&str] = &[
    "POST /users/me",
    "PUT /users/me",
    "PATCH /users/me",
    "HEAD /users/me",
    "POST /workspaces",
    "PUT /workspaces",
    "DELETE /workspaces",
    "POST /templates",
    "DELETE /organizations",
    "PUT /regions",
    "POST /workspaces/{unknown}",
    "DELETE /workspaces/{workspace.vm}",
    "PUT /workspaces/{workspace.vm}/builds",
    "POST /templateversions/{version.plain}",
    "DELETE /users/me/keys",
];

const OF_ORGANIZATIONS: &[Row<'_>] = &[
    ("list", "grace", "GET "),
    ("list-owner", "ada", "GET "),
    ("default", "grace", "GET /default"),
    ("by-name", "grace", "GET /coder"),
    ("by-id", "grace", "GET /{org.id}"),
    ("unknown", "grace", "GET /nope"),
    ("unknown-id", "grace", "GET /{unknown}"),
    ("members", "ada", "GET /{org.id}/members"),
    ("members-member", "grace", "GET /{org.id}/members"),
    ("provisionerdaemons", "ada", "GET /{org.id}/provisionerdaemons"),
    ("provisionerdaemons-member", "grace", "GET /{org.id}/provisionerdaemons"),
    ("provisionerjobs", "ada", "GET /{org.id}/provisionerjobs?limit=1"),
    ("groups", "ada", "GET /{org.id}/groups"),
    ("none", NOBODY, "GET "),
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    ANYWHERE.send(server, ROOTS).await;
    API.ask(server, ("buildinfo", NOBODY, "GET /buildinfo")).send().await;
    API.ask(server, ("buildinfo-bad-token", NOBODY, "GET /buildinfo"))
        .token("garbage")
        .send()
        .await;
    API.send(server, DEPLOYMENT).await;
    server.change("misc/config-owner", |answer| keep_types(&mut answer.body));
    ANYWHERE.ask(server, ("unknown-root", NOBODY, "GET /nope")).send().await;
    API.send_json(server, ("unknown-post", "grace", "POST /nope"), &json!({})).await;
    ANYWHERE.send(server, STRANGE_PATHS).await;
    for request in METHODS {
        let label = format!("method:{}", server.fill(request));
        let label = server.placeholders().text(&label);
        API.ask(server, (&label, "ada", request)).send().await;
    }
    bodies(server).await;
    checks_of_workspaces(server).await;
    checks_of_the_rest(server).await;
    large_bodies(server).await;
    ORGANIZATIONS.send(server, OF_ORGANIZATIONS).await;
}

/// Leaves of the configuration the types: its values are those of one deployment.
fn keep_types(body: &mut Value) {
    let types = |value: Option<&Value>| -> Map<String, Value> {
        let fields = value.and_then(Value::as_object).into_iter().flatten();
        fields.map(|(name, value)| (name.clone(), type_name(value).into())).collect()
    };
    if body.get("config").is_some() {
        *body = json!({
            "config": types(body.get("config")),
            "options": [types(body.pointer("/options/0"))],
        });
    }
}

/// Returns the type, in the words of the recorded answers.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Sends bodies that are no permission checks.
async fn bodies(server: &mut Server) {
    const CHECK: &str = "POST /authcheck";
    API.ask(server, ("bad-json", "grace", CHECK))
        .header("content-type", "application/json")
        .raw("{")
        .send()
        .await;
    API.send_bodies(
        server,
        "grace",
        CHECK,
        [("json-array", json!([])), ("json-string", json!("x"))],
    )
    .await;
    API.ask(server, ("empty-json", "grace", CHECK)).send().await;
    API.send_json(server, ("authcheck-empty", "grace", CHECK), &json!({})).await;
    let none = json!({ "checks": {} });
    API.send_json(server, ("authcheck-no-token", NOBODY, CHECK), &none).await;
}

async fn check(server: &mut Server, label: &str, who: &str, action: &str, object: Value) {
    let body = json!({ "checks": { "x": { "object": object, "action": action } } });
    CHECKS.send_json(server, (label, who, "POST /authcheck"), &body).await;
}

async fn checks_of_workspaces(server: &mut Server) {
    let owned = |owner: &str| json!({ "resource_type": "workspace", "owner_id": owner, "organization_id": "{org.id}" });
    let one = |id: &str| json!({ "resource_type": "workspace", "resource_id": id });
    let any_organization =
        json!({ "resource_type": "workspace", "owner_id": "me", "any_org": true });
    let no_organization = json!({ "resource_type": "workspace", "owner_id": "me" });
    for (label, action, object) in [
        ("create-ws", "create", owned("me")),
        ("create-ws-other", "create", owned("{ada.id}")),
        ("create-ws-any", "create", any_organization),
        ("create-ws-no-org", "create", no_organization),
        ("read-ws-own", "read", one("{workspace.vm}")),
        ("read-ws-other", "read", one("{workspace.acme-api}")),
        ("read-ws-unknown", "read", one("{unknown}")),
        ("bad-type", "read", json!({ "resource_type": "bogus" })),
        ("no-type", "read", json!({})),
        ("bad-action", "bogus", owned("me")),
        ("no-action", "", owned("me")),
        ("bad-owner", "read", json!({ "resource_type": "workspace", "owner_id": "abc" })),
    ] {
        check(server, label, "grace", action, object).await;
    }
}

async fn checks_of_the_rest(server: &mut Server) {
    let of = |kind: &str| json!({ "resource_type": kind });
    let in_organization =
        |kind: &str| json!({ "resource_type": kind, "organization_id": "{org.id}" });
    let vm = json!({ "resource_type": "workspace", "resource_id": "{workspace.vm}" });
    let plain = json!({ "resource_type": "template", "resource_id": "{template.plain}" });
    let own_key = json!({ "resource_type": "api_key", "owner_id": "me" });
    let upper = json!({ "resource_type": "Workspace", "owner_id": "me" });
    for (label, who, action, object) in [
        ("template-read", "grace", "read", in_organization("template")),
        ("template-read-id", "grace", "read", plain),
        ("template-create", "grace", "create", in_organization("template")),
        ("user-read-all", "grace", "read", of("user")),
        ("user-create", "grace", "create", of("user")),
        ("oauth2-create", "grace", "create", of("oauth2_app")),
        ("oauth2-create-owner", "ada", "create", of("oauth2_app")),
        ("oauth2-read", "grace", "read", of("oauth2_app")),
        ("deployment_config", "grace", "read", of("deployment_config")),
        ("deployment_config-owner", "ada", "read", of("deployment_config")),
        ("ssh-own", "grace", "ssh", vm.clone()),
        ("start-own", "grace", "start", vm),
        ("api_key-create", "grace", "create", own_key),
        ("org-read", "grace", "read", in_organization("organization")),
        ("upper-type", "grace", "read", upper),
    ] {
        check(server, label, who, action, object).await;
    }
}

/// Sends bodies of 5 MiB and 1.1 MiB. A server that hangs up has given no answer, and that is kept.
async fn large_bodies(server: &mut Server) {
    const MEBIBYTE: usize = 1024 * 1024;
    for (label, size) in [("huge-body", 5 * MEBIBYTE), ("1MiB-body", 1100 * 1024)] {
        let body = format!(r#"{{"checks":{{"{}":{{}}}}}}"#, "a".repeat(size));
        API.ask(server, (label, "grace", "POST /authcheck"))
            .header("content-type", "application/json")
            .raw(body)
            .send()
            .await;
    }
    ANYWHERE
        .ask(server, ("huge-form", NOBODY, "POST /oauth2/tokens"))
        .header("content-type", "application/x-www-form-urlencoded")
        .raw(format!("a={}", "b".repeat(5 * MEBIBYTE)))
        .send()
        .await;
}
