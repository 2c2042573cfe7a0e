//! A service that a scaffolder calls when it has made a repository: afterwards its owner has a
//! workspace to work on it.
//!
//! The call can be repeated, as scaffolders do when an answer was lost: the second one finds what
//! the first one has made. The token belongs to somebody who may create workspaces for others.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin scaffolder_service
//! curl http://127.0.0.1:7010/workspaces -H 'content-type: application/json' -d \
//!     '{"owner": "dana", "name": "payments", "repository": "https://github.com/acme/payments"}'
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::post};
use coder_client::Client;
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{DeploymentHosts, EnsureWorkspace, EntityWorkspacesConfig, WorkspaceLinks};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct Service {
    client: Client,
    config: WorkspacesConfig,
}

#[derive(Deserialize)]
struct CreateRequest {
    owner: String,
    name: String,
    repository: String,
}

#[derive(Serialize)]
struct Fulfilled {
    id: String,
    url: String,
    created: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let mut config = WorkspacesConfig::new(client.deployment().clone());
    config.default_template = Some("devcontainers".parse()?);
    config.repo_url_param_keys = vec!["repo".to_owned()];

    let app =
        Router::new().route("/workspaces", post(ensure)).with_state(Service { client, config });
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:7010".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn ensure(
    State(Service { client, config }): State<Service>,
    Json(wish): Json<CreateRequest>,
) -> Result<Json<Fulfilled>, (StatusCode, String)> {
    let name = wish.name.parse().map_err(unprocessable)?;
    let repository = Repository::from_url(&wish.repository, &ScmIntegrations::default())
        .map_err(unprocessable)?;
    let entity = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));
    let ensured =
        EnsureWorkspace::new(&entity, name).owner(wish.owner.as_str()).run(&client).await.map_err(
            |error| match error {
                // Nobody but the caller can do anything about it.
                coder_workspaces::WorkspacesError::NotCreatable(reason) => unprocessable(reason),
                error => (StatusCode::BAD_GATEWAY, error.to_string()),
            },
        )?;
    let url =
        WorkspaceLinks::new(&ensured.workspace, &DeploymentHosts::new(config.access_url)).dashboard;
    Ok(Json(Fulfilled {
        id: ensured.workspace.id.to_string(),
        url: url.to_string(),
        created: ensured.created,
    }))
}

fn unprocessable(reason: impl Error) -> (StatusCode, String) {
    (StatusCode::UNPROCESSABLE_ENTITY, reason.to_string())
}
