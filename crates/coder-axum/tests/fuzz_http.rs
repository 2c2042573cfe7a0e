//! The routes for pages, asked with what a fuzzer makes of their description.
//!
//! `cargo xtask fuzz-http` installs the fuzzer and runs this.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::path::Path;
use std::process::Command;

use backstage_catalog::MemoryCatalog;
use coder_auth::MemoryAuthStore;
use coder_config::{
    AppConfig, AuthConfig, BackendConfig, CoderEnvironment, WorkspacesConfig, parse_entities,
};
use coder_portal::Portal;
use coder_testkit::FakeCoder;
use serde_json::{Value, json};

const CATALOG: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    backstage.io/source-location: url:https://github.com/acme/payments/tree/main/
spec:
  type: other
  lifecycle: unknown
  owner: pms
  coder:
    templateName: devcontainers
";

fn portal(coder: &FakeCoder) -> Portal {
    let environment = CoderEnvironment::new(coder.url().clone(), "id", "secret");
    let auth = AuthConfig::new("development".parse().unwrap(), environment);
    let backend = BackendConfig::new("http://localhost:7007".parse().unwrap());
    let pages = "http://localhost:7007".parse().unwrap();
    let mut workspaces = WorkspacesConfig::new(coder.url().clone());
    workspaces.repo_url_param_keys = vec!["repo_url".to_owned()];
    let config = AppConfig::new(pages, backend, auth, workspaces);
    let entities = parse_entities("catalog-info.yaml", CATALOG).into_iter().map(Result::unwrap);
    let catalog = MemoryCatalog::new(entities);
    Portal::from_config(&config, &coder.world(), catalog, MemoryAuthStore::new()).unwrap()
}

/// Gives a parameter in paths values that exist, beside one that does not.
fn with_values(description: &mut Value, parameter: &str, values: &Value) {
    for path in description["paths"].as_object_mut().unwrap().values_mut() {
        for operation in path.as_object_mut().unwrap().values_mut() {
            let parameters = operation["parameters"].as_array_mut().unwrap();
            for found in parameters.iter_mut().filter(|found| found["name"] == *parameter) {
                if found["in"] == "path" {
                    found["schema"] = json!({ "type": "string", "enum": values });
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis; `cargo xtask fuzz-http` runs it"]
async fn no_request_that_the_description_allows_or_forbids_is_answered_with_a_fault_of_the_server()
{
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("devcontainers").preset("Large", &[("cpu", "8")]).parameter("cpu", "2");
    let workspaces: Vec<String> = (0..8)
        .map(|number| {
            let new = coder.add_workspace(&alice, &format!("w{number}")).template("devcontainers");
            let new = new.parameter("repo_url", "https://github.com/acme/payments");
            let new = if number % 2 == 0 { new.running() } else { new.stopped() };
            new.create().to_string()
        })
        .chain(["00000000-0000-4000-8000-000000000000".to_owned()])
        .collect();
    let first = coder.workspace(workspaces[0].parse().unwrap());
    let agent = first.agents().next().unwrap().id.to_string();
    let template = first.template_id.unwrap().to_string();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let routes = coder_axum::router(portal(&coder));
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let checked_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let text = std::fs::read_to_string(checked_in).unwrap();
    let mut description: Value = serde_json::from_str(&text).unwrap();
    with_values(&mut description, "workspace", &json!(workspaces));
    with_values(&mut description, "agent", &json!([agent]));
    with_values(&mut description, "template", &json!([template]));
    with_values(&mut description, "kind", &json!(["component", "Component", "user"]));
    with_values(&mut description, "namespace", &json!(["default", "x"]));
    with_values(&mut description, "name", &json!(["payments", "nothing"]));
    // It does not end.
    description["paths"].as_object_mut().unwrap().remove("/api/coder/v1/live");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-http");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("openapi.json"), description.to_string()).unwrap();

    let mut fuzzer = Command::new("schemathesis");
    fuzzer.current_dir(&directory).args(["run", "openapi.json", "--url", &server]);
    fuzzer.args([
        "--checks",
        "not_a_server_error,response_schema_conformance,content_type_conformance",
    ]);
    fuzzer.args(["--max-response-time", "20", "--continue-on-failure", "--no-color"]);
    fuzzer.args(["--warnings", "off", "--generation-with-security-parameters", "false"]);
    let examples = std::env::var("FUZZ_HTTP_EXAMPLES").unwrap_or_else(|_| "50".to_owned());
    fuzzer.args(["--max-examples", &examples]);
    fuzzer.args(["--header", &format!("Coder-Session-Token: {}", alice.session_token.expose())]);
    let status = tokio::task::spawn_blocking(move || fuzzer.status()).await.unwrap().unwrap();
    assert!(status.success(), "the fuzzer has found something: {status}");
}
