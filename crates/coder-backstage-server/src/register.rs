//! `coder-backstage register`: the portal becomes an OAuth2 application of Coder.

use std::io::Write as _;

use coder_auth::{RegisteredApp, RegistrationError, register_app, register_dynamically};
use coder_client::{Client, Credential};
use coder_config::backend_url;
use coder_core::{ReqwestTransport, World, is_loopback, join_path, quoted};
use serde::Serialize;
use url::Url;

use crate::args::RegisterArgs;
use crate::configuration;
use crate::failure::Failure;
use crate::table::print_json;
use crate::user_agent::USER_AGENT;

/// A registration, for programs. The client secret is in it, which Coder shows once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registered<'a> {
    name: &'a str,
    reused: bool,
    namesakes: &'a [String],
    deployment_url: &'a str,
    callback_url: &'a Url,
    client_id: String,
    client_secret: &'a str,
}

/// Registers the portal, and prints what to write into its app-config.
pub(crate) async fn register(args: &RegisterArgs) -> Result<(), Failure> {
    let backend = backend_url(&args.backend_url, args.dangerously_allow_http)
        .map_err(|source| Failure::BackendUrl { url: quoted(&args.backend_url), source })?;
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let client = Client::new(&world, args.deployment_url.clone());
    let callback_url = callback_url(args, &backend);
    let registered = if args.dynamic {
        register_dynamically(&client, &args.name, &callback_url).await
    } else {
        let deployment = args.deployment_url.clone();
        let token = configuration::session_token().ok_or(Failure::NoToken { deployment })?;
        let client = client.with_credential(Credential::SessionToken(token));
        register_app(&client, &args.name, &callback_url).await
    };
    let registration = registered.map_err(|error| failure(args, error))?;
    if args.json {
        let told = Registered {
            name: &args.name,
            reused: registration.reused,
            namesakes: &registration.namesakes,
            deployment_url: args.deployment_url.as_str(),
            callback_url: &callback_url,
            client_id: registration.client_id.to_string(),
            client_secret: registration.client_secret.expose(),
        };
        return print_json(&told).map_err(Failure::Output);
    }
    let told = told(args, &backend, &callback_url, &registration);
    std::io::stdout().lock().write_all(told.as_bytes()).map_err(Failure::Output)
}

/// Adds to a failure that the path of the deployment may be its reason.
fn failure(args: &RegisterArgs, source: RegistrationError) -> Failure {
    let url = Url::parse(args.deployment_url.as_str());
    let path = url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    if path.is_empty() {
        return source.into();
    }
    Failure::RegistrationAtPath { path, source }
}

/// Returns the callback URL to register: the portal's, or that of the environment alone where the
/// portal has several deployments.
fn callback_url(args: &RegisterArgs, backend: &Url) -> Url {
    let path = "api/auth/coder/handler/frame";
    if args.several_deployments {
        join_path(backend, &format!("{path}/{}", args.environment))
    } else {
        join_path(backend, path)
    }
}

/// Returns the name of a variable: with that of the environment, where each has its own.
fn variable(args: &RegisterArgs, name: &str) -> String {
    if !args.several_deployments {
        return name.to_owned();
    }
    let environment = args.environment.to_string().to_ascii_uppercase();
    format!("{name}_{}", environment.replace(['-', '.'], "_"))
}

/// Formats the registration for the operator.
///
/// Beside the JSON this is the only text with the client secret, which Coder shows once.
fn told(
    args: &RegisterArgs,
    backend: &Url,
    callback_url: &Url,
    registration: &RegisteredApp,
) -> String {
    let RegisterArgs { name, deployment_url, .. } = args;
    let RegisteredApp { client_id, client_secret, reused, namesakes, .. } = registration;
    let done =
        if *reused { "was registered already and has one more secret" } else { "is registered" };
    let others: String = namesakes
        .iter()
        .map(|callback| {
            format!(
                "Another application is named `{name}`, too, with the callback {}: delete it at \
                 Coder if it is of a former portal.\n",
                quoted(callback)
            )
        })
        .collect();
    let (id, secret) =
        (variable(args, "CODER_OAUTH_CLIENT_ID"), variable(args, "CODER_OAUTH_CLIENT_SECRET"));
    let config = app_config(args, backend, callback_url, &id, &secret);
    let shown = client_secret.expose();
    let token = if args.dynamic {
        ""
    } else {
        "The server does not need the owner's token: `unset CODER_SESSION_TOKEN`, and revoke it at Coder.\n"
    };
    format!(
        "`{name}` {done} at {deployment_url}, with the callback {callback_url}
{others}{token}
In app-config.yaml:

{config}
In the environment of the server, by `export` where a shell starts it. Coder tells this secret only once:

{id}={client_id}
{secret}={shown}
"
    )
}

/// Writes the app-config for this registration: the whole of it, or the block of an environment where
/// the portal has several deployments, since the rest is there already.
///
/// `callbackUrl` is written out, because its default changes when the portal gets a second
/// deployment.
fn app_config(
    args: &RegisterArgs,
    backend: &Url,
    callback_url: &Url,
    id: &str,
    secret: &str,
) -> String {
    let RegisterArgs { deployment_url, environment, .. } = args;
    let block = format!(
        "  providers:
    coder:
      {environment}:
        clientId: ${{{id}}}
        clientSecret: ${{{secret}}}
        deploymentUrl: {deployment_url}
        callbackUrl: {callback_url}
        # People are the User entities of the catalog. Without `signIn` nobody signs in to Backstage.
        signIn: {{ resolvers: [{{ resolver: usernameMatchingUserEntityName }}] }}
"
    );
    if args.several_deployments {
        return format!(
            "auth:
  # `environment` names the block that the portal's pages use
{block}"
        );
    }
    let listen = match backend.port_or_known_default() {
        Some(port) if is_loopback(backend) => {
            format!("'127.0.0.1:{port}' # reached from this machine alone")
        }
        Some(_) | None => {
            "':7007' # another port, where a Backstage on this machine has this one".to_owned()
        }
    };
    let backend = backend.as_str().trim_end_matches('/');
    let allow = if args.dangerously_allow_http { ", dangerouslyAllowHttp: true" } else { "" };
    format!(
        "app: {{ baseUrl: {backend} }} # where the portal's pages are, if it is another URL
backend:
  baseUrl: {backend}
  listen: {listen}
auth:
  environment: {environment}
{block}coder:
  # The Backstage whose catalog knows the people; or files of `catalog.locations`.
  catalog: {{ type: backstage, baseUrl: {backend}, token: '${{BACKSTAGE_CATALOG_TOKEN}}' }}
  # Sessions are kept in a SQLite file. Replicas share PostgreSQL (`store`), and need `keys`.
  session: {{ idle: 7d, absolute: 30d{allow} }}
"
    )
}
