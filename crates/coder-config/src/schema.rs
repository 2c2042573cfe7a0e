//! The JSON Schema of what is read from app-config, for editors.

use serde_json::{Value, json};

/// The JSON Schema (draft 7) of the sections of app-config that this project reads. Keys of
/// others are allowed wherever Backstage or its plugins have some.
///
/// `visibility` is Backstage's own keyword: what it calls `secret` must not be shown.
pub fn app_config_schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "app-config.yaml of a portal with Coder",
        "type": "object",
        "properties": {
            "app": {
                "type": "object",
                "required": ["baseUrl"],
                "properties": { "baseUrl": url("Where the portal's pages are.") },
            },
            "backend": backend(),
            "auth": auth(),
            "coder": coder(),
            "proxy": proxy(),
            "catalog": catalog(),
            "integrations": integrations(),
        },
        "required": ["app", "backend", "auth"],
    })
}

fn url(description: &str) -> Value {
    json!({ "type": "string", "format": "uri", "description": description })
}

fn text(description: &str) -> Value {
    json!({ "type": ["string", "number", "boolean"], "description": description })
}

fn secret(description: &str) -> Value {
    json!({ "type": "string", "description": description, "visibility": "secret" })
}

fn texts(description: &str) -> Value {
    json!({
        "description": description,
        "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
    })
}

fn flag(description: &str) -> Value {
    json!({ "type": ["boolean", "string"], "description": description })
}

fn duration(description: &str) -> Value {
    let count = json!({ "type": "number", "minimum": 0 });
    json!({
        "description": description,
        "oneOf": [
            { "type": "string", "examples": ["7 days", "12h", "P7D"] },
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": false,
                "properties": {
                    "weeks": count, "days": count, "hours": count, "minutes": count,
                    "seconds": count, "milliseconds": count,
                },
            },
        ],
    })
}

/// A mapping without any other keys.
fn closed(description: &str, required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn backend() -> Value {
    json!({
        "type": "object",
        "required": ["baseUrl"],
        "properties": {
            "baseUrl": url("Where browsers reach the backend."),
            "listen": {
                "description": "Where the server accepts connections: `:7007` unless said otherwise.",
                "oneOf": [
                    { "type": ["string", "number"], "examples": [":7007", "127.0.0.1:7007"] },
                    closed("An address and a port.", &[], &json!({
                        "host": text("The address or host name; without it, every address."),
                        "address": text("The same as `host`."),
                        "port": { "type": ["integer", "string"], "default": 7007 },
                    })),
                ],
            },
            "cors": {
                "oneOf": [
                    { "const": false },
                    {
                        "type": "object",
                        "properties": {
                            "origin": texts("Origins, possibly with `*`, whose pages may call the backend."),
                        },
                    },
                ],
            },
        },
    })
}

fn auth() -> Value {
    let environment = closed(
        "An OAuth2 app at a Coder deployment.",
        &["clientId", "clientSecret", "deploymentUrl"],
        &json!({
            "clientId": text("The client id of the OAuth2 app in Coder."),
            "clientSecret": secret("The client secret of the OAuth2 app in Coder."),
            "deploymentUrl": url("Where browsers reach Coder."),
            "internalUrl": url("Where this server reaches the same deployment, if it is another place."),
            "callbackUrl": url("The callback URL as it is registered in Coder, if it is not the default one."),
            "additionalScopes": texts("Scopes every login asks for."),
            "sessionDuration": duration("How long a browser stays signed in."),
            "signIn": closed("Lets people sign in to Backstage with Coder.", &[], &json!({
                "resolvers": { "type": "array", "items": resolver() },
            })),
        }),
    );
    json!({
        "type": "object",
        "properties": {
            "environment": { "type": "string", "default": "development", "description": "Which block of `providers.coder` the portal's pages use." },
            "experimentalExtraAllowedOrigins": texts("Origins, possibly with `*`, whose pages may sign in."),
            "backstageTokenExpiration": duration("How long identity tokens are good: 10 minutes to 24 hours."),
            "providers": {
                "type": "object",
                "properties": {
                    "coder": {
                        "type": "object",
                        "description": "One block per environment.",
                        "additionalProperties": environment,
                    },
                },
            },
        },
    })
}

fn resolver() -> Value {
    let mut schema = closed(
        "How a Coder user is found in the catalog; tried in order.",
        &["resolver"],
        &json!({
            "resolver": {
                "enum": crate::SignInResolverName::ALL.map(crate::SignInResolverName::as_str),
            },
            "allowedDomains": { "type": "array", "items": { "type": "string" }, "description": "Domains of e-mail addresses that may sign in; only for the e-mail rules." },
            "dangerouslyAllowSignInWithoutUserInCatalog": flag("Lets people in who are in no catalog."),
        }),
    );
    let name = crate::SignInResolverName::UsernameMatchingUserEntityName.as_str();
    let uses_no_address = json!({ "properties": { "resolver": { "const": name } } });
    insert(&mut schema, "if", uses_no_address);
    insert(&mut schema, "then", json!({ "properties": { "allowedDomains": false } }));
    schema
}

fn insert(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = schema {
        members.insert(key.to_owned(), value);
    }
}

fn coder() -> Value {
    closed(
        "Coder in this portal.",
        &[],
        &json!({
            "deployment": closed("The deployment.", &[], &json!({
                "accessUrl": url("Where links into Coder's dashboard lead; else the environment's `deploymentUrl`."),
            })),
            "workspaces": closed("What holds for every entity unless its `spec.coder` says otherwise.", &[], &json!({
                "defaultTemplateName": { "type": "string", "description": "`template` or `organization/template`.", "pattern": "^[^/]+(/[^/]+)?$" },
                "defaultMode": { "enum": ["manual", "auto"], "default": "manual", "description": "Whether a creation link shows the form or creates at once." },
                "repoUrlParamKeys": texts("The template parameters that hold a repository's URL."),
                "params": {
                    "type": "object",
                    "description": "Parameters for every workspace.",
                    "additionalProperties": text("The value, as it is written."),
                },
            })),
            "session": closed("How long people stay signed in, and what protects what is stored.", &[], &json!({
                "idle": duration("A session that was not used for this long ends."),
                "absolute": duration("A session ends this long after its sign-in, used or not."),
                "logout": { "enum": ["session", "grant"], "default": "session", "description": "What signing out ends." },
                "keys": { "type": "array", "items": secret("A key."), "description": "What seals what is stored, the newest first." },
            })),
        }),
    )
}

fn proxy() -> Value {
    let endpoint = json!({
        "oneOf": [
            url("The deployment."),
            closed("What the original plugin's pages may ask Coder through the backend.", &["target"], &json!({
                "target": url("The deployment."),
                "changeOrigin": flag("Backstage's; always so here."),
                "allowedMethods": texts("The methods that are passed on; all without it."),
                "allowedHeaders": texts("Request headers that are passed on, beside the usual ones."),
                "headers": { "type": "object", "additionalProperties": text("The value."), "description": "Headers that are added to every request." },
                "pathRewrite": { "type": "object" },
                "credentials": { "enum": ["require", "forward", "dangerously-allow-unauthenticated"] },
                "secure": flag("Backstage's."),
                "ws": flag("Backstage's."),
                "followRedirects": flag("Backstage's."),
            })),
        ],
    });
    json!({
        "type": "object",
        "properties": {
            "endpoints": { "type": "object", "properties": { "/coder": endpoint } },
            "/coder": endpoint,
        },
    })
}

fn catalog() -> Value {
    json!({
        "type": "object",
        "properties": {
            "locations": {
                "type": "array",
                "items": closed("Where entities are read from.", &["type", "target"], &json!({
                    "type": text("`file` or `url`."),
                    "target": text("A path, possibly with `*`, or a URL."),
                    "rules": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": { "allow": texts("Kinds of entities that may come from here.") },
                        },
                    },
                })),
            },
        },
    })
}

fn integrations() -> Value {
    let mut properties = serde_json::Map::new();
    for scm in crate::Scm::ALL {
        let mut item =
            json!({ "host": text("The host, with its port unless that is the default.") });
        let mut required = Vec::new();
        match scm {
            crate::Scm::Gerrit => {
                insert(&mut item, "gitilesBaseUrl", url("Where Gitiles shows the code."));
                required.extend(["host", "gitilesBaseUrl"]);
            }
            crate::Scm::GitLab => {
                let url = url("Required by Backstage for hosts other than gitlab.com.");
                insert(&mut item, "apiBaseUrl", url);
                required.push("host");
            }
            _ if scm.default_host().is_none() => required.push("host"),
            _ => {}
        }
        let items = json!({ "type": "object", "required": required, "properties": item });
        properties.insert(scm.config_key().to_owned(), json!({ "type": "array", "items": items }));
    }
    json!({ "type": "object", "properties": properties })
}
