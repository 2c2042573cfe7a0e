//! The JSON Schema of what is read from app-config, for editors.

use serde_json::{Value, json};

use crate::SignInResolverName;
use crate::app_config::{RuleOptions, StoreType};
use crate::repository::Storage;

/// Returns the JSON Schema (draft 7) of the sections of app-config that this project reads. Keys of
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

/// Describes a URL, or text that becomes one when its variables are put in.
fn url(description: &str) -> Value {
    let url = json!({ "type": "string", "anyOf": [{ "format": "uri" }, { "pattern": r"\$\{" }] });
    json!({ "description": description, "oneOf": [url, elsewhere()] })
}

fn text(description: &str) -> Value {
    let text = json!({ "type": ["string", "number", "boolean"] });
    json!({ "description": description, "oneOf": [text, elsewhere()] })
}

fn secret(description: &str) -> Value {
    json!({
        "description": description,
        "visibility": "secret",
        "oneOf": [{ "type": "string" }, elsewhere()],
    })
}

/// Describes a value that stands elsewhere: `{ $env: NAME }`, `{ $file: secret.txt }`, `{ $include:
/// other.yaml#key }`.
fn elsewhere() -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "patternProperties": { r"^\$(env|file|include)$": { "type": "string" } },
        "additionalProperties": false,
    })
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
                    "years": count, "months": count, "weeks": count, "days": count, "hours": count, "minutes": count,
                    "seconds": count, "milliseconds": count,
                },
            },
        ],
    })
}

/// Describes a mapping without any other keys.
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
                "description": "Where the server accepts connections: `:7007` by default.",
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
                    closed("Which pages of other origins may read answers.", &[], &json!({
                        "origin": texts("Origins, possibly with `*`, whose pages may read answers of the backend."),
                        "credentials": flag("Whether these pages may send the browser's cookies."),
                        "methods": texts("The methods these pages may use."),
                        "allowedHeaders": texts("The request headers these pages may send; without it, those that the browser asks for."),
                        "exposedHeaders": texts("Further headers of answers that these pages may read."),
                        "maxAge": { "type": ["integer", "string"], "description": "For how many seconds a browser may keep what it was told." },
                    })),
                ],
            },
            "https": {
                "description": "The certificate with which the server speaks https; without it, plain http.",
                "oneOf": [
                    { "type": "boolean" },
                    closed("The server speaks https.", &["certificate"], &json!({
                        "certificate": closed("PEM, usually from `$file`.", &["cert", "key"], &json!({
                            "type": { "const": "pem" },
                            "cert": text("The certificate, and behind it those that lead to its authority."),
                            "key": secret("The private key of the certificate."),
                        })),
                    })),
                ],
            },
            "auth": {
                "type": "object",
                "properties": {
                    "keys": {
                        "type": "array",
                        "description": "What backends before Backstage 1.26 shared; nothing is signed with them here.",
                        "items": {
                            "type": "object",
                            "required": ["secret"],
                            "properties": { "secret": secret("A key.") },
                        },
                    },
                },
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
            "dangerouslyAllowHttp": flag("Lets `internalUrl` be plain http to another machine, which shows every token to whoever is on the way."),
            "callbackUrl": url("The callback URL as it is registered in Coder, if it is not the default one."),
            "additionalScopes": texts("Scopes every login asks for."),
            "sessionDuration": duration("How long a browser stays signed in: 10 minutes to 10 years."),
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
            "session": {
                "type": "object",
                "properties": {
                    "secret": secret("Backstage's, for a cookie that is not set here; see `coder.session.keys`."),
                },
            },
            "identityTokenAlgorithm": { "const": "ES256", "description": "How identity tokens are signed; there is no choice." },
            "omitIdentityTokenOwnershipClaim": flag("Whether identity tokens leave out what their person owns; true by default."),
            "keyStore": key_store(),
            "backstageTokenExpiration": duration("How long identity tokens are good: 10 minutes to 24 hours."),
            "providers": {
                "type": "object",
                "properties": {
                    "coder": {
                        "type": "object",
                        "description": "One block per environment.",
                        "propertyNames": { "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" },
                        "additionalProperties": environment,
                    },
                },
            },
        },
    })
}

fn key_store() -> Value {
    let key = closed(
        "An ES256 key pair in two PEM files.",
        &["keyId", "publicKeyFile", "privateKeyFile"],
        &json!({
            "keyId": text("The key's name in tokens and in the published key set."),
            "publicKeyFile": { "type": "string" },
            "privateKeyFile": { "type": "string" },
            "algorithm": { "const": "ES256" },
        }),
    );
    closed(
        "Where the keys that sign identity tokens come from.",
        &[],
        &json!({
            "provider": { "enum": ["database", "memory", "static"], "description": "`database` is the store of the sessions; `static` are files." },
            "static": closed("Keys in files.", &["keys"], &json!({
                "keys": { "type": "array", "minItems": 1, "items": key, "description": "The first one signs, all of them verify." },
            })),
            "firestore": { "type": "object", "description": "Backstage's; not used here." },
        }),
    )
}

fn resolver() -> Value {
    let all = SignInResolverName::ALL.iter().copied();
    let built_in: Vec<&str> = all.clone().map(SignInResolverName::as_str).collect();
    let without_options: Vec<&str> = all
        .filter(|name| name.options() == RuleOptions::None)
        .map(SignInResolverName::as_str)
        .collect();
    let mut rule = closed(
        "How a Coder user is found in the catalog; tried in order.",
        &["resolver"],
        &json!({
            "resolver": { "enum": built_in },
            "allowedDomains": { "type": "array", "items": { "type": "string" }, "description": "Domains of e-mail addresses that may sign in; only for the e-mail rules." },
            "dangerouslyAllowSignInWithoutUserInCatalog": flag("Lets people in who are in no catalog."),
        }),
    );
    let uses_no_address = json!({ "properties": { "resolver": { "enum": without_options } } });
    insert(&mut rule, "if", uses_no_address);
    insert(&mut rule, "then", json!({ "properties": { "allowedDomains": false } }));
    let custom = json!({
        "type": "object",
        "description": "A rule that the program around the portal brings along, with its options.",
        "required": ["resolver"],
        "properties": { "resolver": { "type": "string", "not": { "enum": built_in } } },
    });
    json!({ "oneOf": [rule, custom] })
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
                "idle": duration("A session that was not used for this long ends: 10 minutes to 10 years."),
                "absolute": duration("A session ends this long after its sign-in, used or not: 10 minutes to 10 years."),
                "dangerouslyAllowHttp": { "type": "boolean", "default": false, "description": "Whether the portal may be served over plain http off this machine. Cookies are then sent in clear text, and everybody on the way can take over sessions." },
                "logout": { "enum": ["session", "grant"], "default": "session", "description": "What signing out ends." },
                "accessToken": { "enum": ["browser", "server"], "default": "browser", "description": "Who gets Coder's access token." },
                "cookieName": { "type": "string", "default": "coder-session", "pattern": "^(?!__)[A-Za-z0-9._-]{1,64}$", "description": "The name of the session cookie; two portals of one host need different ones." },
                "keys": { "type": "array", "items": secret("A key of at least 32 random characters."), "description": "What seals what is stored, the newest first; each once." },
                "store": store(),
            })),
            "index": closed("How all workspaces are read at once, and who is shown which of them.", &[], &json!({
                "token": secret("A Coder session token of a service account, which reads one index for everybody. Without it an index is read for each person, with that person's rights."),
                "visibility": { "enum": ["own", "coder", "everyone"], "default": "own", "description": "The workspaces that a person is shown of the service account's index: own ones, those that Coder shows to the person, or all." },
                "requestsPerMinute": { "type": "integer", "minimum": 1, "maximum": 100_000, "default": 256, "description": "The greatest number of requests to Coder in a minute, for each index. Coder allows 512 to one user." },
                "bypassRateLimit": { "type": "boolean", "default": false, "description": "Whether the service account asks Coder to lift its limit of requests. Coder does so for an owner of the deployment." },
            })),
            "catalog": closed("The Backstage whose catalog is asked, in place of the files of `catalog.locations`.", &["type", "baseUrl", "token"], &json!({
                "type": { "const": "backstage" },
                "baseUrl": url("Where this server reaches that Backstage's backend."),
                "dangerouslyAllowHttp": flag("Lets `baseUrl` be plain http to another machine, which shows the token to whoever is on the way."),
                "token": secret("A static token of that Backstage's `backend.auth.externalAccess`."),
            })),
            "proxy": closed("What pages reach through the proxy beside Coder.", &[], &json!({
                "iconHosts": texts("Hosts that the proxy fetches icons of templates from, without any credential."),
            })),
            "server": closed("What stands in front of the server, and who watches it.", &[], &json!({
                "trustedProxies": texts("Networks of the reverse proxies whose word on the client's address counts, like `10.0.0.0/8`."),
                "metrics": closed("Metrics for Prometheus.", &[], &json!({
                    "listen": { "type": ["string", "number"], "description": "Where they are served, like `127.0.0.1:9464`. Without it, nowhere." },
                })),
            })),
            "oauth": { "type": "object", "deprecated": true, "description": "Of the former backend plugin; ignored. Move it to `auth.providers.coder`." },
            "trustedIssuers": {
                "type": "array",
                "description": "Other Backstage backends whose identity tokens say who somebody is.",
                "items": closed("A Backstage backend.", &["issuer"], &json!({
                    "issuer": url("What stands in the tokens' `iss`, like `https://backstage.example.com/api/auth`."),
                    "jwksUrl": url("Where the keys are published; below the issuer by default."),
                    "audience": { "type": "string", "default": "backstage", "description": "What must stand in the tokens' `aud`." },
                })),
            },
        }),
    )
}

fn store() -> Value {
    json!({
        "description": "Where grants and sessions are kept.",
        "oneOf": [
            { "enum": ["memory", "sqlite"] },
            closed("A store and what it needs.", &["type"], &json!({
                "type": { "enum": StoreType::NAMES },
                "file": { "type": "string", "description": "The file of `sqlite`." },
                "url": secret("The database of `postgres`, like `postgres://user:password@host/database`."),
            })),
        ],
    })
}

fn proxy() -> Value {
    let endpoint = json!({
        "oneOf": [
            url("The deployment."),
            closed("What pages may ask Coder through the backend.", &["target"], &json!({
                "target": url("The deployment."),
                "changeOrigin": flag("Backstage's; always so here."),
                "allowedMethods": texts("The methods that are passed on; all without it."),
                "allowedHeaders": texts("Request headers that are passed on, beside the usual ones."),
                "headers": { "type": "object", "additionalProperties": secret("The value."), "description": "Headers that are added to every request." },
                "pathRewrite": { "type": "object", "description": "Backstage's; the prefix is always taken off, and nothing else." },
                "credentials": { "enum": ["require", "forward", "dangerously-allow-unauthenticated"] },
                "secure": flag("Backstage's; certificates are always checked here."),
                "ws": flag("Backstage's; WebSockets of allowed origins are passed on without it."),
                "followRedirects": flag("Backstage's; redirects are never followed here."),
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
                        "items": closed("Kinds that may come from here.", &["allow"], &json!({
                            "allow": { "type": "array", "items": { "type": "string" }, "description": "Kinds of entities that may come from here, beside those of `catalog.rules`." },
                        })),
                    },
                })),
            },
            "rules": {
                "type": "array",
                "description": "Which entities may come from all locations; without it Components, APIs and Locations.",
                "items": closed("Entities that may enter the catalog.", &["allow"], &json!({
                    "allow": {
                        "type": "array",
                        "items": { "oneOf": [
                            { "type": "string", "description": "A kind." },
                            closed("Entities of a kind.", &["kind"], &json!({
                                "kind": { "type": "string", "description": "The kind." },
                                "spec.type": { "type": "string", "description": "Their `spec.type`." },
                            })),
                        ] },
                    },
                    "locations": {
                        "type": "array",
                        "items": closed("The locations that the rule holds for.", &["type"], &json!({
                            "type": text("`file` or `url`."),
                            "exact": text("The target; for a file its absolute path."),
                            "pattern": text("A pattern of targets."),
                        })),
                    },
                })),
            },
        },
    })
}

fn integrations() -> Value {
    let mut properties = serde_json::Map::new();
    let base_url = || url("Where its pages and repositories are; `https://HOST` by default.");
    for scm in crate::Scm::ALL {
        let mut item =
            json!({ "host": text("The host, with its port unless that is the default.") });
        let mut required = Vec::new();
        match scm {
            crate::Scm::Gerrit => {
                insert(&mut item, "gitilesBaseUrl", url("Where Gitiles shows the code."));
                insert(&mut item, "baseUrl", url("Where Gerrit is; `https://HOST` by default."));
                let clone = url("Where repositories are cloned from; `baseUrl` by default.");
                insert(&mut item, "cloneUrl", clone);
                required.extend(["host", "gitilesBaseUrl"]);
            }
            crate::Scm::AwsCodeCommit => {
                insert(&mut item, "region", text("The region, like `eu-west-1`."));
                required.push("region");
            }
            crate::Scm::GitLab => {
                let url = url("Required by Backstage for hosts other than gitlab.com.");
                insert(&mut item, "apiBaseUrl", url);
                insert(&mut item, "baseUrl", base_url());
                required.push("host");
            }
            crate::Scm::Gitea => {
                insert(&mut item, "baseUrl", base_url());
                required.push("host");
            }
            crate::Scm::BitbucketServer => {
                let url = url(
                    "Its API, whose path tells where repositories are: `…/stash/rest/api/1.0`.",
                );
                insert(&mut item, "apiBaseUrl", url);
                required.push("host");
            }
            _ if scm.default_host().is_none() => required.push("host"),
            _ => {}
        }
        let items = json!({ "type": "object", "required": required, "properties": item });
        properties.insert(scm.config_key().to_owned(), json!({ "type": "array", "items": items }));
    }
    let bitbucket = json!({ "host": text("`bitbucket.org`, or the host of a Bitbucket Server.") });
    let bitbucket = json!({ "type": "object", "properties": bitbucket });
    properties.insert(
        "bitbucket".to_owned(),
        json!({
            "type": "array",
            "items": bitbucket,
            "description": "Deprecated in Backstage for `bitbucketCloud` and `bitbucketServer`, which count more.",
        }),
    );
    for storage in Storage::ALL {
        let item = json!({
            "type": "object",
            "properties": {
                "host": text("The host, if it is not the public one."),
                "endpoint": url("Where it is, if that is not the public place."),
            },
        });
        let description = format!("{} keeps files and no repositories.", storage.name());
        let list = json!({ "type": "array", "items": item });
        let either = json!({ "description": description, "oneOf": [item, list] });
        properties.insert(storage.config_key().to_owned(), either);
    }
    json!({ "type": "object", "properties": properties })
}
