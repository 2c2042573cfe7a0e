//! `coder-backstage register`: the portal becomes an OAuth2 application of Coder.

use std::io::Write as _;

use coder_auth::{RegisteredApp, register_app, register_dynamically};
use coder_client::{Client, Credential};
use coder_core::{ReqwestTransport, Secret, World, join_path};
use url::Url;

use crate::args::RegisterArgs;
use crate::failure::Failure;
use crate::serve::USER_AGENT;

/// Where the owner's token is. It is no argument: those are seen by everyone on the machine.
const TOKEN: &str = "CODER_SESSION_TOKEN";

/// Registers the portal, and prints what to write into its app-config.
pub(crate) async fn register(args: &RegisterArgs) -> Result<(), Failure> {
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let client = Client::new(&world, args.deployment_url.clone());
    let callback_url = callback_url(&args.backend_url);
    let registration = if args.dynamic {
        register_dynamically(&client, &args.name, &callback_url).await?
    } else {
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
        let deployment = args.deployment_url.clone();
        let token = Secret::new(token.ok_or(Failure::NoToken { deployment })?);
        let client = client.with_credential(Credential::SessionToken(token));
        register_app(&client, &args.name, &callback_url).await?
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(told(args, &callback_url, &registration).as_bytes()).map_err(Failure::Output)
}

fn callback_url(backend_url: &Url) -> Url {
    join_path(backend_url, "api/auth/coder/handler/frame")
}

/// Formats the registration for the operator.
///
/// This is the only text with the client secret, which Coder shows once.
fn told(args: &RegisterArgs, callback_url: &Url, registration: &RegisteredApp) -> String {
    let RegisterArgs { name, deployment_url, environment, .. } = args;
    let RegisteredApp { client_id, client_secret, reused, .. } = registration;
    let done =
        if *reused { "was registered already and has one more secret" } else { "is registered" };
    let secret = client_secret.expose();
    format!(
        "`{name}` {done} at {deployment_url}, with the callback {callback_url}

In app-config.yaml:

auth:
  environment: {environment}
  providers:
    coder:
      {environment}:
        clientId: {client_id}
        clientSecret: ${{CODER_OAUTH_CLIENT_SECRET}}
        deploymentUrl: {deployment_url}

In the environment of the server. Coder tells this secret only once:

CODER_OAUTH_CLIENT_SECRET={secret}
"
    )
}
