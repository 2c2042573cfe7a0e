//! Templates, their versions and parameters.

use serde_json::json;

use super::family::{Family, NOBODY, Row};
use crate::server::Server;
use crate::streams::Listen;

const TEMPLATES: Family = Family { labels: "templates/", paths: "/api/v2" };

const ONE_TEMPLATE: &[Row<'_>] = &[
    ("list", "grace", "GET /templates"),
    ("list-org", "grace", "GET /organizations/{org.id}/templates"),
    ("list-org-default", "grace", "GET /organizations/default/templates"),
    ("list-org-unknown", "grace", "GET /organizations/nope/templates"),
    ("get", "grace", "GET /templates/{template.devcontainers}"),
    ("get-owner", "ada", "GET /templates/{template.devcontainers}"),
    ("get-bad", "grace", "GET /templates/abc"),
    ("get-unknown", "grace", "GET /templates/{unknown}"),
    ("get-none", NOBODY, "GET /templates/{template.devcontainers}"),
    ("by-name", "grace", "GET /organizations/{org.id}/templates/devcontainers"),
    ("by-name-upper", "grace", "GET /organizations/{org.id}/templates/DEVCONTAINERS"),
    ("by-name-unknown", "grace", "GET /organizations/{org.id}/templates/nope"),
];

const SEARCHES: &[&str] = &[
    "exact_name:plain",
    "name:pla",
    "plain",
    "Plain",
    "display_name:dev",
    "organization:coder",
    "organization:default",
    "organization:nope",
    "deprecated:true",
    "deprecated:false",
    "deprecated:bogus",
    "ids:{template.devcontainers}",
    "ids:abc",
    "author:ada",
    "author:me",
    "author:nobody",
    "foo:bar",
    "a:b:c",
    "has-ai-task:true",
    "deleted:true",
    "exact_display_name:Plain",
    "pl ain",
    r#"name:"pla""#,
    "agents-allowed:true",
    "has_external_agent:false",
    "a/b",
    "devc_ntainers",
    "exact_name:PLAIN",
];

const VERSIONS: &[Row<'_>] = &[
    ("limit", "grace", "GET /templates?limit=1"),
    ("examples", "ada", "GET /templates/examples"),
    ("daus", "ada", "GET /templates/{template.devcontainers}/daus"),
    ("acl", "ada", "GET /templates/{template.devcontainers}/acl"),
    ("versions", "ada", "GET /templates/{template.devcontainers}/versions"),
    ("versions-member", "grace", "GET /templates/{template.devcontainers}/versions"),
    ("versions-limit0", "ada", "GET /templates/{template.devcontainers}/versions?limit=0"),
    ("versions-after-bad", "ada", "GET /templates/{template.devcontainers}/versions?after_id=abc"),
    (
        "versions-after-unknown",
        "ada",
        "GET /templates/{template.devcontainers}/versions?after_id={unknown}",
    ),
    ("versions-offset", "ada", "GET /templates/{template.devcontainers}/versions?offset=5"),
    ("version-by-name-unknown", "ada", "GET /templates/{template.devcontainers}/versions/nope"),
];

const ONE_VERSION: &[Row<'_>] = &[
    ("version", "ada", "GET /templateversions/{version.devcontainers}"),
    ("version-member", "grace", "GET /templateversions/{version.devcontainers}"),
    ("version-bad", "grace", "GET /templateversions/abc"),
    ("version-unknown", "grace", "GET /templateversions/{unknown}"),
];

const PARTS_OF_A_VERSION: &[&str] = &[
    "rich-parameters",
    "presets",
    "external-auth",
    "variables",
    "resources",
    "logs",
    "parameters",
    "schema",
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    TEMPLATES.send(server, ONE_TEMPLATE).await;
    for search in SEARCHES {
        let search = server.fill(search);
        let label = server.placeholders().text(&format!("q:{search}"));
        let row = (label.as_str(), "grace", "GET /templates");
        TEMPLATES.ask(server, row).query(&[("q", &search)]).send().await;
    }
    TEMPLATES.send(server, VERSIONS).await;
    versions_by_name(server).await;
    TEMPLATES.send(server, ONE_VERSION).await;
    for part in PARTS_OF_A_VERSION {
        for (label, who, version) in [
            ("version", "ada", "devcontainers"),
            ("version-plain", "ada", "plain"),
            ("version-member", "grace", "devcontainers"),
        ] {
            let label = format!("{label}/{part}");
            let request = format!("GET /templateversions/{{version.{version}}}/{part}");
            TEMPLATES.ask(server, (&label, who, &request)).send().await;
        }
    }
    dynamic_parameters(server).await;
    changes_by_a_member(server).await;
}

async fn versions_by_name(server: &mut Server) {
    let (path, ada) =
        (server.fill("/api/v2/templateversions/{version.devcontainers}"), server.token("ada"));
    let name = server.quietly("GET", &path).token(&ada).send().await.text_at("/name");
    let of_the_organization = "/organizations/{org.id}/templates/devcontainers/versions";
    for (label, path) in [
        ("version-by-name", format!("/templates/{{template.devcontainers}}/versions/{name}")),
        ("version-by-org", format!("{of_the_organization}/{name}")),
        ("version-previous", format!("{of_the_organization}/{name}/previous")),
    ] {
        TEMPLATES.ask(server, (label, "ada", &format!("GET {path}"))).send().await;
    }
}

/// Asks `…/dynamic-parameters` and its `/evaluate`.
async fn dynamic_parameters(server: &mut Server) {
    let inputs = |name: &str, value: &str| json!({ "id": 1, "inputs": { name: value } });
    let owner = |owner: &str| json!({ "id": 1, "inputs": {}, "owner_id": owner });
    let all = json!({
        "git_repo": "x", "cpu": "8", "ide": "jetbrains", "gpu": "true", "regions": r#"["eu"]"#,
    });
    TEMPLATES
        .send_bodies(
            server,
            "grace",
            "POST /templateversions/{version.devcontainers}/dynamic-parameters/evaluate",
            [
                ("dynamic/empty", json!({})),
                ("dynamic/id", json!({ "id": 3, "inputs": {} })),
                ("dynamic/values", json!({ "id": 1, "inputs": all })),
                ("dynamic/bad-number", inputs("cpu", "abc")),
                ("dynamic/out-of-range", inputs("cpu", "99")),
                ("dynamic/bad-option", inputs("ide", "emacs")),
                ("dynamic/bad-bool", inputs("gpu", "maybe")),
                ("dynamic/bad-list", inputs("regions", "eu")),
                ("dynamic/unknown-name", inputs("nope", "x")),
                ("dynamic/owner", owner("{grace.id}")),
                ("dynamic/owner-other", owner("{ada.id}")),
                ("dynamic/bad-json", json!("x")),
            ],
        )
        .await;
    let path = "/templateversions/{version.devcontainers}/dynamic-parameters";
    let (socket, grace) = (server.fill(path), server.token("grace"));
    let socket = format!("/api/v2{socket}?user_id={}", server.user_id("grace"));
    let said = inputs("cpu", "8").to_string();
    let listen = Listen { say: Some(&said), messages: 2, ..Listen::as_user(&grace) };
    server.web_socket("templates/dynamic-ws", &socket, listen).await;
    let row = ("dynamic-ws-plain-get", "grace", &*format!("GET {path}"));
    TEMPLATES.ask(server, row).send().await;
}

async fn changes_by_a_member(server: &mut Server) {
    let delete = ("delete-member", "grace", "DELETE /templates/{template.plain}");
    TEMPLATES.ask(server, delete).send().await;
    for (label, request) in [
        ("patch-member", "PATCH /templates/{template.plain}"),
        ("patch-version-member", "PATCH /templateversions/{version.plain}"),
    ] {
        TEMPLATES.send_json(server, (label, "grace", request), &json!({ "name": "x" })).await;
    }
}
