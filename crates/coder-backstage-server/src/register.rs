//! `coder-backstage register`: the portal becomes an OAuth2 application of Coder.

use std::io::Write as _;

use coder_auth::{RegisteredApp, register_app, register_dynamically};
use coder_client::{Client, Credential};
use coder_core::{ReqwestTransport, World, join_path};
use url::Url;

use crate::args::RegisterArgs;
use crate::configuration;
use crate::failure::Failure;
use crate::user_agent::USER_AGENT;

/// Registers the portal, and prints what to write into its app-config.
pub(crate) async fn register(args: &RegisterArgs) -> Result<(), Failure> {
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let client = Client::new(&world, args.deployment_url.clone());
    let callback_url = callback_url(args);
    let registration = if args.dynamic {
        register_dynamically(&client, &args.name, &callback_url).await?
    } else {
        let deployment = args.deployment_url.clone();
        let token = configuration::session_token().ok_or(Failure::NoToken { deployment })?;
        let client = client.with_credential(Credential::SessionToken(token));
        register_app(&client, &args.name, &callback_url).await?
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(told(args, &callback_url, &registration).as_bytes()).map_err(Failure::Output)
}

/// Returns the callback URL to register: the portal's, or that of the environment alone where the
/// portal has several deployments.
fn callback_url(args: &RegisterArgs) -> Url {
    let path = "api/auth/coder/handler/frame";
    if args.several_deployments {
        join_path(&args.backend_url, &format!("{path}/{}", args.environment))
    } else {
        join_path(&args.backend_url, path)
    }
}

/// Returns the name of the variable that holds the client secret.
fn secret_variable(args: &RegisterArgs) -> String {
    let variable = "CODER_OAUTH_CLIENT_SECRET";
    if !args.several_deployments {
        return variable.to_owned();
    }
    let environment = args.environment.to_string().to_ascii_uppercase();
    format!("{variable}_{}", environment.replace(['-', '.'], "_"))
}

/// Formats the registration for the operator.
///
/// This is the only text with the client secret, which Coder shows once. `callbackUrl` is written
/// out, because its default changes when the portal gets a second deployment. Beside other
/// deployments, `auth.environment` is there already.
fn told(args: &RegisterArgs, callback_url: &Url, registration: &RegisteredApp) -> String {
    let RegisterArgs { name, deployment_url, environment, .. } = args;
    let RegisteredApp { client_id, client_secret, reused, .. } = registration;
    let done =
        if *reused { "was registered already and has one more secret" } else { "is registered" };
    let chosen = if args.several_deployments {
        "  # `environment` names the block that the portal's pages use".to_owned()
    } else {
        format!("  environment: {environment}")
    };
    let variable = secret_variable(args);
    let secret = client_secret.expose();
    format!(
        "`{name}` {done} at {deployment_url}, with the callback {callback_url}

In app-config.yaml:

auth:
{chosen}
  providers:
    coder:
      {environment}:
        clientId: {client_id}
        clientSecret: ${{{variable}}}
        deploymentUrl: {deployment_url}
        callbackUrl: {callback_url}

In the environment of the server. Coder tells this secret only once:

{variable}={secret}
"
    )
}
