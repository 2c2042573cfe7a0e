//! Searching workspaces, and pages of them.

use serde_json::{Value, json};

use super::family::{Family, NOBODY, Row};
use crate::server::Server;

const SEARCH: Family = Family { labels: "search/", paths: "/api/v2" };
const PAGES: Family = Family { labels: "list/", paths: "/api/v2" };

const SEARCHES: &[&str] = &[
    "",
    "owner:me",
    "owner:ada",
    "owner:ADA",
    "owner:nobody",
    "owner:grace",
    "name:acme",
    "name:ACME",
    "name:acme-api",
    "name:acme_api",
    "name:a%",
    "acme",
    "acme-api",
    "ada/acme-api",
    "me/acme",
    "ada/",
    "/acme",
    "a/b/c",
    "acme web",
    r#""acme web""#,
    r#""acme-web""#,
    "template:devcontainers",
    "template:DEVCONTAINERS",
    "template:devc",
    "template:nope",
    "template_id:x",
    "organization:coder",
    "organization:default",
    "organization:nope",
    "organization:{unknown}",
    "status:running",
    "status:RUNNING",
    "status:stopped",
    "status:failed",
    "status:bogus",
    "status:running status:stopped",
    "status:starting",
    "has-agent:connecting",
    "has-agent:connected",
    "has-agent:timeout",
    "has-agent:connecting,timeout",
    "has-agent:bogus",
    "has_agent:connecting",
    "healthy:true",
    "healthy:false",
    "healthy:maybe",
    "outdated:true",
    "outdated:false",
    "dormant:true",
    "dormant:false",
    "dormant:x",
    "id:{workspace.vm}",
    "id:{workspace.vm},{workspace.broken}",
    "id:abc",
    r#"last_used_after:"2020-01-01T00:00:00Z""#,
    r#"last_used_before:"2020-01-01T00:00:00Z""#,
    "last_used_after:2020-01-01T00:00:00Z",
    "last_used_after:x",
    "deleted:true",
    "deleted:false",
    "favorite:true",
    "label:x",
    "foo:bar",
    "name:acme name:web",
    "owner:me owner:ada",
    "name:",
    "name::x",
    ":acme",
    "a:b:c",
    r#""name:acme""#,
    r#"name:"acme"#,
    r#"name:"acme-api""#,
    "name: acme",
];

const PARAMETER_SEARCHES: &[&str] = &[
    "param:git_repo",
    "param:GIT_REPO",
    "param:git",
    "param:gitrepo",
    "param:git%",
    "param:nope",
    "param:cpu=4",
    "param:cpu=5",
    r#"param:"git_repo=https://git.example.com/acme/api.git""#,
    r#"param:"git_repo=HTTPS://GIT.EXAMPLE.COM/ACME/API.GIT""#,
    r#"param:"git_repo=https://git.example.com/acme/api""#,
    "param:git_repo=https://git.example.com/acme/api",
    r#"param:git_repo="https://git.example.com/acme/api""#,
    r#"param:"git_repo=git@git.example.com:acme/web.git""#,
    r#"param:"git_repo=https://git.example.com/acme/api.git" param:"git_repo=git@git.example.com:acme/web.git""#,
    r#"param:"git_repo=https://git.example.com/acme/api.git",fixed"#,
    "param:git_repo param:nope",
    "param:nope param:cpu=4",
    "param:cpu=4 param:fixed=y",
    "param:cpu=4,ide=vscode",
    "param:cpu=",
    "param:=4",
    "param:a=b=c",
    r#"param:regions=["eu"]"#,
    r#"param:"regions=[""eu""]""#,
    "param:regions",
    "param:wipe=false",
    r#"param:"git_repo = x""#,
];

const OTHER_SEARCHES: &[&str] = &[
    "shared:true",
    "shared:false",
    "shared:x",
    "shared_with_user:grace",
    "shared_with_user:nobody",
    "shared_with_user:me",
    "shared_with_group:x",
    "has-ai-task:true",
    "has-ai-task:false",
    "has_external_agent:true",
    "has_external_agent:false",
    "include_agent_metadata:cpu",
    "is-dormant:true",
    "owner:me name:acme-api template:devcontainers status:running",
    "owner:me acme",
    r#"owner:"me""#,
    "OWNER:me",
    "owner:me  name:acme",
    " owner:me ",
    "owner:me,ada",
    "name:acme,web",
    "transition:start",
    "template:devcontainers,plain",
    "using_active:true",
    r#"created_after:"2020-01-01T00:00:00Z""#,
    "task:true",
    "sort:name",
    "owner_id:{ada.id}",
    "search:acme",
    "build_status:x",
];

const SEARCHES_OF_A_MEMBER: &[&str] = &["", "owner:ada", "name:acme", "owner:me"];

const PAGE_REQUESTS: &[Row<'_>] = &[
    ("limit1", "ada", "GET /workspaces?limit=1"),
    ("limit0", "ada", "GET /workspaces?limit=0"),
    ("limit-neg", "ada", "GET /workspaces?limit=-1"),
    ("limit-text", "ada", "GET /workspaces?limit=x"),
    ("offset-beyond", "ada", "GET /workspaces?offset=1000"),
    ("offset-neg", "ada", "GET /workspaces?offset=-1"),
    ("limit-huge", "ada", "GET /workspaces?limit=99999999999"),
    ("both-bad", "ada", "GET /workspaces?limit=x&offset=y"),
    ("unknown-param", "ada", "GET /workspaces?foo=bar"),
    ("two-q", "ada", "GET /workspaces?q=owner:me&q=name:acme"),
    ("offset-no-limit", "ada", "GET /workspaces?offset=1"),
];

/// The workspaces of the world. A deployment may have more, which are not compared.
const WORLD: &[&str] = &["acme-api", "acme-web", "grace-api", "vm", "broken"];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    for searches in [SEARCHES, PARAMETER_SEARCHES, OTHER_SEARCHES] {
        for search in searches {
            look_for(server, "ada", "", search).await;
        }
    }
    for search in SEARCHES_OF_A_MEMBER {
        look_for(server, "grace", "member:", search).await;
    }
    for row in PAGE_REQUESTS {
        PAGES.ask(server, *row).send().await;
        let counted = matches!(row.0, "limit1" | "offset-beyond");
        server.change(&format!("list/{}", row.0), |answer| keep_count(&mut answer.body, counted));
    }
    PAGES.ask(server, ("none", NOBODY, "GET /workspaces")).send().await;
}

async fn look_for(server: &mut Server, who: &str, prefix: &str, search: &str) {
    let search = server.fill(search);
    let label = format!("{prefix}{}", server.placeholders().text(&search));
    SEARCH.ask(server, (&label, who, "GET /workspaces")).query(&[("q", &search)]).send().await;
    server.change(&format!("search/{label}"), |answer| keep_names(&mut answer.body));
}

/// Leaves of a list the names, and the names of the fields around it.
fn keep_names(body: &mut Value) {
    let Some(workspaces) = body.get("workspaces").and_then(Value::as_array) else { return };
    let text = |workspace: &Value, field: &str| {
        workspace.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let names: Vec<String> = workspaces
        .iter()
        .map(|workspace| (text(workspace, "owner_name"), text(workspace, "name")))
        .filter(|(_, name)| WORLD.contains(&name.as_str()))
        .map(|(owner, name)| format!("{owner}/{name}"))
        .collect();
    *body = json!({ "names": names, "keys": fields(body) });
}

/// Leaves of a list the count, where it is one of the request's, and the fields around it.
fn keep_count(body: &mut Value, counted: bool) {
    let Some(workspaces) = body.get("workspaces").and_then(Value::as_array) else { return };
    let count = if counted { json!(workspaces.len()) } else { json!("many") };
    *body = json!({ "n": count, "keys": fields(body) });
}

fn fields(body: &Value) -> Vec<&String> {
    let mut fields: Vec<&String> =
        body.as_object().into_iter().flat_map(|object| object.keys()).collect();
    fields.sort();
    fields
}
