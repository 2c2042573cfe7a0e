//! Makes the description, and the table of routes in `docs/http.md`, from the declarations.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::IDEMPOTENCY_KEY;
use crate::api::input::FromBody;
use crate::api::path::FromPath;
use crate::api::route::{Route, Segment, Who};
use crate::api::table::ROUTES;

/// Contract of a route: what it takes and answers.
pub(crate) struct Contract {
    path: &'static [(&'static str, &'static str)],
    /// Schema of an object whose properties are the parameters.
    query: Schema,
    /// Whether the same request can be sent again, if it changes something.
    takes_idempotency_key: bool,
    body: Option<(Schema, bool)>,
    statuses: &'static [u16],
    /// Whether the answer goes on after the event that `Last-Event-ID` names.
    resumes: bool,
    content: Option<(&'static str, Schema)>,
}

impl Contract {
    /// Reads the contract off the signature of a handler.
    pub(crate) fn of_handler<P, Q, B, A, F, Fut>(schemas: &mut SchemaGenerator, _: F) -> Self
    where
        P: FromPath,
        Q: JsonSchema,
        B: FromBody,
        A: Answer,
        F: Fn(Call<P, Q, B>) -> Fut,
        Fut: Future<Output = Result<A, ApiError>>,
    {
        Self {
            path: P::PARAMETERS,
            takes_idempotency_key: true,
            ..Self::of_types::<Q, B, A>(schemas)
        }
    }

    /// Makes the contract of a route that reads its request itself.
    pub(crate) fn of_types<Q: JsonSchema, B: FromBody, A: Answer>(
        schemas: &mut SchemaGenerator,
    ) -> Self {
        Self {
            path: &[],
            query: Q::json_schema(schemas),
            takes_idempotency_key: false,
            body: B::schema(schemas),
            statuses: A::STATUSES,
            resumes: A::RESUMES,
            content: A::content(schemas),
        }
    }
}

/// The answer of the route that describes the API.
pub(crate) struct Description;

impl Answer for Description {
    const STATUSES: &'static [u16] = &[200];

    fn into_response(self) -> http::Response<coder_core::Body> {
        super::describe()
    }

    fn content(_: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("application/json", schemars::json_schema!({ "type": "object" })))
    }
}

/// The answer of a route that sends events.
pub(crate) struct Events;

impl Answer for Events {
    const STATUSES: &'static [u16] = &[200];

    fn into_response(self) -> http::Response<coder_core::Body> {
        http::Response::default()
    }

    fn content(_: &mut SchemaGenerator) -> Option<(&'static str, Schema)> {
        Some(("text/event-stream", schemars::json_schema!({ "type": "string" })))
    }
}

/// An error, in the form of Backstage's backends.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Problem {
    error: ProblemError,
    request: ProblemRequest,
    response: ProblemResponse,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct ProblemError {
    /// Name of the kind of error, such as `NotFoundError`.
    name: String,
    /// Text for people: whose fault it is, and what to do.
    message: String,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct ProblemRequest {
    method: String,
    /// Path of the request, without its query.
    url: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
struct ProblemResponse {
    status_code: u16,
}

/// A Coder session token to link.
#[derive(JsonSchema, serde::Deserialize)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct TokenToLink {
    /// The token, as the page at `tokenUrl` shows it.
    token: String,
}

/// The token that the caller has linked, without the token.
#[derive(JsonSchema, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkedToken {
    environment: String,
    deployment_url: String,
    /// URL of Coder's page that shows a token to link.
    token_url: String,
    /// Name of the token's user at Coder; null when no token is linked.
    username: Option<String>,
}

/// Describes all routes of the API.
fn description() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let operation = operation(route, (route.endpoint.contract)(&mut schemas), &problem);
        let path = paths.entry(format!("/api/coder/v1{}", route.path)).or_insert(json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    let schemas: Value = schemas.take_definitions(true).into_iter().collect::<Map<_, _>>().into();
    let mut description = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Coder in a Backstage portal",
            "description": "What a page of the portal asks: workspaces of entities, and everything that people do with them. Every answer has a deadline of 20 seconds.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "identity": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An identity token of this portal, or of a Backstage backend that it trusts.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-coder-session",
                    "description": "The session of a page of the portal. The request needs `X-Requested-With: XMLHttpRequest`, and an `Origin` that may sign in or none. On plain http the cookie is called `coder-session`; `coder.session.cookieName` gives it another name.",
                },
                "coderToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Coder-Session-Token",
                    "description": "A token of Coder.",
                },
            },
        },
    });
    tidy(&mut description);
    description
}

/// Takes out of the schemas what misleads generators of clients.
///
/// A field with a default is one that they make their callers give, so the empty default of an
/// object goes. The format `uint` is not of the registry of OpenAPI.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "default" || *value != json!({}));
            if let Some(format) = fields.get_mut("format").filter(|format| **format == "uint") {
                *format = "uint64".into();
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn operation(route: &Route, contract: Contract, problem: &Schema) -> Value {
    let in_path: Vec<&str> = route
        .segments()
        .filter_map(|segment| match segment {
            Segment::Fixed(_) => None,
            Segment::Parameter(name) => Some(name),
        })
        .collect();
    let known: Vec<&str> = contract.path.iter().map(|(name, _)| *name).collect();
    assert_eq!(in_path, known, "{}: the parameters of its path and of its handler", route.id);
    let security = match route.who {
        Who::Anyone => json!([]),
        Who::SignedIn => json!([{ "identity": [] }, { "session": [] }, { "coderToken": [] }]),
        Who::Identified => json!([{ "identity": [] }, { "session": [] }]),
    };
    let (summary, rest) = route.about.split_once(". ").unwrap_or((route.about, ""));
    let mut operation = json!({
        "operationId": route.id,
        "summary": format!("{}.", summary.trim_end_matches('.')),
        "security": security,
        "parameters": parameters(route, &contract),
        "responses": responses(&contract, problem),
    });
    let cost = format!("Requests to Coder: {}.", route.cost);
    operation["description"] = format!("{rest} {cost}").trim().into();
    if let Some((schema, required)) = contract.body {
        let content = json!({ "application/json": { "schema": schema } });
        operation["requestBody"] = json!({ "required": required, "content": content });
    }
    operation
}

fn parameters(route: &Route, contract: &Contract) -> Value {
    let mut parameters: Vec<Value> = contract
        .path
        .iter()
        .map(|(name, about)| {
            let schema = if about.contains("UUID") {
                json!({ "type": "string", "format": "uuid" })
            } else {
                json!({ "type": "string", "minLength": 1 })
            };
            json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
        })
        .collect();
    if route.who != Who::Anyone {
        parameters.push(json!({
            "name": "env", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "Environment; by default that of the sign-in, or the only one.",
        }));
    }
    parameters.extend(in_query(&contract.query));
    if contract.resumes {
        parameters.push(json!({
            "name": "Last-Event-ID", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "Id of the last event that the page has got, so that it gets what it has missed.",
        }));
    }
    if contract.takes_idempotency_key && !route.method.is_safe() {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
            "description": "Names the request, so that it can be sent again: the same key and the same request get the same answer for 10 minutes.",
        }));
        assert_eq!(IDEMPOTENCY_KEY, "idempotency-key");
    }
    parameters.into()
}

/// Turns the properties of a query's schema into parameters.
fn in_query(schema: &Schema) -> Vec<Value> {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    properties
        .iter()
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            let about = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            json!({
                "name": name, "in": "query", "required": required.contains(&json!(name)),
                "description": about, "schema": schema,
            })
        })
        .collect()
}

fn responses(contract: &Contract, problem: &Schema) -> Value {
    let mut responses = json!({
        "default": {
            "description": "The request was refused, or could not be served.",
            "content": { "application/json": { "schema": problem } },
        },
    });
    for status in contract.statuses {
        let description = match status {
            200 => "What was asked for.",
            201 => "What this request has made.",
            202 => "What this request has asked for, which is still to come.",
            204 => "It is done.",
            _ => "Another answer.",
        };
        let mut response = json!({ "description": description });
        if let Some((media_type, schema)) = &contract.content {
            response["content"] = json!({ *media_type: { "schema": schema } });
        }
        responses[status.to_string()] = response;
    }
    responses
}

/// Writes the table of routes in `docs/http.md`.
fn table() -> String {
    let mut table = "| route | who may ask | requests to Coder |\n|---|---|---|\n".to_owned();
    for route in ROUTES {
        let who = match route.who {
            Who::Anyone => "anybody",
            Who::SignedIn => "a caller",
            Who::Identified => "identity token, or session cookie",
        };
        let Route { method, path, cost, .. } = route;
        writeln!(table, "| `{method} {path}` | {who} | {cost} |").unwrap();
    }
    table
}

/// Writes a file when `UPDATE_OPENAPI` is set, and compares.
fn is_written(path: &str, current: &str) {
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, current).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == current,
        "{path} is out of date; run this test with UPDATE_OPENAPI=1 to write it anew"
    );
}

#[test]
fn the_checked_in_description_is_that_of_the_routes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    is_written(path, &format!("{:#}\n", description()));
}

#[test]
fn the_documentation_lists_each_route() {
    const BEGIN: &str = "<!-- routes: made from the declarations -->\n\n";
    const END: &str = "\n<!-- end of routes -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/http.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    is_written(path, &format!("{before}{BEGIN}{}{END}{after}", table()));
}

#[test]
fn each_route_says_what_it_does_in_a_sentence() {
    for route in ROUTES {
        let first = route.about.split(' ').next().unwrap();
        assert!(first.ends_with('s'), "{}: {first} is a verb in the third person", route.id);
        assert!(route.about.ends_with('.'), "{}", route.id);
    }
}
