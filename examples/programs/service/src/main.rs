//! A web application of one's own with "sign in with Coder": pages, an API, and nothing of Backstage.
//!
//! Register an OAuth2 application at Coder with the callback URL
//! `<PUBLIC_URL>/auth/coder/handler/frame`.

use std::error::Error;
use std::path::Path;

use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, SealingKeys};
use coder_auth_sqlx::{KeyFile, SqliteAuthStore};
use coder_axum::{SignedIn, SignedInPage};
use coder_client::operations::{CreateWorkspaceBuild, GetWorkspaceByName, ListWorkspaces};
use coder_client::{ReqwestTransport, WorkspaceFilter, WorkspaceName, World};
use coder_workspaces::{Availability, DeploymentHosts, WorkspaceLinks, WorkspacesError};
use serde::Serialize;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("set {name}"));
    let world = World::native(ReqwestTransport::new("my-service/1.0")?).ok_or("no runtime")?;

    // Logins are in a file, sealed with the key beside it: a restart signs nobody out.
    let database = variable("DATABASE")?;
    let key = KeyFile::beside(Path::new(&database), &*world.random)?.key;
    let store = SqliteAuthStore::open(Path::new(&database)).await?;

    let options = options(
        &variable("PUBLIC_URL")?,
        EnvironmentOptions::new(
            variable("CODER_URL")?.parse()?,
            variable("CODER_CLIENT_ID")?,
            variable("CODER_CLIENT_SECRET")?.into(),
        ),
    )?;
    let auth = CoderAuth::new(&world, store, SealingKeys::from_secrets(&[key])?, options);
    tokio::spawn(auth.sweeper());

    let listener = tokio::net::TcpListener::bind(variable("LISTEN")?).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app(auth)).await?;
    Ok(())
}

fn options(public_url: &str, coder: EnvironmentOptions) -> Result<AuthOptions, Box<dyn Error>> {
    let origins = AllowedOrigins::new(public_url.parse()?, []);
    Ok(AuthOptions::new(format!("{public_url}/auth").parse()?, origins)
        .environment("production", coder))
}

fn app(auth: CoderAuth) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/api/workspaces", get(list))
        .route("/api/workspaces/{name}/start", post(start))
        .nest("/auth", coder_axum::login(auth.clone()))
        .with_state(auth)
}

/// A page that the server renders: a stranger is sent to the login, and comes back here.
async fn home(SignedInPage(caller): SignedInPage) -> Result<Html<String>, Refused> {
    let client = caller.client();
    let hosts =
        DeploymentHosts::fetch(client, client.deployment().clone()).await.map_err(refused)?;
    let mine =
        client.send(&ListWorkspaces::new(WorkspaceFilter::new().mine())).await.map_err(refused)?;
    let items = mine.workspaces.iter().map(|workspace| {
        let url = WorkspaceLinks::new(workspace, &hosts).dashboard;
        format!("<li><a href=\"{url}\">{}</a>", workspace.name)
    });
    let items: String = items.collect();
    let name = caller.profile().username.as_str();
    Ok(Html(format!("<!doctype html><title>Workspaces</title><h1>{name}</h1><ul>{items}</ul>")))
}

#[derive(Serialize)]
struct Item {
    name: String,
    state: &'static str,
}

/// A route for scripts of that page: without a login it answers 401.
async fn list(SignedIn(caller): SignedIn) -> Result<Json<Vec<Item>>, Refused> {
    let client = caller.client();
    let mine =
        client.send(&ListWorkspaces::new(WorkspaceFilter::new().mine())).await.map_err(refused)?;
    let item = |workspace| {
        let state = Availability::new(&workspace, client.now()).state.label();
        Item { name: workspace.name, state }
    };
    Ok(Json(mine.workspaces.into_iter().map(item).collect()))
}

async fn start(
    SignedIn(caller): SignedIn,
    UrlPath(name): UrlPath<WorkspaceName>,
) -> Result<StatusCode, Refused> {
    let client = caller.client();
    let workspace = client.send(&GetWorkspaceByName::new("me", name)).await.map_err(refused)?;
    client.send(&CreateWorkspaceBuild::start(workspace.id)).await.map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}

type Refused = (StatusCode, String);

/// What Coder or the network said.
fn refused(error: impl Into<WorkspacesError>) -> Refused {
    let error = error.into();
    let status = match &error {
        WorkspacesError::Client(error) if error.is_not_found() => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_GATEWAY,
    };
    (status, error.to_string())
}

#[cfg(test)]
mod tests;
